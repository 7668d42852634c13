//! Whose a step is: found out when it begins, and kept with it.

use serde_json::Value;
use worktime::AgencyCode;

use super::event::{Event, Fault};
use super::run::Run;
use super::state::{ExecId, Role, State};
use crate::model::{Agency, NodeIx};

/// Incident of a step of which it could not be found out whose it is.
pub(super) const NO_AGENCY: &str = "no-agency";

impl State {
    /// Code of the agency whose step this is: its own, else that of what it is part of, up to the process.
    pub fn agency(&self, exec: ExecId) -> Option<&str> {
        let mut at = self.exec(exec);
        while let Some(found) = at {
            if found.agency.is_some() {
                return found.agency.as_deref();
            }
            at = found.parent.and_then(|parent| self.exec(parent));
        }
        None
    }
}

impl Run<'_> {
    /// Finds out whose a step is that begins; false when that failed and the step stopped.
    ///
    /// What is done several times is asked each time, so that each of several agencies may get its own.
    pub fn belongs(&mut self, exec: ExecId) -> bool {
        let Some((_, node)) = self.node_of(exec) else { return true };
        if matches!(self.role_of(exec), Some(Role::Many(_))) {
            return true;
        }
        let Some(agency) = &node.agency else { return true };
        match self.asked(exec, agency) {
            Ok(agency) => self.belongs_to(exec, agency),
            Err(Fault { why, .. }) => {
                self.fail(exec, Fault { code: NO_AGENCY, why }, false);
                return false;
            }
        }
        true
    }

    /// Writes down whose a step is, where that is somebody else's than what it is part of.
    pub fn belongs_to(&mut self, exec: ExecId, agency: String) {
        if self.state.agency(exec) != Some(&agency) {
            self.emit(Event::Belongs { exec, agency });
        }
    }

    /// Whose an event is for which a step waits.
    pub fn agency_of_event(&self, exec: ExecId, event: NodeIx) -> Result<Option<String>, Fault> {
        let is_step = self.node_of(exec).is_some_and(|(at, _)| at == event);
        match &self.program.node(event).agency {
            Some(agency) if !is_step => self.asked(exec, agency).map(Some),
            _ => Ok(self.state.agency(exec).map(str::to_owned)),
        }
    }

    /// The code of an agency, as a step sees it.
    pub fn asked(&self, exec: ExecId, agency: &Agency) -> Result<String, Fault> {
        let feel = match agency {
            Agency::Code(code) => return Ok(code.to_string()),
            Agency::Asked(feel) => feel,
        };
        let value = self.value(exec, feel)?;
        let code = value.as_str().and_then(|text| text.parse::<AgencyCode>().ok());
        let wrong = |value: &Value| {
            let mut value = value.to_string();
            value.truncate(value.floor_char_boundary(200));
            let why = format!("{} = {value}: không phải mã cơ quan / not the code of an agency", feel.text());
            Fault { code: NO_AGENCY, why }
        };
        code.map(String::from).ok_or_else(|| wrong(&value))
    }
}
