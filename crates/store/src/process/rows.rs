//! The rows of the process engine.

use super::table::rows;

rows! {
    /// A model as it was deployed. Never changed.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ModelRow in "process_model", key 1 {
        /// Its number, from 1, in the order of deployment.
        pub id: i64,
        /// Id of the first executable process of the file.
        pub key: String,
        /// From 1, without gaps for a key.
        pub version: i64,
        /// SHA-256 of the file.
        pub sha256: Vec<u8>,
        /// SHA-256 of the order in which its elements were read: stored states name elements by place.
        pub layout: Vec<u8>,
        /// The file, byte for byte.
        pub xml: Vec<u8>,
        /// When it was deployed, in microseconds.
        pub at: i64,
        /// By whom.
        pub who: String,
        /// The procedures it claims to be, as JSON.
        pub claims: String,
        /// By what its processes begin, as JSON.
        pub starts: String,
        /// What it offers to others, and the models that its calls mean, as JSON.
        pub links: String,
    }

    /// What is known of a model without its file.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ModelHead in "process_model", key 1 {
        /// As in [`ModelRow`].
        pub id: i64,
        /// As in [`ModelRow`].
        pub key: String,
        /// As in [`ModelRow`].
        pub version: i64,
        /// As in [`ModelRow`].
        pub sha256: Vec<u8>,
        /// As in [`ModelRow`].
        pub layout: Vec<u8>,
        /// As in [`ModelRow`].
        pub at: i64,
        /// As in [`ModelRow`].
        pub who: String,
        /// As in [`ModelRow`].
        pub claims: String,
        /// As in [`ModelRow`].
        pub starts: String,
        /// As in [`ModelRow`].
        pub links: String,
    }

    /// An instance.
    #[derive(Clone, PartialEq, Eq)]
    pub struct InstanceRow in "process_instance", key 1 {
        /// Its id.
        pub id: String,
        /// Number of its model.
        pub model: i64,
        /// Id of its process.
        pub process: String,
        /// What people call it by, such as the number of a dossier.
        pub business_key: Option<String>,
        /// Code of the agency whose it is.
        pub agency: Option<String>,
        /// Where it stands, as JSON.
        pub state: String,
        /// How many rows of history it has.
        pub version: i64,
        /// When it began, in microseconds.
        pub begun: i64,
        /// When it ended.
        pub ended: Option<i64>,
        /// How it ended.
        pub outcome: Option<String>,
        /// Which calendars everything in it was computed with that depends on them; empty for several, none when nothing does.
        pub calendar: Option<String>,
        /// The chain that it goes on with; none where it does nothing because of another instance.
        pub chain: Option<String>,
    }

    /// One change of an instance. Never changed, never deleted.
    #[derive(Clone, PartialEq, Eq)]
    pub struct HistoryRow in "process_history", key 2 {
        /// The instance.
        pub instance: String,
        /// From 1, without gaps.
        pub number: i64,
        /// When, in microseconds.
        pub at: i64,
        /// Who did it.
        pub who: String,
        /// The element whose work was done by it.
        pub element: Option<String>,
        /// What was asked for, as JSON.
        pub command: String,
        /// What happened, as JSON.
        pub events: String,
        /// The state, where it did not come from events.
        pub snapshot: Option<String>,
    }

    /// Something that an instance waits for.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct WaitRow in "process_wait", key 2 {
        /// The instance.
        pub instance: String,
        /// Its number in the instance.
        pub number: i64,
        /// 0 a moment, 1 a message, 2 a signal.
        pub kind: i64,
        /// When the moment comes, in microseconds; none when it is held back.
        pub due: Option<i64>,
        /// Name of the message or signal.
        pub name: Option<String>,
        /// What must be equal; empty when nothing must be.
        pub correlation: Option<String>,
    }

    /// Open work.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct TaskRow in "process_task", key 2 {
        /// The instance.
        pub instance: String,
        /// Number of its step.
        pub exec: i64,
        /// 0 a task of persons, 1 a job of workers.
        pub kind: i64,
        /// Id of the element.
        pub element: String,
        /// Its name.
        pub name: String,
        /// Who does it.
        pub role: Option<String>,
        /// Code of the agency whose it is.
        pub agency: Option<String>,
        /// What kind of job.
        pub topic: Option<String>,
        /// Who has taken it.
        pub assignee: Option<String>,
        /// When it began, in microseconds.
        pub created: i64,
        /// When it should be done.
        pub due: Option<i64>,
        /// How often it may still fail.
        pub retries: i64,
        /// Before this moment no worker gets it.
        pub not_before: i64,
        /// The worker who has it.
        pub locked_by: Option<String>,
        /// Until when.
        pub locked_until: i64,
        /// What people call the instance by.
        pub business_key: Option<String>,
    }

    /// A step that stopped.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct IncidentRow in "process_incident", key 2 {
        /// The instance.
        pub instance: String,
        /// Number of its step.
        pub exec: i64,
        /// Id of the element.
        pub element: String,
        /// Short code.
        pub code: String,
        /// In words.
        pub why: String,
        /// Since when, in microseconds.
        pub since: i64,
        /// Who looks after it.
        pub owner: Option<String>,
        /// What people call the instance by.
        pub business_key: Option<String>,
    }

    /// Something on its way to an instance.
    #[derive(Clone, PartialEq, Eq)]
    pub struct LetterRow in "process_letter", key 1 {
        /// Its id; letters are delivered in this order.
        pub id: String,
        /// 0 a message, 1 a signal for one instance, 2 a process that begins.
        pub kind: i64,
        /// Name of the message or signal, or id of the element with which the process begins.
        pub name: String,
        /// What must be equal; empty when nothing is known. For a process that begins by the clock its mark.
        pub correlation: String,
        /// The instance that a signal is for.
        pub instance: Option<String>,
        /// The model whose process begins.
        pub model: Option<i64>,
        /// Who sent it.
        pub who: String,
        /// What it brings, as JSON.
        pub variables: String,
        /// From when on it is delivered, in microseconds.
        pub due: i64,
        /// Until when it is kept.
        pub until: i64,
        /// The chain that goes on with it; none where one begins.
        pub chain: Option<String>,
        /// Code of the agency whose instance begins with it, where its process does not say.
        pub agency: Option<String>,
    }

    /// What was answered to a question with a key.
    #[derive(Clone, PartialEq, Eq)]
    pub struct AnswerRow in "process_answer", key 1 {
        /// The key.
        pub key: String,
        /// When it was answered, in microseconds.
        pub at: i64,
        /// What was asked for.
        pub asked: String,
        /// What was answered, as JSON.
        pub answer: String,
    }
}
