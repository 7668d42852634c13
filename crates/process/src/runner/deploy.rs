//! Taking in a model.

use std::collections::BTreeSet;

use base::Ts;
use store::process::{Changes, LetterRow, ModelRow};

use super::book::extra;
use super::catalog::{self, Claim, Head, StartBy, StartOn};
use super::input::NAME_BYTES_MAX;
use super::links::Links;
use super::{By, Denied, Processes};
use crate::decision::{Decisions, is_dmn};
use crate::engine::{Timing, timer_text};
use crate::model::{Agency, Content, Kind, Node, NodeIx, Program, Timer, Trigger};

/// How long ago a timer that begins processes may have come first: a day.
const MISSED_SECS_MAX: i64 = 86_400;

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
    /// What is odd in the file, in words, and does not stop it.
    pub warnings: Vec<String>,
    /// The agencies that the file names by their codes, which the caller may know.
    pub agencies: BTreeSet<String>,
}

/// A file that is being deployed.
struct Taken {
    key: String,
    content: Content,
    claims: Vec<Claim>,
    starts: Vec<StartBy>,
    clocks: Vec<LetterRow>,
    warnings: Vec<String>,
    agencies: BTreeSet<String>,
}

impl Taken {
    /// A file that is neither a procedure nor begins anything.
    fn plain(key: String, content: Content) -> Self {
        let (claims, starts, clocks) = (Vec::new(), Vec::new(), Vec::new());
        Self { key, content, claims, starts, clocks, warnings: Vec::new(), agencies: BTreeSet::new() }
    }
}

/// Looks at a file beside what is deployed already. Gives what its calls mean.
fn checked(heads: &[Head], taken: &Taken, now: Ts) -> Result<Links, Denied> {
    if let Some(claimed) = claimed(heads, &taken.key, &taken.claims) {
        return Err(claimed);
    }
    let links = Links::find(&taken.content, heads, now).map_err(Denied::Faults)?;
    let other =
        heads.iter().find(|head| head.row.key == taken.key && head.links.decisions != links.decisions);
    match other {
        Some(_) => Err(Denied::Faults(vec![format!(
            "{}: đã có mô hình loại khác mang mã này / a model of another kind has this id already",
            taken.key
        )])),
        None => Ok(links),
    }
}

impl Processes {
    /// Takes a model, or a file of decisions, in as the next version of its key. What its calls mean is found now and stays.
    /// The same bytes as those of the newest version, with calls that mean the same, are that version.
    ///
    /// # Errors
    /// The file has faults, all of which are named, or another model is the same procedure at the same time.
    pub async fn deploy(&self, xml: &[u8], by: &By) -> Result<Deployed, Denied> {
        self.deploy_or_try(xml, by, false).await
    }

    /// What [`deploy`](Self::deploy) would do; nothing is done.
    ///
    /// # Errors
    /// As [`deploy`](Self::deploy).
    pub async fn try_deploy(&self, xml: &[u8], by: &By) -> Result<Deployed, Denied> {
        self.deploy_or_try(xml, by, true).await
    }

    async fn deploy_or_try(&self, xml: &[u8], by: &By, dry: bool) -> Result<Deployed, Denied> {
        let shared = &self.shared;
        let now = shared.clock.now();
        let taken = self.take_in(xml, now).map_err(Denied::Faults)?;
        let sha256 = crypto::hash::sha256(&[xml]).to_vec();
        let mut tx = shared.store.begin().await?;
        tx.lock_models().await?;
        let heads = shared.catalog.heads(&mut tx).await?;
        let links = match checked(&heads, &taken, now) {
            Ok(links) => links,
            Err(denied) => {
                tx.undo().await?;
                return Err(denied);
            }
        };
        let Taken { key, claims, starts, clocks, warnings, agencies, .. } = taken;
        let newest = heads.iter().rev().find(|head| head.row.key == key);
        if let Some(same) = newest.filter(|head| head.row.sha256 == sha256 && head.links == links) {
            let (model, version) = (same.row.id, same.row.version);
            tx.undo().await?;
            return Ok(Deployed { model, key, version, known: true, warnings, agencies });
        }
        let row = ModelRow {
            id: heads.last().map_or(0, |head| head.row.id) + 1,
            version: newest.map_or(0, |head| head.row.version) + 1,
            key,
            sha256,
            layout: Vec::new(),
            xml: xml.to_vec(),
            at: now.0,
            who: by.to_string(),
            claims: json(&claims),
            starts: json(&starts),
            links: json(&links),
        };
        let whole = shared.catalog.whole(&mut tx, row.clone()).await?.program(shared.reader);
        let program = match whole {
            Ok(program) => program,
            Err(faults) => {
                tx.undo().await?;
                return Err(Denied::Faults(faults));
            }
        };
        let row = ModelRow { layout: catalog::layout(&program).to_vec(), ..row };
        let (model, version, key) = (row.id, row.version, row.key.clone());
        let deployed = Deployed { model, key, version, known: false, warnings, agencies };
        if dry {
            tx.undo().await?;
            return Ok(deployed);
        }
        tx.forget_starts(&row.key).await?;
        tx.add_model(&row).await?;
        let letters = clocks.into_iter().map(|letter| LetterRow { model: Some(row.id), ..letter }).collect();
        tx.write(Changes { letters, ..Changes::default() }).await?;
        tx.commit().await?;
        Ok(deployed)
    }

    /// Reads a file and looks at it by itself.
    fn take_in(&self, xml: &[u8], now: Ts) -> Result<Taken, Vec<String>> {
        if is_dmn(xml) {
            let decisions = Decisions::read(xml)?;
            let (key, content) = (decisions.key().to_owned(), Content::Decisions(decisions));
            if key.len() > NAME_BYTES_MAX {
                return Err(vec![Denied::Name.to_string()]);
            }
            return Ok(Taken::plain(key, content));
        }
        let model = (self.shared.reader)(xml)?;
        let program = &model.program;
        let mut faults = self.faults(program, now);
        let clocks = self.first_starts(program, now).unwrap_or_else(|why| {
            faults.extend(why);
            Vec::new()
        });
        let first = program.processes.iter().find(|process| process.executable);
        let Some(key) = first.map(|process| process.id.to_string()) else {
            faults.push("không có quy trình thực hiện được / no executable process".to_owned());
            return Err(faults);
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let (claims, starts) = (catalog::claims(program), catalog::starts_of(program));
        let warnings = model.warnings.iter().map(ToString::to_string).collect();
        let agencies = agencies(program);
        Ok(Taken {
            claims,
            starts,
            clocks,
            warnings,
            agencies,
            ..Taken::plain(key, Content::Processes(model))
        })
    }

    /// What the reader cannot know: what the tables take, and times.
    fn faults(&self, program: &Program, now: Ts) -> Vec<String> {
        let mut faults = Vec::new();
        if program.processes.iter().any(|process| process.id.len() > NAME_BYTES_MAX) {
            faults.push(Denied::Name.to_string());
        }
        for node in &program.nodes {
            if begins_by_condition(program, node) {
                faults.push(format!(
                    "dòng / line {}, {}: không gì xem điều kiện khi chưa có hồ sơ; hãy bắt đầu bằng thông điệp hoặc tín hiệu / nobody looks at the condition before there is an instance; begin by a message or a signal",
                    node.line, node.id
                ));
            }
            let texts = [Some(&*node.id), node.lane.as_deref(), extra(node, "role"), extra(node, "topic")];
            if texts.into_iter().flatten().any(|text| text.len() > NAME_BYTES_MAX || text.contains('\0')) {
                faults.push(format!("dòng / line {}: {}", node.line, Denied::Name));
            }
            let Some(due) = extra(node, "due") else { continue };
            let timing = Timing { timer: Timer::Duration, text: due, began: now, nth: 0, agency: None };
            if let Err(why) = self.shared.outside.due(timing) {
                faults.push(format!("dòng / line {}, {}: {why}", node.line, node.id));
            }
        }
        faults
    }
}

impl Processes {
    /// When its processes begin by themselves for the first time.
    fn first_starts(&self, program: &Program, now: Ts) -> Result<Vec<LetterRow>, Vec<String>> {
        let (mut clocks, mut faults) = (Vec::new(), Vec::new());
        for start in catalog::starts_of(program) {
            let StartOn::Timer(timer) = start.on else { continue };
            let Some(node) = program.find(&start.element) else { continue };
            let text = timer_of(program, node).map(|(_, text)| text);
            let first = text.and_then(|text| {
                let timing = Timing { timer, text: &text, began: now, nth: 0, agency: None };
                self.shared.outside.due(timing)
            });
            match first {
                Ok(Some(at)) if at < now.plus_secs(-MISSED_SECS_MAX) => faults.push(format!(
                    "dòng / line {}, {}: lần đầu {at} đã qua hơn một ngày, mọi lần bỏ lỡ sẽ bắt đầu cùng lúc; hãy ghi thời điểm sắp tới / it began more than a day ago, at {at}, and whatever was missed would begin at once: write a moment that is to come",
                    program.node(node).line, start.element
                )),
                Ok(Some(at)) => {
                    clocks.push(clock(&self.shared.ids.next(now), &start.element, at, (now, 0)));
                }
                Ok(None) => {}
                Err(why) => {
                    faults.push(format!("dòng / line {}, {}: {why}", program.node(node).line, start.element));
                }
            }
        }
        if faults.is_empty() { Ok(clocks) } else { Err(faults) }
    }
}

/// The agencies that are named by their codes.
fn agencies(program: &Program) -> BTreeSet<String> {
    let processes = program.processes.iter().map(|process| &process.agency);
    let all = processes.chain(program.nodes.iter().map(|node| &node.agency));
    let code = |agency: &Option<Agency>| match agency {
        Some(Agency::Code(code)) => Some(code.to_string()),
        _ => None,
    };
    all.filter_map(code).collect()
}

/// Whether a node is a start event of an executable process, not of a sub-process, that waits for a condition.
fn begins_by_condition(program: &Program, node: &Node) -> bool {
    let scope = program.scope(node.scope);
    let Kind::Start { on, .. } = &node.kind else { return false };
    scope.node.is_none()
        && program.processes[scope.process].executable
        && on.list.iter().any(|trigger| matches!(trigger, Trigger::Condition(_)))
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
    let id = id.hyphenated().to_string();
    LetterRow {
        chain: Some(id.clone()),
        id,
        kind: 2,
        name: element.to_owned(),
        correlation: format!("{CLOCK}{nth}/{}", began.0),
        instance: None,
        model: None,
        who: By::engine("timer").to_string(),
        variables: "{}".to_owned(),
        due: at.0,
        until: i64::MAX,
        agency: None,
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
