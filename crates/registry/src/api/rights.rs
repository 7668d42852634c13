//! At which agency somebody acts, when the agency itself may have been closed meanwhile.

use jiff::civil::Date;

use crate::agency::AgencyCode;
use crate::people::{Act, Person, may};
use crate::{RegistryError, State};

/// The agency at which the person would do this: the one that is named or, when the person may not there, the one that
/// took over its tasks.
pub fn place(state: &State, who: &Person, act: Act, agency: &AgencyCode, today: Date) -> AgencyCode {
    if may(state, who, act, Some(agency), today).is_ok() {
        return agency.clone();
    }
    let heir = state.agencies.current_successor(agency, today);
    heir.map_or_else(|| agency.clone(), |heir| heir.code.clone())
}

/// That the person may do this at each of the agencies, or at the one that took over its tasks.
///
/// # Errors
/// [`RegistryError::Forbidden`].
pub fn permit<'a>(
    state: &State,
    who: &Person,
    act: Act,
    agencies: impl IntoIterator<Item = &'a AgencyCode>,
    today: Date,
) -> Result<(), RegistryError> {
    agencies
        .into_iter()
        .try_for_each(|agency| may(state, who, act, Some(&place(state, who, act, agency, today)), today))
}

/// Whether the person may read what is not for everybody at the agency, or at the one that took over its tasks.
pub fn reads(state: &State, who: &Person, agency: &AgencyCode, today: Date) -> bool {
    permit(state, who, Act::Read, [agency], today).is_ok()
}
