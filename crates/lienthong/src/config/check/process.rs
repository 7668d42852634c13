//! What can be wrong with `[process]`.

use super::super::ProcessSection;
use super::Checker;
use crate::process_role::calendars;
use crate::process_role::workers::Workers;

impl Checker<'_> {
    pub(super) fn process(
        &mut self,
        section: &ProcessSection,
        other_stores: &[Option<&str>],
        has_registry: bool,
    ) -> ProcessSection {
        let place = "[process]";
        if !has_registry {
            self.wrong(place, "needs the section [registry] on the same node: people sign in there");
        }
        let same = |other: &&str| self.same_store(other, &section.store);
        if other_stores.iter().flatten().any(same) {
            self.wrong(
                place,
                "store: give the process engine a store of its own, not that of the message log, the registry or the sources",
            );
        }
        let workers = section.workers.as_ref().map(|path| self.path(path));
        if let Some(Err(mistakes)) = workers.as_ref().map(|path| Workers::read(path)) {
            for mistake in mistakes {
                self.wrong("[process] workers", mistake);
            }
        }
        let [calendar, calendars] =
            [&section.calendar, &section.calendars].map(|path| path.as_ref().map(|path| self.path(path)));
        let store = self.store("[process] store", &section.store);
        let checked = ProcessSection { store, workers, calendar, calendars };
        if let Err(mistakes) = calendars::read(&checked) {
            for mistake in mistakes {
                self.wrong(place, mistake);
            }
        }
        checked
    }
}
