#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base::SystemClock;
use directory::authority::Options;
use registry::Rules;
use registry::publish::{Change, NewProposal};
use store::Db;
use tempfile::TempDir;

use super::*;

/// An authority with one member, published as number 1, and a registry that took it over.
struct Centre {
    dir: TempDir,
    section: AuthoritySection,
    registry: Registry,
}

impl Centre {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let passphrase_file = dir.path().join("passphrase");
        crate::sandbox::write_private(&passphrase_file, "mat khau cua co quan\n").unwrap();
        let section = AuthoritySection { dir: dir.path().join("authority"), passphrase_file };
        let passphrase = Passphrase::from_file(&section.passphrase_file).unwrap();
        let options = Options::new("VN-DEMO".parse().unwrap());
        let mut authority =
            Authority::create(&section.dir, options, &passphrase, SystemClock.now()).await.unwrap();
        admit(&mut authority, "G01");
        authority.publish(SystemClock.now()).await.unwrap();
        drop(authority);
        let db = Db::open(&format!("sqlite:{}", dir.path().join("registry.db").display())).await.unwrap();
        let registry = Registry::open(db, Rules::built_in().unwrap(), Arc::new(SystemClock)).await.unwrap();
        let centre = Self { dir, section, registry };
        assert_eq!(centre.publish().await.unwrap(), None);
        assert_eq!(centre.known(), 1);
        centre
    }

    async fn publish(&self) -> anyhow::Result<Option<u64>> {
        publish_pending(&self.registry, &self.section, &SystemClock, None).await
    }

    async fn downloaded(&self, number: u64) -> anyhow::Result<Option<u64>> {
        publish_pending(&self.registry, &self.section, &SystemClock, Some(number)).await
    }

    fn known(&self) -> u64 {
        self.registry.read(|state| state.directory.number().unwrap())
    }

    /// The number that nodes are offered.
    async fn offered(&self) -> u64 {
        let status = open(&self.section).await.unwrap().status().unwrap();
        status.iter().find(|role| role.role == "targets").unwrap().published.unwrap().0
    }

    /// One person proposes a member, another approves it.
    async fn approve(&self, code: &str) {
        let change =
            Change::PutMember { id: format!("VN-DEMO/GOV/{code}").parse().unwrap(), name: code.into() };
        let proposal =
            NewProposal { changes: vec![change], note: "QĐ 12".into(), confirmed: false, reverts: None };
        let (first, second) = (operator("de.nghi"), operator("duyet"));
        let act = Act::DirectoryApprove;
        let proposed = self.registry.act(&first, act, None, SUBJECT, |state, moment| {
            publish::propose(state, moment, proposal.clone())
        });
        proposed.await.unwrap();
        let id = self.registry.read(|state| state.directory.iter().next_back().unwrap().id);
        let approved = self
            .registry
            .act(&second, act, None, SUBJECT, |state, moment| publish::approve(state, moment, id, None));
        approved.await.unwrap();
    }

    fn members(&self) -> Vec<String> {
        self.registry.read(|state| {
            let content = state.directory.current().unwrap();
            content.members.iter().map(|member| member.name.clone()).collect()
        })
    }
}

fn operator(id: &str) -> Person {
    Person { id: id.parse().unwrap(), ..system() }
}

fn admit(authority: &mut Authority, code: &str) {
    let id = format!("VN-DEMO/GOV/{code}").parse().unwrap();
    let put = |content: &mut Content| {
        content.put_member(id, code);
        Ok(())
    };
    authority.edit(put).unwrap();
}

#[tokio::test]
async fn a_publication_that_could_not_be_written_down_is_not_made_again() {
    let centre = Centre::new().await;
    centre.approve("H17").await;
    // An attempt that got as far as the directory, and no further.
    let mut authority = open(&centre.section).await.unwrap();
    let draft = centre.registry.read(|state| state.directory.draft().cloned().unwrap());
    authority.replace(draft.to_json().as_bytes()).unwrap();
    authority.publish(SystemClock.now()).await.unwrap();
    drop(authority);
    assert_eq!((centre.known(), centre.offered().await), (1, 2));
    assert_eq!(centre.publish().await.unwrap(), Some(2));
    assert_eq!((centre.known(), centre.offered().await), (2, 2));
    assert_eq!(centre.publish().await.unwrap(), None, "nothing waits any more");
    assert_eq!(centre.members(), ["G01", "H17"]);
}

#[tokio::test]
async fn a_directory_that_was_changed_by_hand_is_not_overwritten_until_somebody_takes_it_in() {
    let centre = Centre::new().await;
    centre.approve("H17").await;
    let mut authority = open(&centre.section).await.unwrap();
    admit(&mut authority, "H99");
    drop(authority);
    for published in [false, true] {
        let refused = centre.publish().await.unwrap_err().to_string();
        assert!(refused.contains("take-directory") && refused.contains("H99"), "{refused}");
        assert_eq!((centre.known(), centre.offered().await), (1, 1 + u64::from(published)));
        if !published {
            open(&centre.section).await.unwrap().publish(SystemClock.now()).await.unwrap();
        }
    }
    let content = open(&centre.section).await.unwrap().content().clone();
    let take_in = |state: &registry::State, _: &registry::Moment| publish::take_in(state, &content);
    let act = Act::DirectoryApprove;
    centre.registry.act(&operator("duyet"), act, None, SUBJECT, take_in).await.unwrap();
    assert_eq!(centre.members(), ["G01", "H99"]);
    assert_eq!(centre.publish().await.unwrap(), Some(3));
    assert_eq!(centre.members(), ["G01", "H99", "H17"]);
    assert!(centre.dir.path().exists());
}

#[tokio::test]
async fn a_number_that_brought_nothing_new_is_written_down_when_it_is_downloaded() {
    let centre = Centre::new().await;
    open(&centre.section).await.unwrap().publish(SystemClock.now()).await.unwrap();
    assert_eq!(centre.downloaded(1).await.unwrap(), None);
    assert_eq!(centre.known(), 1);
    assert_eq!(centre.downloaded(2).await.unwrap(), Some(2));
    assert_eq!(centre.known(), 2);
}
