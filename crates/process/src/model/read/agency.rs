//! Whose a step is and how long it may take: extension attributes `agency`, `limit`, `due` and `clock`.

use worktime::{AgencyCode, Span};

use super::draft::Draft;
use crate::model::fault::Code;
use crate::model::xml::Tag;
use crate::model::{Agency, Kind, NodeIx};

/// The name of the extension attribute.
const ATTRIBUTE: &str = "agency";
/// Name of the attribute by which clocks stand still, and its one value.
const CLOCK: (&str, &str) = ("clock", "paused");
/// How long an instance may take, or an agency may have it.
const LIMIT: &str = "limit";

impl<'a> Draft<'a> {
    /// Whose a node is by itself, else by its lane.
    pub(super) fn read_agency(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        // Nobody does what a token only passes.
        let has_one = match &self.program.node(at).kind {
            Kind::Task(_) | Kind::SubProcess(_) | Kind::Call(_) | Kind::Catch(_) | Kind::Boundary { .. } => {
                true
            }
            Kind::Start { on, .. } => !on.is_none(),
            _ => false,
        };
        let own = tag.extension(ATTRIBUTE).map(|_| tag);
        if let (Some(tag), false) = (own, has_one) {
            self.report.add(Code::UnknownExtension, tag, &[ATTRIBUTE, tag.kind()]);
        }
        let by = own.or_else(|| self.lane_agencies.get(&at).copied()).filter(|_| has_one);
        self.node_mut(at).agency = by.and_then(|tag| self.agency(tag));
        let lane = by.filter(|tag| tag.kind() == "lane");
        self.node_mut(at).lane_limit = lane.and_then(|tag| self.limit(tag));
    }

    /// Whether the clocks stand still while a node is open, and whether it makes its process have clocks.
    pub(super) fn read_clock(&mut self, at: NodeIx) {
        let tag = self.tag(at);
        let node = self.program.node(at);
        let waits = matches!(
            node.kind,
            Kind::Task(_) | Kind::SubProcess(_) | Kind::Call(_) | Kind::Catch(_) | Kind::EventBased { .. }
        );
        let pauses = match tag.extension(CLOCK.0) {
            None => false,
            Some(_) if !waits => {
                self.report.add(Code::UnknownExtension, tag, &[CLOCK.0, tag.kind()]);
                false
            }
            Some(value) => {
                if value != CLOCK.1 {
                    self.report.add(Code::BadValue, tag, &[CLOCK.0, value, CLOCK.1]);
                }
                true
            }
        };
        let node = self.node_mut(at);
        node.pauses = pauses;
        let counts = pauses || node.lane_limit.is_some() || tag.extension("due").is_some();
        let process = self.program.scope(self.program.node(at).scope).process;
        self.program.processes[process].clocked |= counts;
    }

    /// How long an instance may take, or an agency may have it.
    pub(super) fn limit(&mut self, tag: Tag<'a>) -> Option<Span> {
        let text = tag.extension(LIMIT)?;
        let span = Span::parse(text).ok();
        if span.is_none() {
            self.report.add(Code::BadValue, tag, &[LIMIT, text, "P8WD, PT16WH, P30D"]);
        }
        span
    }

    /// What the attribute of an element says.
    pub(super) fn agency(&mut self, tag: Tag<'a>) -> Option<Agency> {
        let text = tag.extension(ATTRIBUTE)?;
        if let Some(feel) = text.strip_prefix('=') {
            return self.feel(tag, ATTRIBUTE, feel.trim()).map(Agency::Asked);
        }
        if text.parse::<AgencyCode>().is_err() {
            self.report.add(Code::BadValue, tag, &[ATTRIBUTE, text, "000.00.00.H57, =coQuan"]);
            return None;
        }
        Some(Agency::Code(text.into()))
    }
}
