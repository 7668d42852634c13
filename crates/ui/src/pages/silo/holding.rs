//! One database: everything that its entry says, what it holds twice, what was done to the entry.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use base::Ts;
use serde::Deserialize;

use super::{OVERLAPS, Object, Overlaps, level_names, title, titles};
use crate::failure::Failure;
use crate::names::Names;
use crate::session::Visit;
use crate::text::Lang;
use crate::time;
use crate::view::{Frame, Section, page, segment, segments};

#[derive(Template)]
#[template(path = "silo_holding.html")]
pub struct HoldingPage {
    frame: Frame,
    code: String,
    facts: Vec<(&'static str, String)>,
    missing: Vec<&'static str>,
    objects: Vec<Object>,
    asks: Vec<String>,
    services: Vec<(String, String)>,
    overlaps: Vec<OverlapLine>,
    contacts: Vec<(&'static str, Contact)>,
    contacts_kept_back: bool,
    history: Vec<HistoryLine>,
}

struct OverlapLine {
    code: String,
    name: String,
    owner: String,
    levels: Vec<String>,
    fields: Vec<String>,
}

struct HistoryLine {
    at: Ts,
    by: String,
    what: String,
}

#[derive(Deserialize)]
struct Whole {
    holding: Holding,
    contacts_kept_back: bool,
    history: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    at: Ts,
    #[serde(default)]
    by: String,
    vi: String,
    en: String,
}

/// How somebody is reached.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Contact {
    post: String,
    phone: String,
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Contacts {
    business: Contact,
    technical: Contact,
    security: Contact,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Holding {
    code: String,
    kind: String,
    name: String,
    owner: String,
    steward: String,
    contacts: Contacts,
    purpose: String,
    legal_basis: String,
    objects: Vec<Object>,
    levels: BTreeSet<String>,
    sharing: String,
    shares_through: String,
    asks: Vec<String>,
    vendor: String,
    contract_to: String,
    security_level: Option<u8>,
    security_decision: String,
    security_date: String,
    catalogues: Vec<String>,
    services: Vec<String>,
    scope: String,
    stage: String,
    used_from: String,
    used_to: String,
    successor: String,
    source: String,
}

/// The page of an entry.
pub async fn show(visit: Visit, Path(code): Path<String>) -> Result<Response, Failure> {
    let Whole { holding, contacts_kept_back, history } =
        visit.get::<Whole>(format!("/holdings/{}", segment(&code))).await?;
    let pairs = visit.get::<Overlaps>(OVERLAPS).await?.pairs;
    let others = pairs.into_iter().filter_map(|pair| {
        let other = match (pair.left.code == holding.code, pair.right.code == holding.code) {
            (true, _) => pair.right,
            (_, true) => pair.left,
            _ => return None,
        };
        Some((other, pair.levels, pair.fields))
    });
    let others: Vec<_> = others.collect();
    let codes = others.iter().flat_map(|(side, ..)| [&*side.owner, &*side.code]);
    let codes = codes.chain(holding.services.iter().map(String::as_str)).chain([&*holding.owner]);
    let names = Names::of(&visit, codes).await?;
    let titles = if others.is_empty() { BTreeMap::new() } else { titles(&visit).await? };
    let frame = visit.titled(Section::Sharing, &*holding.name);
    let lang = frame.lang;
    let overlaps = others.into_iter().map(|(side, levels, fields)| OverlapLine {
        name: title(&titles, &side.code),
        owner: names.get(&side.owner).to_owned(),
        levels: level_names(lang, &levels),
        code: side.code,
        fields,
    });
    let overlaps = overlaps.collect();
    let line = |line: Line| HistoryLine {
        at: line.at,
        by: line.by,
        what: if lang == Lang::Vi { line.vi } else { line.en },
    };
    let services = holding
        .services
        .iter()
        .map(|service| (format!("/dich-vu/{}", segments(service)), names.get(service).to_owned()));
    let (facts, missing) = facts(lang, &holding, names.get(&holding.owner));
    page(&HoldingPage {
        facts,
        missing,
        services: services.collect(),
        overlaps,
        contacts: contacts(holding.contacts),
        contacts_kept_back,
        history: history.into_iter().rev().map(line).collect(),
        code: holding.code,
        objects: holding.objects,
        asks: holding.asks,
        frame,
    })
}

fn contacts(Contacts { business, technical, security }: Contacts) -> Vec<(&'static str, Contact)> {
    let known = |(_, contact): &(&str, Contact)| {
        !(contact.post.is_empty() && contact.phone.is_empty() && contact.email.is_empty())
    };
    [("business", business), ("technical", technical), ("security", security)]
        .into_iter()
        .filter(known)
        .collect()
}

/// What is known, and what the law asks for and nobody entered.
fn facts(lang: Lang, holding: &Holding, owner: &str) -> (Vec<(&'static str, String)>, Vec<&'static str>) {
    let word = |family: &str, value: &str| lang.of_family(family, value);
    let levels = level_names(lang, &holding.levels);
    let level = holding.security_level.map(|level| level.to_string()).unwrap_or_default();
    let decision =
        [&*holding.security_decision, &time::day(&holding.security_date)].join(" ").trim().to_owned();
    let all = [
        ("silo-fact-owner", owner.to_owned()),
        ("silo-fact-kind", word("holding-kind", &holding.kind)),
        ("silo-fact-scope", word("holding-scope", &holding.scope)),
        ("silo-fact-stage", word("holding-stage", &holding.stage)),
        ("silo-fact-levels", levels.join(", ")),
        ("silo-fact-sharing", word("holding-sharing", &holding.sharing)),
        ("silo-fact-through", holding.shares_through.clone()),
        ("silo-fact-purpose", holding.purpose.clone()),
        ("silo-fact-basis", holding.legal_basis.clone()),
        ("silo-fact-steward", holding.steward.clone()),
        ("silo-fact-security-level", level),
        ("silo-fact-security-decision", decision),
        ("silo-fact-vendor", holding.vendor.clone()),
        ("silo-fact-contract-to", time::day(&holding.contract_to)),
        ("silo-fact-catalogues", holding.catalogues.join(", ")),
        ("silo-fact-used-from", time::day(&holding.used_from)),
        ("silo-fact-used-to", time::day(&holding.used_to)),
        ("silo-fact-successor", holding.successor.clone()),
        ("silo-fact-source", holding.source.clone()),
    ];
    let asked_for =
        ["silo-fact-basis", "silo-fact-steward", "silo-fact-security-level", "silo-fact-security-decision"];
    let (empty, known): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, value)| value.is_empty());
    (known, empty.into_iter().map(|(key, _)| key).filter(|key| asked_for.contains(key)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn what_the_law_asks_for_and_nobody_entered_is_named() {
        let holding = Holding { security_level: Some(4), ..Holding::default() };
        let (known, missing) = facts(Lang::Vi, &holding, "Bộ Công an");
        assert!(known.contains(&("silo-fact-security-level", "4".into())));
        assert_eq!(missing, ["silo-fact-basis", "silo-fact-steward", "silo-fact-security-decision"]);
    }

    #[test]
    fn renders() {
        let odd = || ODD.to_owned();
        let holding = Holding {
            purpose: odd(),
            source: odd(),
            levels: BTreeSet::from(["central".into()]),
            ..Holding::default()
        };
        let object = || Object { code: odd(), title: odd(), fields: vec![odd(); 3] };
        let overlap = || OverlapLine {
            code: "CSDL-2".into(),
            name: odd(),
            owner: odd(),
            levels: vec!["Xã".into()],
            fields: vec![odd()],
        };
        rendered(|frame| {
            let (facts, missing) = facts(frame.lang, &holding, ODD);
            HoldingPage {
                frame,
                code: odd(),
                facts,
                missing,
                objects: vec![object()],
                asks: vec![odd()],
                services: vec![("/dich-vu/a".into(), odd())],
                overlaps: vec![overlap()],
                contacts: vec![("business", Contact { post: odd(), phone: odd(), email: odd() })],
                contacts_kept_back: true,
                history: vec![HistoryLine { at: Ts(0), by: odd(), what: odd() }],
            }
        });
        rendered(|frame| HoldingPage {
            frame,
            code: odd(),
            facts: Vec::new(),
            missing: Vec::new(),
            objects: Vec::new(),
            asks: Vec::new(),
            services: Vec::new(),
            overlaps: Vec::new(),
            contacts: Vec::new(),
            contacts_kept_back: false,
            history: Vec::new(),
        });
    }
}
