//! Every element of BPMN 2.0 and what becomes of it: executed, inert by definition, or refused. There is no fourth class.

mod table;

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It has the effect that the standard says.
    Executed,
    /// It has none by definition: drawing, documentation, declarations that say nothing of the order of steps.
    Inert,
    /// A file that has it is not accepted.
    Refused,
}

/// An element of the BPMN 2.0 schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its local name in the namespace of BPMN 2.0.
    pub name: &'static str,
    /// What becomes of it.
    pub class: Class,
    /// Elements that it may be directly inside; empty where every element may have it.
    pub within: &'static [&'static str],
    /// What is done, or why nothing or why it is refused, in Vietnamese. Only a refusal has it: it is shown to authors.
    pub vi: &'static str,
    /// The same in English.
    pub en: &'static str,
}

impl Element {
    /// All elements of the schema, by class and name.
    pub fn all() -> impl Iterator<Item = Self> {
        let executed = table::EXECUTED.iter().map(|row| (Class::Executed, row));
        let inert = table::INERT.iter().map(|row| (Class::Inert, row));
        let accepted =
            executed.chain(inert).map(|(class, (name, within, en))| Self { name, class, within, vi: "", en });
        let refused = table::REFUSED.iter();
        let refused =
            refused.map(|(name, within, vi, en)| Self { name, class: Class::Refused, within, vi, en });
        accepted.chain(refused)
    }
}

/// Whether it is a flow node of a process.
pub(super) fn is_flow_node(kind: &str) -> bool {
    table::ACTIVITIES.contains(&kind) || table::EVENTS.contains(&kind) || table::GATEWAYS.contains(&kind)
}

/// Whether it is an activity.
pub(super) fn is_activity(kind: &str) -> bool {
    table::ACTIVITIES.contains(&kind)
}

/// Whether it is a sub-process with a body of its own.
pub(super) fn is_sub_process(kind: &str) -> bool {
    table::SUB_PROCESSES.contains(&kind)
}

/// Whether it is a task that call activities may call.
pub(super) fn is_global_task(kind: &str) -> bool {
    table::GLOBAL_TASKS.contains(&kind)
}

/// Whether it is an event definition.
pub(super) fn is_event_definition(kind: &str) -> bool {
    table::EVENT_DEFINITIONS.contains(&kind)
}
