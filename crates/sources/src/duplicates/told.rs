//! What was found, for people and for spreadsheets.

use std::collections::HashMap;

use base::cell::neutralised;
use serde_json::{Value, json};

use super::found::{Found, Pair};
use super::person::Register;
use crate::masked::masked;

impl Pair {
    /// What agrees and what does not, in words: "name: same", "phone: differs".
    pub fn words(&self) -> Vec<(String, String)> {
        let word = |(comparison, level): &(super::Comparison, usize)| {
            let (title, said) = (comparison.title(), comparison.levels()[level - 1]);
            (format!("{}: {}", title.0, said.0), format!("{}: {}", title.1, said.1))
        };
        self.levels.iter().map(word).collect()
    }
}

impl Register {
    /// Source and key of a row, the key masked unless it is asked for whole.
    pub fn shown(&self, row: u32, whole_keys: bool) -> (&str, String) {
        let (source, key) = self.place(row);
        (source, if whole_keys { key.to_owned() } else { masked(key) })
    }
}

impl Found {
    /// Everything as JSON.
    pub fn json(&self, register: &Register, whole_keys: bool) -> Value {
        let row = |row: u32| {
            let (source, key) = register.shown(row, whole_keys);
            json!({ "source": source, "key": key })
        };
        let pair = |pair: &Pair| {
            let compared: Vec<_> = pair.words().into_iter().map(|(_, en)| en).collect();
            json!({ "rows": [row(pair.a), row(pair.b)], "probability": pair.probability, "compared": compared })
        };
        json!({
            "persons": register.len(),
            "compared": self.compared,
            "stopped": self.stopped,
            "more": self.more,
            "remarks": self.remarks.iter().map(|(_, en)| en).collect::<Vec<_>>(),
            "pairs": self.pairs.iter().map(pair).collect::<Vec<_>>(),
            "clusters": self.clusters.iter().map(|c| c.rows.iter().map(|r| row(*r)).collect::<Vec<_>>()).collect::<Vec<_>>(),
        })
    }

    /// The pairs as a table, each with the number of what it hangs together with.
    ///
    /// # Errors
    /// Memory is full; nothing else can happen.
    pub fn csv(&self, register: &Register, whole_keys: bool) -> Result<Vec<u8>, csv::Error> {
        let clusters: HashMap<u32, usize> = (1..)
            .zip(&self.clusters)
            .flat_map(|(number, c)| c.rows.iter().map(move |row| (*row, number)))
            .collect();
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(["source_a", "key_a", "source_b", "key_b", "probability", "cluster", "compared"])?;
        for pair in &self.pairs {
            let ((source_a, key_a), (source_b, key_b)) =
                (register.shown(pair.a, whole_keys), register.shown(pair.b, whole_keys));
            let compared: Vec<_> = pair.words().into_iter().map(|(vi, _)| vi).collect();
            out.write_record([
                source_a,
                &neutralised(key_a),
                source_b,
                &neutralised(key_b),
                &format!("{:.4}", pair.probability),
                &clusters.get(&pair.a).map_or_else(String::new, usize::to_string),
                &compared.join("; "),
            ])?;
        }
        out.into_inner().map_err(|error| error.into_error().into())
    }
}
