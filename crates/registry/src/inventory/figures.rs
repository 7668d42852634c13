//! Figures for leaders, counted from the entries and nothing else; each opens to the entries behind it.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Serialize;

use super::holding::{Holding, HoldingCode, Kind, Level, Scope, Sharing, Stage};
use crate::agency::{AgencyCode, Standing};
use crate::state::State;

/// A contract that ends within this many days is shown: about as long as a small procurement takes.
pub const CONTRACT_WARNING_DAYS: i32 = 180;

/// The figures of a day. A number is the length of a list; the lists of `kind`, `scope`, `sharing` and `owner` each
/// add up to `in_use`, while an entry stands in `reaching` once for each of its levels.
///
/// Except for `planned` and `closed` only entries in use on that day count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The day.
    pub day: Date,
    /// Everything in use.
    pub in_use: Vec<HoldingCode>,
    /// Not in use yet.
    pub planned: Vec<HoldingCode>,
    /// No longer in use.
    pub closed: Vec<HoldingCode>,
    /// Systems and databases.
    pub kind: BTreeMap<Kind, Vec<HoldingCode>>,
    /// National, of a ministry, of a province, other.
    pub scope: BTreeMap<Scope, Vec<HoldingCode>>,
    /// In use at a level: what reaches communes reaches districts, too, when its entry says so.
    pub reaching: BTreeMap<Level, Vec<HoldingCode>>,
    /// Nobody has said at which level.
    pub level_unknown: Vec<HoldingCode>,
    /// Through the platform, off it, not at all, not stated.
    pub sharing: BTreeMap<Sharing, Vec<HoldingCode>>,
    /// By owner, under the code in which agencies are listed.
    pub owner: BTreeMap<AgencyCode, Vec<HoldingCode>>,
    /// The owner is not (or no longer) an agency: somebody must take over.
    pub owner_not_valid: Vec<HoldingCode>,
    /// The contract ends within [`CONTRACT_WARNING_DAYS`].
    pub contract_ends: Vec<HoldingCode>,
    /// The contract has ended.
    pub contract_ended: Vec<HoldingCode>,
    /// No decision on a security level (NĐ 331/2026/NĐ-CP: none may run without at levels 3 to 5).
    pub no_security_decision: Vec<HoldingCode>,
    /// No contact for incidents.
    pub no_security_contact: Vec<HoldingCode>,
    /// No text by which it exists.
    pub no_legal_basis: Vec<HoldingCode>,
}

/// The figures of all entries on a day.
pub fn figures(state: &State, day: Date) -> Figures {
    figures_of(state, day, |_| true)
}

/// The figures of the entries that are asked for, such as those of one scope or one agency.
pub fn figures_of(state: &State, day: Date, asked: impl Fn(&Holding) -> bool) -> Figures {
    let mut figures = Figures::none(day);
    let holdings = state.inventory.iter().map(|entry| &entry.holding);
    for holding in holdings.filter(|holding| asked(holding)) {
        if holding.in_use(day) {
            figures.count(holding);
            // An agency has a code in each of two forms: its entries stand together under one of them.
            let standing = state.agencies.on(&holding.owner, day);
            let owner = if let Standing::Valid(agency) = standing { &agency.code } else { &holding.owner };
            if !matches!(standing, Standing::Valid(_)) {
                figures.owner_not_valid.push(holding.code.clone());
            }
            figures.owner.entry(owner.clone()).or_default().push(holding.code.clone());
        } else if holding.stage == Stage::Closed {
            figures.closed.push(holding.code.clone());
        } else {
            figures.planned.push(holding.code.clone());
        }
    }
    figures
}

impl Figures {
    /// Figures of nothing; each word of a closed list is there with an empty list, so that zero is shown as zero.
    fn none(day: Date) -> Self {
        fn zeros<W: super::Word + Ord>() -> BTreeMap<W, Vec<HoldingCode>> {
            W::WORDS.iter().map(|word| (word.0, Vec::new())).collect()
        }
        Self {
            day,
            in_use: Vec::new(),
            planned: Vec::new(),
            closed: Vec::new(),
            kind: zeros(),
            scope: zeros(),
            reaching: zeros(),
            level_unknown: Vec::new(),
            sharing: zeros(),
            owner: BTreeMap::new(),
            owner_not_valid: Vec::new(),
            contract_ends: Vec::new(),
            contract_ended: Vec::new(),
            no_security_decision: Vec::new(),
            no_security_contact: Vec::new(),
            no_legal_basis: Vec::new(),
        }
    }

    fn count(&mut self, holding: &Holding) {
        let code = &holding.code;
        let soon = self.day.checked_add(CONTRACT_WARNING_DAYS.days()).unwrap_or(Date::MAX);
        self.in_use.push(code.clone());
        self.kind.entry(holding.kind).or_default().push(code.clone());
        self.scope.entry(holding.scope).or_default().push(code.clone());
        for level in &holding.levels {
            self.reaching.entry(*level).or_default().push(code.clone());
        }
        self.sharing.entry(holding.sharing).or_default().push(code.clone());
        let ended = holding.contract_to.is_some_and(|last| last < self.day);
        let lists = [
            (&mut self.level_unknown, holding.levels.is_empty()),
            (&mut self.contract_ended, ended),
            (&mut self.contract_ends, !ended && holding.contract_to.is_some_and(|last| last <= soon)),
            (&mut self.no_security_decision, holding.security_decision.is_empty()),
            (&mut self.no_security_contact, holding.contacts.security.is_empty()),
            (&mut self.no_legal_basis, holding.legal_basis.is_empty()),
        ];
        for (list, counts) in lists {
            if counts {
                list.push(code.clone());
            }
        }
    }
}
