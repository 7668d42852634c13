//! Forgeries by somebody who repairs the file's digest, and by members who hold real keys.

use crate::fixture::{
    CONSUMER, CONSUMER_NODE, Export, Lines, NODE_OWNER, NOW, PROVIDER, PROVIDER_NODE, Pen, STRANGER, WORLD,
    among_others, commitment, good, messages, record, request_lines, request_record, response_lines,
    response_record, set, sign_checkpoint,
};
use base::{Code, Fault, Ts};
use crypto::commitment::Salt;
use evidence::checkpoint::Checkpoint;
use evidence::merkle::{WholeTree, leaf_hash, root_of};
use evidence::record::{CallPart, HeadKind, Outcome as CallOutcome, Side};
use evidence::verify::{Claim, Outcome};
use evidence::{Container, Record, SignedHead, verify};

/// Everything that fails, by name.
fn failures(container: &Container) -> Vec<Claim> {
    let report = verify(container.encode().as_bytes(), Some(&[WORLD.ca.certificate()]));
    report.checks.iter().filter(|check| check.result == Outcome::Failed).map(|check| check.claim).collect()
}

fn export(request: SignedHead, response: SignedHead) -> Export {
    Export::new(vec![request_record(request), response_record(response)])
}

fn a_commitment(text: &str) -> evidence::opening::Commitment {
    commitment(&Salt([3; 32]), text, Some(text))
}

fn pens() -> (Pen, Pen) {
    (Pen::of(CONSUMER, HeadKind::Request), Pen::of(PROVIDER, HeadKind::Response))
}

#[test]
fn the_response_of_another_call_fails() {
    let (asking, answering) = pens();
    let (request, _) = messages(false);
    let mut other = request_lines(&a_commitment("other"));
    set(&mut other, "\"x-road-request-id\"", "another call");
    let mut response = response_lines(&a_commitment("other"), &asking.sign(&other));
    set(&mut response, "\"x-road-request-id\"", "another call");
    let found = failures(&export(request, answering.sign(&response)).container());
    assert_eq!(found, [Claim::Binding, Claim::Agreement]);
}

#[test]
fn the_response_to_another_question_under_the_same_ids_fails() {
    let (asking, answering) = pens();
    let (request, _) = messages(false);
    let twin = asking.sign(&request_lines(&a_commitment("another person")));
    let response = answering.sign(&response_lines(&a_commitment("true"), &twin));
    assert_eq!(failures(&export(request, response).container()), [Claim::Binding]);
}

#[test]
fn the_response_to_another_question_in_the_same_batch_fails() {
    let (asking, answering) = pens();
    let questions = ["one person", "another person"].map(|text| request_lines(&a_commitment(text)));
    let mut batch = asking.sign_batch(&questions);
    let (twin, request) = (batch.remove(1), batch.remove(0));
    assert_eq!(twin.signature, request.signature);
    let response = response_lines(&a_commitment("true"), &twin);
    assert_eq!(failures(&export(request.clone(), answering.sign(&response)).container()), [Claim::Binding]);
    // A response that leaves the place in the batch open could be put beside either question.
    let open: Lines = response.into_iter().filter(|(id, _)| !id.contains("batch")).collect();
    assert_eq!(failures(&export(request, answering.sign(&open)).container()), [Claim::Binding]);
}

#[test]
fn a_swapped_response_in_the_file_fails() {
    let (mut container, other) = (good(false), good(false));
    container.records[1].record.clone_from(&other.records[1].record);
    assert_eq!(failures(&container), [Claim::Inclusion, Claim::Binding]);
}

#[test]
fn a_record_changed_under_its_old_path_fails() {
    let mut container = good(false);
    let mut changed = Record::parse(&container.records[1].record).unwrap();
    changed.duration_ms = Some(15);
    container.records[1].record = changed.to_text();
    assert_eq!(failures(&container), [Claim::Inclusion]);
}

#[test]
fn a_record_at_another_place_fails() {
    let mut container = good(false);
    container.records[1].index += 1;
    assert_eq!(failures(&container), [Claim::Inclusion]);
}

#[test]
fn a_message_signed_by_another_member_fails() {
    let (request, _) = messages(false);
    for thief in [STRANGER, CONSUMER, NODE_OWNER] {
        let lines = response_lines(&a_commitment("true"), &request);
        let response = Pen::of(thief, HeadKind::Response).sign(&lines);
        let mut export = export(request.clone(), response);
        export.certificates.push(WORLD.certificate(thief));
        assert_eq!(failures(&export.container()), [Claim::Holders], "{thief}");
    }
    let stolen = Pen::of(STRANGER, HeadKind::Request).sign(&request_lines(&a_commitment("who?")));
    let response =
        Pen::of(PROVIDER, HeadKind::Response).sign(&response_lines(&a_commitment("true"), &stolen));
    let mut export = export(stolen, response);
    export.certificates.push(WORLD.certificate(STRANGER));
    assert_eq!(failures(&export.container()), [Claim::Holders]);
}

#[test]
fn another_members_certificate_beside_the_signature_fails() {
    let (request, mut response) = messages(false);
    response.certificate = WORLD.certificate(STRANGER).fingerprint();
    let mut export = export(request, response);
    export.certificates.push(WORLD.certificate(STRANGER));
    assert_eq!(failures(&export.container()), [Claim::ResponseSignature, Claim::Holders]);
}

#[test]
fn a_refusal_too_is_signed_by_the_provider_and_nobody_else() {
    let (request, _) = messages(false);
    let mut refusal = response_lines(&a_commitment("no"), &request);
    set(&mut refusal, "\"@status\"", "403");
    refusal.insert(6, ("\"x-road-error\"".into(), "Server.ServerProxy.AccessDenied".into()));
    for (signer, expected) in
        [(NODE_OWNER, vec![Claim::Holders]), (PROVIDER, vec![]), (STRANGER, vec![Claim::Holders])]
    {
        let response = Pen::of(signer, HeadKind::Response).sign(&refusal);
        let refused = Record {
            response: Some(response),
            outcome: Some(CallOutcome { status: 403, code: Some(Code(301)), fault: Some(Fault::Provider) }),
            ..record(CallPart::Refusal)
        };
        let mut export = Export::new(vec![request_record(request.clone()), refused]);
        export.certificates.push(WORLD.certificate(signer));
        assert_eq!(failures(&export.container()), expected, "{signer}");
    }
}

#[test]
fn a_checkpoint_signed_by_another_fails() {
    let mut container = good(false);
    let checkpoint = Checkpoint::parse(&container.checkpoint.text).unwrap();
    container.checkpoint = sign_checkpoint(&checkpoint, STRANGER);
    container.certificates.push(WORLD.certificate(STRANGER));
    assert_eq!(failures(&container), [Claim::Checkpoint]);
    container.certificates.pop();
    assert_eq!(
        failures(&container),
        [Claim::Checkpoint, Claim::Certificates, Claim::Revocation, Claim::Anchor]
    );
}

#[test]
fn a_checkpoint_of_another_node_or_with_another_root_fails() {
    let (request, response) = messages(false);
    let mut other = export(request, response).container();
    other.node = "VN-DEMO/GOV/H17/N9".parse().unwrap();
    assert_eq!(failures(&other), [Claim::Checkpoint]);

    let mut container = good(false);
    let mut checkpoint = Checkpoint::parse(&container.checkpoint.text).unwrap();
    checkpoint.size += 1;
    container.checkpoint.text = checkpoint.text();
    assert!(failures(&container).contains(&Claim::Checkpoint));
}

#[test]
fn expired_early_and_revoked_certificates_fail() {
    let at = |secs: i64| NOW.plus_secs(secs);
    let good_until_later = WORLD.reissue(PROVIDER, at(-10), at(1000));
    let mut revoking = WORLD.copy_of_ca();
    for (certificate, revoked_at, expected) in [
        (WORLD.reissue(PROVIDER, at(-1000), at(-1)), None, vec![Claim::Certificates, Claim::Anchor]),
        (WORLD.reissue(PROVIDER, at(-1000), at(10)), None, vec![Claim::Certificates, Claim::Anchor]),
        (WORLD.reissue(PROVIDER, at(5), at(1000)), None, vec![Claim::Certificates]),
        (WORLD.reissue(PROVIDER, at(60), at(1000)), None, vec![Claim::Certificates, Claim::Anchor]),
        (good_until_later.clone(), Some(at(-1)), vec![Claim::Certificates, Claim::Anchor]),
        (WORLD.reissue(PROVIDER, at(-10), at(1000)), Some(at(20)), vec![Claim::Certificates, Claim::Anchor]),
        (WORLD.reissue(PROVIDER, at(-10), at(1000)), Some(at(31)), vec![]),
        (good_until_later, None, vec![]),
    ] {
        let (request, _) = messages(false);
        let pen = Pen { certificate: certificate.clone(), ..Pen::of(PROVIDER, HeadKind::Response) };
        let response = pen.sign(&response_lines(&a_commitment("true"), &request));
        let mut export = export(request, response);
        export.certificates = vec![WORLD.certificate(CONSUMER), certificate.clone()];
        if let Some(since) = revoked_at {
            revoking.revoke(&certificate.serial_hex(), since).unwrap();
            export.crls = vec![revoking.crl(at(40), at(9000)).unwrap()];
        }
        assert_eq!(failures(&export.container()), expected, "{certificate:?} revoked {revoked_at:?}");
    }
}

#[test]
fn missing_records_fail() {
    let mut empty = good(false);
    empty.records.clear();
    assert_eq!(failures(&empty), [Claim::Records, Claim::Agreement]);

    let mut open = good(false);
    open.records.remove(1);
    assert_eq!(failures(&open), [Claim::Records]);

    let mut unasked = good(false);
    unasked.records.remove(0);
    assert_eq!(failures(&unasked), [Claim::Records, Claim::Binding]);

    let mut twice = good(false);
    twice.records.push(twice.records[1].clone());
    assert_eq!(failures(&twice), [Claim::Records]);
}

#[test]
fn records_of_two_calls_in_one_file_fail() {
    let (request, response) = messages(false);
    let mut stray = record(CallPart::Refusal);
    stray.call = "another call".into();
    stray.outcome = Some(CallOutcome { status: 500, code: Some(Code(1)), fault: None });
    let mut export = export(request, response);
    export.records.push(stray);
    assert_eq!(failures(&export.container()), [Claim::Records]);
}

#[test]
fn a_node_that_writes_other_things_than_were_signed_is_found_out() {
    let (request, response) = messages(false);
    let changes: [fn(&mut Record); 7] = [
        |record| record.id = "another".into(),
        |record| record.call = "another".into(),
        |record| record.client = "VN-DEMO/GOV/H17/OTHER".parse().unwrap(),
        |record| record.service = "VN-DEMO/GOV/G01/DANCU/other".parse().unwrap(),
        |record| record.peer = Some("VN-DEMO/GOV/G00/N3".parse().unwrap()),
        |record| record.side = Side::Provider,
        |record| {
            if let Some(outcome) = &mut record.outcome {
                outcome.status = 404;
            }
        },
    ];
    for (nth, change) in changes.into_iter().enumerate() {
        let mut export = export(request.clone(), response.clone());
        export.records.iter_mut().for_each(change);
        assert_eq!(failures(&export.container()), [Claim::Agreement], "change {nth}");
    }
}

#[test]
fn the_provider_s_own_evidence_passes() {
    let (request, response) = messages(true);
    let mut export = export(request, response);
    for record in &mut export.records {
        record.side = Side::Provider;
        record.peer = Some(CONSUMER_NODE.parse().unwrap());
    }
    export.node = PROVIDER_NODE.parse().unwrap();
    export.checkpoint_by = NODE_OWNER;
    export.certificates.push(WORLD.certificate(NODE_OWNER));
    assert_eq!(failures(&export.container()), []);
}

#[test]
fn messages_outside_the_profile_fail() {
    let (asking, _) = pens();
    let whole = request_lines(&a_commitment("who?"));
    let without =
        |id: &str| -> Lines { whole.iter().filter(|(found, _)| !found.contains(id)).cloned().collect() };
    let mut swapped = whole.clone();
    swapped.swap(2, 3);
    let mut more = whole.clone();
    more.push(("\"x-other\"".into(), "1".into()));
    for (nth, wrong) in
        [without("commitment"), without("node"), without("method"), swapped, more].into_iter().enumerate()
    {
        let request = asking.sign(&wrong);
        let response =
            Pen::of(PROVIDER, HeadKind::Response).sign(&response_lines(&a_commitment("a"), &request));
        let found = failures(&export(request, response).container());
        assert_eq!(found.first(), Some(&Claim::RequestSignature), "{nth}");
    }
    // A response is not taken for a request.
    let posing = Pen { kind: HeadKind::Response, ..asking };
    let request = posing.sign(&whole);
    let response = Pen::of(PROVIDER, HeadKind::Response).sign(&response_lines(&a_commitment("a"), &request));
    assert_eq!(failures(&export(request, response).container()), [Claim::RequestSignature]);
}

#[test]
fn signatures_of_others_in_the_batch_fail() {
    let (asking, answering) = pens();
    let mine = request_lines(&a_commitment("who?"));
    let batch = asking.sign_batch(&among_others(&mine));
    let mut request = batch[4].clone();
    request.batch.clone_from(&batch[3].batch);
    let response = answering.sign(&response_lines(&a_commitment("a"), &request));
    assert_eq!(failures(&export(request, response).container()), [Claim::RequestSignature]);
    // A batch signature without its place, and a place beside a message's own signature.
    let mut bare = batch[4].clone();
    bare.batch = None;
    let mut own = asking.sign(&mine);
    own.batch.clone_from(&batch[4].batch);
    for request in [bare, own] {
        let response = answering.sign(&response_lines(&a_commitment("a"), &request));
        assert_eq!(failures(&export(request, response).container()), [Claim::RequestSignature]);
    }
}

#[test]
fn moments_that_cannot_be_fail() {
    let (request, response) = messages(false);
    let moved = |secs: i64| {
        let mut export = export(request.clone(), response.clone());
        for record in &mut export.records {
            record.at = NOW.plus_secs(secs);
        }
        export.at = NOW.plus_secs(secs.max(30));
        failures(&export.container())
    };
    assert_eq!(moved(-301), [Claim::Times]);
    assert_eq!(moved(-300), []);
    assert_eq!(moved(60 + 300), []);
    assert_eq!(moved(60 + 301), [Claim::Times]);
    let mut late = export(request, response);
    late.at = Ts(NOW.0).plus_secs(-301);
    assert_eq!(failures(&late.container()), [Claim::Times]);
}

#[test]
fn an_authority_that_the_verifier_does_not_know_fails() {
    let stranger =
        crypto::ca::SmallCa::create("Test CA", crypto::sign::Algorithm::EcdsaP256Sha256, NOW.plus_secs(-9))
            .unwrap();
    let report = verify(good(false).encode().as_bytes(), Some(&[stranger.certificate()]));
    assert_eq!(report.result(Claim::Anchor), Some(Outcome::Failed));
    assert_eq!(report.result(Claim::Certificates), Some(Outcome::Passed));
    let none = verify(good(false).encode().as_bytes(), Some(&[]));
    assert_eq!(none.result(Claim::Anchor), Some(Outcome::Failed));
    let mut container = good(false);
    container.authorities = vec![stranger.certificate()];
    assert_eq!(failures(&container), [Claim::Certificates]);
}

#[test]
fn a_forged_tree_around_real_records_fails() {
    let mut container = good(false);
    let texts: Vec<String> = container.records.iter().map(|logged| logged.record.clone()).collect();
    let leaves: Vec<_> = texts.iter().map(|text| leaf_hash(text.as_bytes())).collect();
    let tree = WholeTree::new(leaves.clone());
    for (index, logged) in (0..).zip(&mut container.records) {
        logged.index = index;
        logged.path = tree.inclusion_path(index, 2);
    }
    assert_eq!(failures(&container), [Claim::Inclusion]);
    let forged = Checkpoint {
        origin: CONSUMER_NODE.parse().unwrap(),
        size: 2,
        root: root_of(&leaves),
        at: NOW.plus_secs(30),
    };
    container.checkpoint.text = forged.text();
    assert_eq!(failures(&container), [Claim::Checkpoint]);
}

#[test]
fn parties_that_cannot_be_read_fail() {
    let (asking, answering) = pens();
    let mut request = request_lines(&a_commitment("who?"));
    set(&mut request, "\"x-road-client\"", "not/a/party/at/all");
    let request = asking.sign(&request);
    let response = answering.sign(&response_lines(&a_commitment("a"), &request));
    assert_eq!(failures(&export(request, response).container()), [Claim::Agreement, Claim::Holders]);
}
