//! What the writer is asked for, and what it answers.

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::Denied;
use super::input::{By, Name, Payload};
use crate::engine::ExecId;

/// What was asked for and is waiting for its transaction.
pub(super) struct Call {
    pub by: By,
    /// The caller's own key: the same one gets the same answer.
    pub key: Option<Name>,
    pub what: What,
    /// The moment, where it is not that of the transaction.
    pub now: Option<Ts>,
    pub reply: Option<oneshot::Sender<Result<Answer, Denied>>>,
    /// The letter that this delivers.
    pub letter: Option<store::process::LetterRow>,
}

pub(super) enum What {
    Start(Start),
    /// Something with one instance.
    Act {
        instance: String,
        act: Act,
    },
    Message(Told),
    Signal {
        name: Name,
        variables: Payload,
    },
    /// Whatever is due.
    Due {
        limit: i64,
    },
    /// Letters for whom somebody waits.
    Letters {
        limit: i64,
    },
}

/// A message from outside, or a letter.
#[derive(Clone)]
pub(super) struct Told {
    pub name: String,
    pub correlation: String,
    pub variables: Payload,
    /// Seconds for which it is kept when nobody waits; none refuses.
    pub keep_secs: Option<i64>,
    /// Whose instance begins with it, where its process does not say.
    pub agency: Option<String>,
}

/// Which instance begins.
#[derive(Clone)]
pub(super) struct Start {
    pub model: Of,
    /// Id of the process; none is the file's first executable one.
    pub process: Option<Name>,
    /// Id of the element with which it begins; none is a none start.
    pub element: Option<String>,
    pub business_key: Option<Name>,
    /// The agency whose instance it is.
    pub agency: Option<Name>,
    pub variables: Payload,
}

/// Which model.
#[derive(Clone)]
pub(super) enum Of {
    /// The newest of this key that counts today.
    Newest(Name),
    /// This version of this key.
    Version(Name, i64),
    /// This number.
    Id(i64),
}

/// Something that is done with one instance.
#[derive(Clone)]
pub(super) enum Act {
    Complete { exec: ExecId, variables: Payload },
    Error { exec: ExecId, code: Name, variables: Payload },
    Claim { exec: ExecId },
    Unclaim { exec: ExecId },
    Assign { exec: ExecId, to: Name },
    Delegate { exec: ExecId, to: Name },
    JobDone { exec: ExecId, variables: Payload },
    JobError { exec: ExecId, code: Name, variables: Payload },
    JobFailed { exec: ExecId, why: String, after_secs: Option<i64> },
    JobExtend { exec: ExecId, secs: i64 },
    Set { variables: Payload },
    Retry { exec: ExecId },
    Resolve { exec: ExecId, variables: Payload },
    Own { exec: ExecId, owner: Name },
    Cancel { reason: String },
    Happened { wait: u64, variables: Payload, message: Option<String> },
    Signal { name: String, variables: Payload },
    Migrate(super::migrate::Plan),
    Pause { reason: String },
    Resume { reason: String },
    Recalculate,
}

impl Act {
    /// The step that it is about.
    pub fn exec(&self) -> Option<ExecId> {
        match self {
            Self::Complete { exec, .. }
            | Self::Error { exec, .. }
            | Self::Claim { exec }
            | Self::Unclaim { exec }
            | Self::Assign { exec, .. }
            | Self::Delegate { exec, .. }
            | Self::JobDone { exec, .. }
            | Self::JobError { exec, .. }
            | Self::JobFailed { exec, .. }
            | Self::JobExtend { exec, .. }
            | Self::Retry { exec }
            | Self::Resolve { exec, .. }
            | Self::Own { exec, .. } => Some(*exec),
            Self::Set { .. }
            | Self::Cancel { .. }
            | Self::Happened { .. }
            | Self::Signal { .. }
            | Self::Migrate(_)
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Recalculate => None,
        }
    }

    /// What it brings.
    fn variables(&self) -> Option<&Payload> {
        match self {
            Self::Complete { variables, .. }
            | Self::Error { variables, .. }
            | Self::JobDone { variables, .. }
            | Self::JobError { variables, .. }
            | Self::Set { variables }
            | Self::Resolve { variables, .. }
            | Self::Happened { variables, .. }
            | Self::Signal { variables, .. } => Some(variables),
            _ => None,
        }
    }

    /// As it stands in history; what it brought stands in the events.
    pub fn json(&self) -> Value {
        match self {
            Self::Complete { exec, .. } => json!({"act": "complete", "exec": exec}),
            Self::Error { exec, code, .. } => json!({"act": "error", "exec": exec, "code": code.as_str()}),
            Self::Claim { exec } => json!({"act": "claim", "exec": exec}),
            Self::Unclaim { exec } => json!({"act": "unclaim", "exec": exec}),
            Self::Assign { exec, to } => json!({"act": "assign", "exec": exec, "to": to.as_str()}),
            Self::Delegate { exec, to } => json!({"act": "delegate", "exec": exec, "to": to.as_str()}),
            Self::JobDone { exec, .. } => json!({"act": "job-done", "exec": exec}),
            Self::JobError { exec, code, .. } => {
                json!({"act": "job-error", "exec": exec, "code": code.as_str()})
            }
            Self::JobFailed { exec, why, .. } => json!({"act": "job-failed", "exec": exec, "why": why}),
            Self::JobExtend { exec, secs } => json!({"act": "job-extend", "exec": exec, "secs": secs}),
            Self::Set { .. } => json!({"act": "set"}),
            Self::Retry { exec } => json!({"act": "retry", "exec": exec}),
            Self::Resolve { exec, .. } => json!({"act": "resolve", "exec": exec}),
            Self::Own { exec, owner } => json!({"act": "own", "exec": exec, "owner": owner.as_str()}),
            Self::Cancel { reason } => json!({"act": "cancel", "reason": reason}),
            Self::Happened { wait, message: None, .. } => json!({"act": "happened", "wait": wait}),
            Self::Happened { wait, message, .. } => {
                json!({"act": "happened", "wait": wait, "message": message})
            }
            Self::Signal { name, .. } => json!({"act": "signal", "name": name}),
            Self::Migrate(plan) => plan.json(),
            Self::Pause { reason } => json!({"act": "pause", "reason": reason}),
            Self::Resume { reason } => json!({"act": "resume", "reason": reason}),
            Self::Recalculate => json!({"act": "recalculate"}),
        }
    }
}

/// The hash of variables: who repeats a request repeats all of it.
fn digest(variables: &Payload) -> String {
    let text = serde_json::to_string(variables.map()).expect("a map of JSON is JSON");
    let hash = crypto::hash::sha256(&[text.as_bytes()]);
    hash.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl What {
    /// What a key stands for: the same key with another request is refused.
    pub fn asked(&self) -> String {
        match self {
            Self::Start(start) => {
                let (key, version) = match &start.model {
                    Of::Newest(key) => (key.as_str(), None),
                    Of::Version(key, version) => (key.as_str(), Some(*version)),
                    Of::Id(id) => ("", Some(*id)),
                };
                let name = |name: &Option<Name>| name.as_ref().map(ToString::to_string);
                json!({
                    "act": "start", "model": key, "version": version, "process": name(&start.process),
                    "business_key": name(&start.business_key), "agency": name(&start.agency),
                    "with": digest(&start.variables),
                })
                .to_string()
            }
            Self::Act { instance, act } => {
                json!({"instance": instance, "do": act.json(), "with": act.variables().map(digest)})
                    .to_string()
            }
            Self::Message(told) => {
                let Told { name, correlation, agency, variables, .. } = told;
                let with = digest(variables);
                json!({"act": "message", "name": name, "to": correlation, "agency": agency, "with": with})
                    .to_string()
            }
            Self::Signal { name, variables } => {
                json!({"act": "signal", "name": name.as_str(), "with": digest(variables)}).to_string()
            }
            Self::Due { .. } | Self::Letters { .. } => String::new(),
        }
    }
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// An instance began.
    Started {
        /// Its id.
        instance: String,
    },
    /// A change of an instance was made.
    Done {
        /// The instance.
        instance: String,
        /// Number of the change in its history.
        number: i64,
    },
    /// Nobody waits for the message yet; it is kept.
    Kept,
    /// A signal goes to so many instances, those that begin by it too.
    Reached(u64),
    /// So many things that were due were done.
    Worked(u64),
}
