//! Who does it: lanes, and participants of processes without lanes.

use std::collections::HashMap;

use super::draft::Draft;
use crate::model::NodeIx;
use crate::model::xml::Tag;

impl<'a> Draft<'a> {
    /// Gives each node the name of its innermost lane, else that of what it is in, else that of the pool.
    pub(super) fn read_lanes(&mut self) {
        let pools = self.pools();
        for scope in 0..self.bodies.len() {
            let sets: Vec<_> = self.bodies[scope].all("laneSet").collect();
            for set in sets {
                self.lane_set(set, ("", None));
            }
        }
        // A sub-process has a lower place than what is in it.
        for at in self.places() {
            let node = self.program.node(at);
            if node.lane.is_some() {
                continue;
            }
            let scope = self.program.scope(node.scope);
            let lane = match scope.node {
                Some(around) => self.program.node(around).lane.clone(),
                None => pools.get(&scope.process).map(|name| (*name).into()),
            };
            self.node_mut(at).lane = lane;
        }
    }

    /// Names of participants by process.
    fn pools(&mut self) -> HashMap<usize, &'a str> {
        let mut pools = HashMap::new();
        let collaborations = self.root.children().filter(|tag| tag.kind() == "collaboration");
        for participant in collaborations.flat_map(|tag| tag.all("participant")).collect::<Vec<_>>() {
            let Some(process) = self.refer_by(participant, "processRef", &["process"]) else { continue };
            let at = process.id().and_then(|id| self.processes.get(id));
            if let Some(at) = at.filter(|_| !participant.name().is_empty()) {
                pools.entry(*at).or_insert(participant.name());
            }
        }
        pools
    }

    fn lane_set(&mut self, set: Tag<'a>, (around, agency_around): (&'a str, Option<Tag<'a>>)) {
        let lanes: Vec<_> = set.all("lane").collect();
        for lane in lanes {
            let name = if lane.name().is_empty() { around } else { lane.name() };
            let agency = lane.extension("agency").map(|_| lane).or(agency_around);
            for reference in lane.all("flowNodeRef") {
                let Some(node) = self.in_lane(reference) else { continue };
                if !name.is_empty() {
                    self.node_mut(node).lane = Some(name.into());
                }
                self.lane_agencies.extend(agency.map(|lane| (node, lane)));
            }
            for inner in lane.all("childLaneSet") {
                self.lane_set(inner, (name, agency));
            }
        }
    }

    /// The node that a lane names; other elements may be in it and have no effect.
    fn in_lane(&mut self, reference: Tag<'a>) -> Option<NodeIx> {
        let id = reference.text();
        let found = self.refer(reference, "flowNodeRef", &id, &[])?;
        self.nodes.get(found.id()?).copied()
    }
}
