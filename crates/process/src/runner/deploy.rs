//! Taking in a model.

use base::Ts;
use store::process::{Changes, LetterRow, ModelRow};

use super::book::extra;
use super::catalog::{self, Claim, Head, StartOn};
use super::input::NAME_BYTES_MAX;
use super::{By, Denied, Processes};
use crate::engine::timer_text;
use crate::model::{NodeIx, Program, Timer, Trigger};

/// A model that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its number.
    pub model: i64,
    /// Id of the file's first executable process.
    pub key: String,
    /// Its version, from 1.
    pub version: i64,
    /// Whether it was there already.
    pub known: bool,
}

impl Processes {
    /// Takes a model in as the next version of its key. The same bytes as those of the newest version are that version.
    ///
    /// # Errors
    /// The file has faults, all of which are named, or another model is the same procedure at the same time.
    pub async fn deploy(&self, xml: &[u8], by: &By) -> Result<Deployed, Denied> {
        let shared = &self.shared;
        let program = (shared.reader)(xml).map_err(Denied::Faults)?;
        let now = shared.clock.now();
        let mut faults = self.faults(&program, now);
        let clocks = self.clocks(&program, now).unwrap_or_else(|why| {
            faults.extend(why);
            Vec::new()
        });
        if !faults.is_empty() {
            return Err(Denied::Faults(faults));
        }
        let first = program.processes.iter().find(|process| process.executable);
        let key = first.map(|process| process.id.to_string()).ok_or_else(|| {
            Denied::Faults(vec!["không có quy trình thực hiện được / no executable process".to_owned()])
        })?;
        let claims = catalog::claims(&program);
        let sha256 = crypto::hash::sha256(&[xml]).to_vec();
        let mut tx = shared.store.begin().await?;
        tx.lock_models().await?;
        let heads = shared.catalog.heads(&mut tx).await?;
        if let Some(claimed) = claimed(&heads, &key, &claims) {
            tx.undo().await?;
            return Err(claimed);
        }
        let newest = heads.iter().rev().find(|head| head.row.key == key);
        if let Some(same) = newest.filter(|head| head.row.sha256 == sha256) {
            let deployed = Deployed { model: same.row.id, key, version: same.row.version, known: true };
            tx.undo().await?;
            return Ok(deployed);
        }
        let row = ModelRow {
            id: heads.last().map_or(0, |head| head.row.id) + 1,
            version: newest.map_or(0, |head| head.row.version) + 1,
            key,
            sha256,
            layout: catalog::layout(&program).to_vec(),
            xml: xml.to_vec(),
            at: now.0,
            who: by.to_string(),
            claims: json(&claims),
            starts: json(&catalog::starts_of(&program)),
        };
        tx.forget_starts(&row.key).await?;
        tx.add_model(&row).await?;
        let letters = clocks.into_iter().map(|letter| LetterRow { model: Some(row.id), ..letter }).collect();
        tx.write(Changes { letters, ..Changes::default() }).await?;
        tx.commit().await?;
        let ModelRow { id: model, key, version, .. } = row;
        Ok(Deployed { model, key, version, known: false })
    }

    /// What the reader cannot know: what the tables take, and times.
    fn faults(&self, program: &Program, now: Ts) -> Vec<String> {
        let mut faults = Vec::new();
        if program.processes.iter().any(|process| process.id.len() > NAME_BYTES_MAX) {
            faults.push(Denied::Name.to_string());
        }
        for node in &program.nodes {
            let texts = [Some(&*node.id), node.lane.as_deref(), extra(node, "role"), extra(node, "topic")];
            if texts.into_iter().flatten().any(|text| text.len() > NAME_BYTES_MAX || text.contains('\0')) {
                faults.push(format!("dòng / line {}: {}", node.line, Denied::Name));
            }
            let Some(due) = extra(node, "due") else { continue };
            if let Err(why) = self.shared.outside.due(Timer::Duration, due, now, 0) {
                faults.push(format!("dòng / line {}, {}: {why}", node.line, node.id));
            }
        }
        faults
    }
}

impl Processes {
    /// When its processes begin by themselves for the first time.
    fn clocks(&self, program: &Program, now: Ts) -> Result<Vec<LetterRow>, Vec<String>> {
        let (mut clocks, mut faults) = (Vec::new(), Vec::new());
        for start in catalog::starts_of(program) {
            let StartOn::Timer(timer) = start.on else { continue };
            let Some(at) = program.find(&start.element) else { continue };
            let text = timer_of(program, at).map(|(_, text)| text);
            let first = text.and_then(|text| self.shared.outside.due(timer, &text, now, 0));
            match first {
                Ok(Some(at)) => {
                    clocks.push(clock(&self.shared.ids.next(now), &start.element, at, (now, 0)));
                }
                Ok(None) => {}
                Err(why) => {
                    faults.push(format!("dòng / line {}, {}: {why}", program.node(at).line, start.element));
                }
            }
        }
        if faults.is_empty() { Ok(clocks) } else { Err(faults) }
    }
}

/// What a start event's timer says; no variables are there yet.
pub(super) fn timer_of(program: &Program, at: NodeIx) -> Result<(Timer, String), String> {
    let timer = program.triggers(at).iter().find_map(|trigger| match trigger {
        Trigger::Timer(timer, text) => Some((*timer, text)),
        _ => None,
    });
    let (timer, text) = timer.ok_or_else(|| program.node(at).id.to_string())?;
    let value = text.value(&crate::engine::NoVariables).map_err(|failed| failed.to_string())?;
    Ok((timer, timer_text(&value)))
}

/// Mark of a letter that begins a process by the clock; behind it stands how often it came before, and since when it runs.
const CLOCK: char = 'R';

/// The letter that begins a process when a moment comes.
pub(super) fn clock(id: &uuid::Uuid, element: &str, at: Ts, (began, nth): (Ts, u32)) -> LetterRow {
    LetterRow {
        id: id.hyphenated().to_string(),
        kind: 2,
        name: element.to_owned(),
        correlation: format!("{CLOCK}{nth}/{}", began.0),
        instance: None,
        model: None,
        who: By::engine("timer").to_string(),
        variables: "{}".to_owned(),
        due: at.0,
        until: i64::MAX,
    }
}

/// Since when the clock of a letter runs, and how often it came before.
pub(super) fn wound(letter: &LetterRow) -> Option<(Ts, u32)> {
    let (nth, began) = letter.correlation.strip_prefix(CLOCK)?.split_once('/')?;
    Some((Ts(began.parse().ok()?), nth.parse().ok()?)).filter(|_| letter.kind == 2)
}

/// Another model that is one of these procedures on the same day.
fn claimed(heads: &[Head], key: &str, claims: &[Claim]) -> Option<Denied> {
    let others = heads.iter().filter(|head| head.row.key != key);
    for head in others {
        let meets = |claim: &&Claim| head.claims.iter().any(|other| other.meets(claim));
        if let Some(claim) = claims.iter().find(meets) {
            return Some(Denied::Claimed { code: claim.code.clone(), key: head.row.key.clone() });
        }
    }
    None
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("names, days and numbers are JSON")
}
