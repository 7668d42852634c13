//! The directory as people change it: proposed, approved by another, published, taken back.

use std::sync::LazyLock;

use base::{MemberId, PartyId, ServiceId, SubsystemId, Ts};
use crypto::ca::{Profile, SmallCa};
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, PrivateKey};
use directory::Content;
use directory::content::{Authority, Group, Node};
use proptest::prelude::*;

use super::{
    ApprovedChange, Certified, Change, Fingerprint, NewProposal, Origin, ProposalId, Standing, adopt,
    apply_to, approve, between, effect, origin, pending, propose, published, reject, revert, take_back,
    take_in,
};
use crate::gate::day_of;
use crate::grant::{Force, Grant, GrantId, Terms};
use crate::{Event, Moment, RegistryError, Stamp, State};

/// 2026-11-21T03:00:00Z.
const NOW: Ts = Ts::from_secs(1_795_230_000);
const DAY: i64 = 86_400;

static CA: LazyLock<SmallCa> = LazyLock::new(|| ca("CA VN-DEMO"));

fn ca(name: &str) -> SmallCa {
    SmallCa::create(name, Algorithm::EcdsaP256Sha256, NOW.plus_secs(-100 * DAY)).unwrap()
}

fn id<T: std::str::FromStr<Err = base::IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

fn member(code: &str) -> MemberId {
    id(&format!("VN-DEMO/GOV/{code}"))
}

/// A certificate of the authority, valid for so many days from now.
fn issued(ca: &SmallCa, profile: Profile, days: i64) -> Certificate {
    let key = PrivateKey::generate(Algorithm::EcdsaP256Sha256).unwrap();
    let request = rcgen::CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    ca.issue(&request, profile, (NOW.plus_secs(-50 * DAY), NOW.plus_secs(days * DAY))).unwrap()
}

fn authority(name: &str, certificate: Certificate) -> Authority {
    Authority { name: name.to_owned(), certificate, intermediates: Vec::new(), crl_url: None, ocsp_url: None }
}

/// Two members, each with a subsystem, a signing certificate and a node; one authority; one group.
fn content() -> Content {
    let mut content = Content::empty(id("VN-DEMO"), NOW);
    content.number = 40;
    content.put_authority(authority("CA VN-DEMO", CA.certificate()));
    for (code, system) in [("G01", "DANCU"), ("H17", "MOTCUA")] {
        let member = member(code);
        content.put_member(member.clone(), code);
        content.put_subsystem(&member, &id(system), system).unwrap();
        content.put_signing_certificate(&member, issued(&CA, Profile::Signing, 200)).unwrap();
        content.put_node(Node {
            id: id(&format!("{member}/N1")),
            addresses: vec!["127.0.0.1:5500".to_owned()],
            tls_certificates: vec![issued(&CA, Profile::Node, 100)],
            subsystems: vec![id(&format!("{member}/{system}"))],
            maintenance: None,
        });
    }
    content.put_group(Group { id: id("VN-DEMO/TINH"), parties: vec![id("VN-DEMO/GOV/H17/MOTCUA")] });
    content
}

struct World {
    state: State,
}

impl World {
    fn new() -> Self {
        let mut world = Self { state: State::default() };
        let content = content();
        world.act("van.hanh", |state, _| adopt(state, &content)).unwrap();
        world
    }

    fn act(
        &mut self,
        by: &str,
        decide: impl FnOnce(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> Result<(), RegistryError> {
        let moment = Moment { now: NOW, today: day_of(NOW), by: by.parse().unwrap() };
        let events = decide(&self.state, &moment)?;
        let stamp = Stamp { seq: self.state.seq, at: NOW, by: moment.by };
        for event in events {
            let text = serde_json::to_string(&event).unwrap();
            self.state.apply(&stamp, serde_json::from_str(&text).unwrap());
        }
        Ok(())
    }

    fn propose(&mut self, changes: &[Change], confirmed: bool) -> Result<ProposalId, RegistryError> {
        let note = "Quyết định 12/QĐ-UBND".to_owned();
        let proposal = NewProposal { changes: changes.to_vec(), note, confirmed, reverts: None };
        self.act("de.nghi", |state, moment| propose(state, moment, proposal))?;
        Ok(self.state.directory.iter().last().unwrap().id)
    }

    fn approve(&mut self, id: ProposalId) -> Result<(), RegistryError> {
        self.act("duyet", |state, moment| approve(state, moment, id, None))
    }

    /// What the publishing job does.
    fn publish(&mut self) -> u64 {
        let mut content = self.state.directory.content_at(self.state.directory.number().unwrap()).unwrap();
        let changes = pending(&self.state);
        for change in changes.iter().flat_map(|approved| &approved.changes) {
            apply_to(&mut content, change).unwrap();
        }
        content.check().unwrap();
        let number = content.number + 1;
        let ids: Vec<ProposalId> = changes.iter().map(|approved| approved.id).collect();
        self.act("may", |state, _| published(state, number, &ids)).unwrap();
        number
    }

    fn done(&mut self, changes: &[Change]) -> ProposalId {
        let id = self.propose(changes, false).unwrap();
        self.approve(id).unwrap();
        self.publish();
        id
    }

    fn standing(&self, id: ProposalId) -> &Standing {
        &self.state.directory.get(id).unwrap().standing
    }

    /// A grant in force between the two members.
    fn grant(&mut self) {
        let service: ServiceId = id("VN-DEMO/GOV/G01/DANCU/tra-cuu");
        let grant = Grant {
            id: GrantId::new(2026, 1),
            to: id("VN-DEMO/GOV/H17/MOTCUA"),
            service,
            terms: Terms::default(),
            decision: "YC-2026-000001".to_owned(),
            force: Force::Active,
            reason: None,
        };
        self.act("cap", |_, _| Ok(vec![Event::Grant(crate::grant::Event::Issued(Box::new(grant)))])).unwrap();
    }
}

fn put_member(code: &str, name: &str) -> Change {
    Change::PutMember { id: member(code), name: name.to_owned() }
}

fn put_subsystem(text: &str, name: &str) -> Change {
    Change::PutSubsystem { id: id::<SubsystemId>(text), name: name.to_owned() }
}

fn remove_certificate(certificate: &Certificate) -> Change {
    Change::RemoveCertificate { fingerprint: Fingerprint(certificate.fingerprint()) }
}

fn signing_of(world: &World, code: &str) -> Certificate {
    let content = world.state.directory.draft().unwrap();
    content.members.iter().find(|entry| entry.id == member(code)).unwrap().signing_certificates[0].clone()
}

fn locked_out<T: std::fmt::Debug>(outcome: Result<T, RegistryError>, what: &str) {
    match outcome {
        Err(RegistryError::LockOut(text)) => assert!(text.contains(what), "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_member_is_admitted_by_two_persons_and_published_under_the_next_number() {
    let mut world = World::new();
    let id = world.propose(&[put_member("H61", "  Tỉnh Vĩnh Long ")], false).unwrap();
    assert_eq!(pending(&world.state), []);
    let alone = world.act("de.nghi", |state, moment| approve(state, moment, id, None));
    assert!(matches!(alone, Err(RegistryError::FourEyes)), "{alone:?}");
    world.approve(id).unwrap();
    let changes = vec![put_member("H61", "Tỉnh Vĩnh Long")];
    assert_eq!(pending(&world.state), [ApprovedChange { id, changes: changes.clone() }]);
    assert_eq!(world.publish(), 41);
    assert_eq!(pending(&world.state), []);
    assert_eq!(*world.standing(id), Standing::Published { number: 41 });
    assert_eq!(world.state.directory.differences(40, 41).unwrap(), changes);
    assert_eq!(world.state.directory.get(id).unwrap().history.len(), 3);
}

#[test]
fn a_subsystem_of_an_admitted_member_follows_by_itself_and_is_visible() {
    let mut world = World::new();
    let id = world.propose(&[put_subsystem("VN-DEMO/GOV/H17/HOTICH", "Hộ tịch")], false).unwrap();
    assert_eq!(*world.standing(id), Standing::Approved);
    assert!(world.state.directory.get(id).unwrap().routine);
    assert_eq!(pending(&world.state).len(), 1);
    let unknown = world.propose(&[put_subsystem("VN-DEMO/GOV/H99/HOTICH", "Hộ tịch")], false);
    assert!(matches!(unknown, Err(RegistryError::NoSuch { kind: "member", .. })), "{unknown:?}");
    let mixed = [put_subsystem("VN-DEMO/GOV/H17/DATDAI", "Đất đai"), put_member("H17", "Đà Nẵng")];
    let id = world.propose(&mixed, false).unwrap();
    assert_eq!(*world.standing(id), Standing::Proposed, "beside another change it needs two persons");
}

#[test]
fn a_proposal_is_rejected_with_a_reason_or_taken_back_by_its_author_only() {
    let mut world = World::new();
    let first = world.propose(&[put_member("H61", "Vĩnh Long")], false).unwrap();
    let silent = world.act("duyet", |state, moment| reject(state, moment, first, " ", None));
    assert!(matches!(silent, Err(RegistryError::Invalid(_))), "{silent:?}");
    world.act("duyet", |state, moment| reject(state, moment, first, "chưa có quyết định", None)).unwrap();
    assert_eq!(*world.standing(first), Standing::Rejected { reason: "chưa có quyết định".into() });
    let late = world.approve(first);
    assert!(matches!(late, Err(RegistryError::Transition { .. })), "{late:?}");
    let second = world.propose(&[put_member("H61", "Vĩnh Long")], false).unwrap();
    let other = world.act("duyet", |state, moment| take_back(state, moment, second, None));
    assert!(matches!(other, Err(RegistryError::Forbidden(_))), "{other:?}");
    world.act("de.nghi", |state, moment| take_back(state, moment, second, None)).unwrap();
    assert_eq!(*world.standing(second), Standing::TakenBack);
}

#[test]
fn of_two_proposals_about_one_member_the_second_is_judged_by_what_the_first_left() {
    let mut world = World::new();
    let removal = world.propose(&[Change::RemoveMember { id: member("H17") }], false).unwrap();
    let subsystem =
        world.propose(&[put_member("H17", "Đà Nẵng"), put_subsystem("VN-DEMO/GOV/H17/X", "X")], false);
    let rename =
        world.propose(&[Change::RemoveSubsystem { id: id("VN-DEMO/GOV/H17/MOTCUA") }], true).unwrap();
    world.approve(removal).unwrap();
    let outcome = world.approve(rename);
    assert!(matches!(outcome, Err(RegistryError::NoSuch { .. })), "{outcome:?}");
    world.approve(subsystem.unwrap()).unwrap();
    assert_eq!(
        world.state.directory.draft().unwrap().members.len(),
        2,
        "it is admitted anew, without its keys"
    );
}

#[test]
fn who_saw_an_older_version_gets_a_conflict() {
    let mut world = World::new();
    let id = world.propose(&[put_member("H61", "Vĩnh Long")], false).unwrap();
    let outcome = world.act("duyet", |state, moment| approve(state, moment, id, Some(99)));
    assert!(matches!(outcome, Err(RegistryError::Conflict { expected: 99, .. })), "{outcome:?}");
}

#[test]
fn a_published_change_is_reverted_the_way_it_came() {
    let mut world = World::new();
    let before = world.state.directory.content_at(40).unwrap();
    let id = world.done(&[Change::RemoveMember { id: member("H17") }]);
    let after = world.state.directory.content_at(41).unwrap();
    assert_eq!((after.members.len(), after.nodes.len(), after.groups[0].parties.len()), (1, 1, 0));
    world.act("duyet", |state, moment| revert(state, moment, id, "nhầm thành viên", false)).unwrap();
    let inverse = world.state.directory.iter().last().unwrap().clone();
    assert_eq!((inverse.reverts, &inverse.standing), (Some(id), &Standing::Proposed));
    let alone = world.approve(inverse.id);
    assert!(matches!(alone, Err(RegistryError::FourEyes)), "{alone:?}");
    world.act("de.nghi", |state, moment| approve(state, moment, inverse.id, None)).unwrap();
    assert_eq!(world.publish(), 42);
    let back = world.state.directory.content_at(42).unwrap();
    assert_eq!(between(&before, &back), [], "name, keys, subsystem, node and group are there again");
    assert_eq!(world.state.directory.differences(40, 42).unwrap(), []);
    assert_ne!(world.state.directory.differences(41, 42).unwrap(), []);
    let not_yet = world.act("duyet", |state, moment| revert(state, moment, ProposalId(99), "x", false));
    assert!(matches!(not_yet, Err(RegistryError::NoSuch { .. })), "{not_yet:?}");
}

#[test]
fn a_rename_is_reverted_to_the_name_before_it() {
    let mut world = World::new();
    let id = world.done(&[put_member("H17", "Thành phố Đà Nẵng")]);
    world.act("duyet", |state, moment| revert(state, moment, id, "chưa đến ngày", false)).unwrap();
    assert_eq!(world.state.directory.iter().last().unwrap().changes, [put_member("H17", "H17")]);
}

#[test]
fn a_directory_that_leaves_nobody_is_refused_whatever_is_confirmed() {
    let mut world = World::new();
    let members = ["G01", "H17"].map(|code| Change::RemoveMember { id: member(code) });
    let nodes = ["VN-DEMO/GOV/G01/N1", "VN-DEMO/GOV/H17/N1"].map(|text| Change::RemoveNode { id: id(text) });
    let keys = ["G01", "H17"].map(|code| remove_certificate(&signing_of(&world, code)));
    let authority = [Change::RemoveAuthority { name: "CA VN-DEMO".into() }];
    let cases: [(&[Change], &str); 4] = [
        (&members, "no member left"),
        (&nodes, "no node left"),
        (&keys, "usable signing certificate"),
        (&authority, "no authority left"),
    ];
    for (changes, what) in cases {
        locked_out(world.propose(changes, true), what);
    }
}

#[test]
fn an_authority_that_issued_nothing_does_not_replace_the_one_that_did() {
    let mut world = World::new();
    let other = ca("CA KHAC");
    let swap = [
        Change::PutAuthority {
            name: "CA KHAC".into(),
            certificate: other.certificate(),
            intermediates: Vec::new(),
            crl_url: None,
            ocsp_url: None,
        },
        Change::RemoveAuthority { name: "CA VN-DEMO".into() },
    ];
    locked_out(world.propose(&swap, true), "usable signing certificate");
    world.propose(&swap[..1], false).unwrap();
}

#[test]
fn the_last_key_or_node_of_a_member_goes_only_when_somebody_says_so() {
    let mut world = World::new();
    let key = [remove_certificate(&signing_of(&world, "H17"))];
    world.propose(&key, false).unwrap();
    world.grant();
    locked_out(world.propose(&key, false), "VN-DEMO/GOV/H17");
    world.propose(&key, true).unwrap();
    let node = [Change::RemoveNode { id: id("VN-DEMO/GOV/H17/N1") }];
    locked_out(world.propose(&node, false), "would have no node left");
    let id = world.propose(&node, true).unwrap();
    world.approve(id).unwrap();
    locked_out(world.propose(&[Change::RemoveMember { id: member("G01") }], false), "live grants");
}

#[test]
fn certificates_that_are_expired_foreign_or_for_something_else_are_refused() {
    let mut world = World::new();
    let add = |certificate| [Change::PutSigningCertificate { member: member("H17"), certificate }];
    locked_out(world.propose(&add(issued(&CA, Profile::Signing, -1)), true), "expired");
    locked_out(world.propose(&add(issued(&ca("CA LA"), Profile::Signing, 100)), true), "trusted authority");
    locked_out(world.propose(&add(issued(&CA, Profile::Node, 100)), true), "purpose");
    world.propose(&add(issued(&CA, Profile::Signing, 100)), false).unwrap();
    let tls = |certificate| [Change::PutTlsCertificate { node: id("VN-DEMO/GOV/H17/N1"), certificate }];
    locked_out(world.propose(&tls(issued(&CA, Profile::Signing, 100)), true), "purpose");
    world.propose(&tls(issued(&CA, Profile::Node, 100)), false).unwrap();
}

#[test]
fn what_does_not_hold_together_or_changes_nothing_is_refused() {
    let mut world = World::new();
    let nothing = world.propose(&[put_member("H17", "H17")], false);
    assert!(matches!(nothing, Err(RegistryError::Invalid(_))), "{nothing:?}");
    let foreign = world.propose(&[Change::PutMember { id: id("VN/GOV/H61"), name: "x".into() }], false);
    assert!(matches!(foreign, Err(RegistryError::Invalid(_))), "{foreign:?}");
    let empty = world.propose(&[], false);
    assert!(matches!(empty, Err(RegistryError::Invalid(_))), "{empty:?}");
    let silent = NewProposal {
        changes: vec![put_member("H61", "x")],
        note: " ".into(),
        confirmed: false,
        reverts: None,
    };
    let outcome = world.act("de.nghi", |state, moment| propose(state, moment, silent));
    assert!(matches!(outcome, Err(RegistryError::Invalid(_))), "{outcome:?}");
    let mut unkept = World { state: State::default() };
    let outcome = unkept.propose(&[put_member("H61", "x")], false);
    assert!(matches!(outcome, Err(RegistryError::NoSuch { kind: "directory", .. })), "{outcome:?}");
}

#[test]
fn only_what_was_approved_is_published_in_the_order_of_approval() {
    let mut world = World::new();
    let first = world.propose(&[put_member("H61", "Vĩnh Long")], false).unwrap();
    let second = world.propose(&[put_member("H61", "Tỉnh Vĩnh Long")], false).unwrap();
    let early = world.act("may", |state, _| published(state, 41, &[first]));
    assert!(matches!(early, Err(RegistryError::Transition { .. })), "{early:?}");
    world.approve(second).unwrap();
    world.approve(first).unwrap();
    let reversed = world.act("may", |state, _| published(state, 41, &[first, second]));
    assert!(matches!(reversed, Err(RegistryError::Transition { .. })), "{reversed:?}");
    world.act("may", |state, _| published(state, 41, &[second])).unwrap();
    assert_eq!(pending(&world.state).iter().map(|approved| approved.id).collect::<Vec<_>>(), [first]);
    let names = |content: &Content| content.members.last().unwrap().name.clone();
    assert_eq!(names(world.state.directory.current().unwrap()), "Tỉnh Vĩnh Long");
    assert_eq!(names(world.state.directory.draft().unwrap()), "Vĩnh Long");
    let backwards = world.act("may", |state, _| published(state, 41, &[]));
    assert!(matches!(backwards, Err(RegistryError::Transition { .. })), "{backwards:?}");
    world.act("may", |state, _| published(state, 42, &[])).unwrap();
    assert_eq!(world.state.directory.number(), Some(42), "a number may bring nothing but fresh signatures");
}

#[test]
fn who_approves_sees_the_effect_on_the_directory_as_it_is_now() {
    let mut world = World::new();
    let id = world.propose(&[Change::RemoveNode { id: id("VN-DEMO/GOV/H17/N1") }], true).unwrap();
    let moment = Moment { now: NOW, today: day_of(NOW), by: "duyet".parse().unwrap() };
    let (changes, losses) = effect(&world.state, &moment, id).unwrap();
    assert_eq!((changes.len(), losses.len()), (1, 1));
    assert!(changes[0].summary().vi.contains("Bỏ nút"));
}

#[test]
fn the_gate_learns_from_the_directory_until_when_certificates_count() {
    let mut world = World::new();
    let party: PartyId = id("VN-DEMO/GOV/H17/MOTCUA");
    let end = NOW.plus_secs(100 * DAY + 1);
    assert_eq!(world.state.directory.certified(&party), Certified::Until(end));
    assert_eq!(world.state.directory.name_of(&party).as_deref(), Some("MOTCUA, H17"));
    let rules = crate::Rules::built_in().unwrap();
    let failing = |world: &World, now| {
        let failing = crate::gate::failing(&world.state, &rules, &party, None, now);
        failing.into_iter().any(|failing| failing.item == "certificate")
    };
    assert!(!failing(&world, end.plus_secs(-1)));
    assert!(failing(&world, end));
    let certificate = issued(&CA, Profile::Node, 150);
    world.done(&[Change::PutTlsCertificate { node: id("VN-DEMO/GOV/H17/N1"), certificate }]);
    assert!(!failing(&world, end), "renewed");
    assert_eq!(world.state.directory.certified(&id("VN-DEMO/GOV/H99")), Certified::Missing);
    assert_eq!(State::default().directory.certified(&party), Certified::Unknown);
}

#[test]
fn a_publication_that_was_not_written_down_is_known_as_ours_even_when_more_was_approved_since() {
    let mut world = World::new();
    let mut published = Content::clone(world.state.directory.draft().unwrap());
    assert_eq!(origin(&world.state, &published).unwrap(), Origin::Ours(vec![]));
    let first = world.propose(&[put_member("H61", "Sáu mươi mốt")], false).unwrap();
    world.approve(first).unwrap();
    published = Content { number: 41, ..Content::clone(world.state.directory.draft().unwrap()) };
    let second = world.propose(&[put_member("H62", "Sáu mươi hai")], false).unwrap();
    world.approve(second).unwrap();
    assert_eq!(origin(&world.state, &published).unwrap(), Origin::Ours(vec![first]));
    world.act("may", |state, _| super::published(state, 41, &[first])).unwrap();
    assert_eq!(origin(&world.state, &published).unwrap(), Origin::Ours(vec![]));
    assert_eq!(pending(&world.state).len(), 1);
}

#[test]
fn what_was_changed_by_hand_is_noticed_and_taken_in_under_what_waits() {
    let mut world = World::new();
    let waits = world.propose(&[put_member("H61", "Sáu mươi mốt")], false).unwrap();
    world.approve(waits).unwrap();
    let before = Content::clone(world.state.directory.current().unwrap());
    let mut by_hand = before.clone();
    apply_to(&mut by_hand, &put_member("H99", "Sửa tay")).unwrap();
    assert_eq!(origin(&world.state, &by_hand).unwrap(), Origin::ByHand(vec![put_member("H99", "Sửa tay")]));
    let unpublished = world.act("vanhanh", |state, _| take_in(state, &by_hand)).unwrap_err();
    assert!(unpublished.to_string().contains("authority publish"), "{unpublished}");
    by_hand.number = 41;
    world.act("vanhanh", |state, _| take_in(state, &by_hand)).unwrap();
    let directory = &world.state.directory;
    assert_eq!((directory.number(), directory.publications()[0].by_hand.len()), (Some(41), 1));
    assert!(between(directory.current().unwrap(), &by_hand).is_empty());
    let mut both = by_hand.clone();
    apply_to(&mut both, &put_member("H61", "Sáu mươi mốt")).unwrap();
    assert!(between(directory.draft().unwrap(), &both).is_empty(), "what was approved comes on top");
    assert_eq!(directory.differences(40, 41).unwrap(), [put_member("H99", "Sửa tay")]);
    let nothing = world.act("vanhanh", |state, _| take_in(state, &by_hand)).unwrap_err();
    assert!(nothing.to_string().contains("nothing was changed"), "{nothing}");
    assert_eq!(world.publish(), 42);
}

fn any_change() -> impl Strategy<Value = Change> {
    let code = || prop::sample::select(vec!["G01", "H17", "H61"]);
    let system = || prop::sample::select(vec!["DANCU", "MOTCUA", "HOTICH"]);
    let subsystem = (code(), system()).prop_map(|(code, system)| id(&format!("VN-DEMO/GOV/{code}/{system}")));
    let groups = prop::sample::subsequence(vec!["VN-DEMO/GOV/G01", "VN-DEMO/GOV/H17/MOTCUA"], 0..=2);
    let served = prop::sample::subsequence(vec!["VN-DEMO/GOV/G01/DANCU", "VN-DEMO/GOV/H17/MOTCUA"], 0..=2);
    prop_oneof![
        (code(), "[a-c]{1,2}").prop_map(|(code, name)| put_member(code, &name)),
        code().prop_map(|code| Change::RemoveMember { id: member(code) }),
        (subsystem.clone(), "[a-c]{1,2}").prop_map(|(id, name)| Change::PutSubsystem { id, name }),
        subsystem.prop_map(|id| Change::RemoveSubsystem { id }),
        code().prop_map(|code| Change::RemoveNode { id: id(&format!("VN-DEMO/GOV/{code}/N1")) }),
        (code(), served).prop_map(|(code, served)| Change::PutNode {
            id: id(&format!("VN-DEMO/GOV/{code}/N1")),
            addresses: vec!["127.0.0.1:1".into()],
            tls_certificates: Vec::new(),
            subsystems: served.into_iter().map(id).collect(),
            maintenance: None,
        }),
        groups.prop_map(|parties| Change::PutGroup {
            id: id("VN-DEMO/TINH"),
            parties: parties.into_iter().map(id).collect(),
        }),
        Just(Change::RemoveGroup { id: id("VN-DEMO/TINH") }),
        Just(Change::RemoveAuthority { name: "CA VN-DEMO".into() }),
    ]
}

static START: LazyLock<Content> = LazyLock::new(content);

proptest! {
    #[test]
    fn the_differences_between_two_contents_lead_from_one_to_the_other(
        changes in prop::collection::vec(any_change(), 0..12),
    ) {
        let mut there = START.clone();
        for change in &changes {
            drop(apply_to(&mut there, change));
        }
        for (from, to) in [(&*START, &there), (&there, &*START)] {
            let mut made = from.clone();
            for change in between(from, to) {
                apply_to(&mut made, &change).unwrap();
            }
            prop_assert_eq!(between(&made, to), []);
            prop_assert_eq!(between(to, &made), []);
        }
    }

    #[test]
    fn a_change_survives_its_text_form(change in any_change()) {
        let text = serde_json::to_string(&change).unwrap();
        prop_assert_eq!(serde_json::from_str::<Change>(&text).unwrap(), change);
    }
}
