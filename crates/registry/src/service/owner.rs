//! Who owns a service, by the agencies of a day.

use jiff::civil::Date;

use crate::agency::AgencyCode;
use crate::{Mistake, State};

pub(super) fn mistake(_state: &State, _owner: &AgencyCode, _day: Date) -> Option<Mistake> {
    None
}

pub(super) fn name<'a>(_state: &'a State, _owner: &AgencyCode, _day: Date) -> Option<&'a str> {
    None
}
