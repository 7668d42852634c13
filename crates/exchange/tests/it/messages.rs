//! Questions that were altered, made up, cut or sent to the wrong node: refused by the provider, never forwarded.

use bytes::Bytes;
use crypto::certificate::Purpose;
use evidence::batch::{self, BatchPlace};
use exchange::error::Reason;
use exchange::signer::{Mode, Signature};
use exchange::wire::peer::{self, TAG_REQUEST};
use http::Method;

use crate::audit;
use crate::intruder::{Draft, Intruder, Letter};
use crate::pair::{Answer, CLOSED, Pair, SERVICE};
use crate::party::START;

/// What the signature of the draft covers.
const COVERED: [&str; 8] = [
    "\"@method\"",
    "\"lienthong-service\"",
    "\"x-road-client\"",
    "\"x-road-id\"",
    "\"x-road-request-id\"",
    "\"lienthong-node\"",
    "\"lienthong-commitment\"",
    "\"x-road-userid\"",
];

type Alter = fn(Letter) -> Letter;

/// The provider refuses each altered message for its reason; none reaches the information system.
async fn refused(cases: Vec<(&str, Reason, Alter)>) {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    for (what, reason, alter) in cases {
        let letter = alter(Draft::new(&pair).seal(&intruder.signer));
        let answer = intruder.send(&letter).await;
        println!("{what}");
        answer.is_refused(&reason.at_provider());
    }
    assert_eq!(pair.service.count(), 0);
    intruder.send(&Draft::new(&pair).seal(&intruder.signer)).await.is_answered();
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_altered_on_the_way_is_refused() {
    let broken = Reason::PeerMessage("");
    refused(vec![
        ("method", Reason::Signature, |l| Letter { method: Method::PUT, ..l }),
        ("path", Reason::Commitment, |l| Letter { target: format!("{SERVICE}/khac?x=1"), ..l }),
        ("query", Reason::Commitment, |l| Letter { target: format!("{SERVICE}/nguoi?x=2"), ..l }),
        ("service in path", broken.clone(), |l| Letter { target: format!("{CLOSED}/nguoi?x=1"), ..l }),
        ("service", Reason::Signature, |l| {
            let l = l.swap("lienthong-service", "dich-vu", "kin");
            Letter { target: format!("{CLOSED}/nguoi?x=1"), ..l }
        }),
        ("header", Reason::Commitment, |l| l.with("x-cua-toi", "2")),
        ("header added", Reason::Commitment, |l| l.with("x-moi", "1")),
        ("header removed", Reason::Commitment, |l| l.without("x-cua-toi")),
        ("body", Reason::Commitment, |l| Letter { body: Bytes::from_static(b"cau hoj"), ..l }),
        ("no body", Reason::Commitment, |l| Letter { body: Bytes::new(), ..l }),
        ("digest", Reason::Commitment, |l| {
            l.with("content-digest", &crypto::http_signature::content_digest(&[0; 32]))
        }),
        ("digest removed", Reason::Commitment, |l| l.without("content-digest")),
        ("digest malformed", broken.clone(), |l| l.with("content-digest", "sha-256=:AA==:")),
        ("message id", Reason::Signature, |l| l.with("x-road-id", "ma-2")),
        ("request id", Reason::Signature, |l| l.with("x-road-request-id", "lan-2")),
        ("officer", Reason::Signature, |l| l.with("x-road-userid", "can-bo-2")),
        ("officer removed", broken.clone(), |l| l.without("x-road-userid")),
        ("purpose added", broken, |l| l.with("lienthong-purpose", "khac")),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_was_altered_on_the_way_is_refused() {
    let broken = Reason::PeerMessage("");
    refused(vec![
        ("commitment", Reason::Signature, |l| {
            let other = crypto::b64::encode(&[0; 32]);
            l.with("lienthong-commitment", &format!("head=:{other}:, body=:{other}:"))
        }),
        ("commitment without body", Reason::Signature, |l| {
            let text = l.headers["lienthong-commitment"].to_str().unwrap().to_owned();
            l.with("lienthong-commitment", text.split(',').next().unwrap())
        }),
        ("salt", Reason::Commitment, |l| {
            let other = crypto::b64::encode(&[0; 32]);
            l.with("lienthong-salt", &format!("head=:{other}:, body=:{other}:"))
        }),
        ("salt removed", broken.clone(), |l| l.without("lienthong-salt")),
        ("signature", Reason::Signature, |l| {
            l.with("signature", &crypto::http_signature::signature_value("lt", &[1; 64]))
        }),
        ("signature cut", Reason::Signature, |l| l.with("signature", "lt=:AAAA:")),
        ("signature removed", broken.clone(), |l| l.without("signature")),
        ("label", broken.clone(), |l| l.swap("signature", "lt=", "tl=")),
        ("input removed", broken.clone(), |l| l.without("signature-input")),
        ("nonce", Reason::Signature, |l| l.swap("signature-input", "nonce=\"", "nonce=\"A")),
        ("expiry", Reason::ClockSkew(60), |l| l.swap("signature-input", "expires=1", "expires=2")),
        ("age", Reason::Signature, |l| {
            l.swap("signature-input", &START.secs().to_string(), &START.plus_secs(1).secs().to_string())
        }),
        ("algorithm", Reason::Signature, |l| l.swap("signature-input", "ecdsa-p256-sha256", "ed25519")),
        ("tag", broken.clone(), |l| l.swap("signature-input", "request-1", "response-1")),
        ("order", broken, |l| {
            l.swap(
                "signature-input",
                "\"x-road-id\" \"x-road-request-id\"",
                "\"x-road-request-id\" \"x-road-id\"",
            )
        }),
        ("batch", Reason::Signature, |l| l.with("lienthong-batch", "index=0, size=1, path=()")),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_stands_twice_is_refused() {
    refused(
        [
            "x-road-client",
            "x-road-id",
            "signature",
            "signature-input",
            "lienthong-commitment",
            "lienthong-salt",
        ]
        .into_iter()
        .zip(DOUBLERS)
        .map(|(name, double)| (name, Reason::PeerMessage(""), double))
        .collect(),
    )
    .await;
}

const DOUBLERS: [Alter; 6] = [
    |l| twice(l, "x-road-client"),
    |l| twice(l, "x-road-id"),
    |l| twice(l, "signature"),
    |l| twice(l, "signature-input"),
    |l| twice(l, "lienthong-commitment"),
    |l| twice(l, "lienthong-salt"),
];

fn twice(mut letter: Letter, name: &'static str) -> Letter {
    let value = letter.headers[name].clone();
    letter.headers.append(name, value);
    letter
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_signature_that_leaves_out_a_component_is_refused() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let whole = Draft::new(&pair).seal(&intruder.signer);
    for left_out in COVERED {
        let ids: Vec<_> = COVERED.into_iter().filter(|id| *id != left_out).collect();
        let letter = whole.clone().signed_over(&ids, &intruder.signer, TAG_REQUEST);
        intruder.send(&letter).await.is_refused(&Reason::PeerMessage("").at_provider());
    }
    assert_eq!(pair.service.count(), 0);
    let letter = whole.signed_over(&COVERED, &intruder.signer, TAG_REQUEST);
    intruder.send(&letter).await.is_answered();
    pair.audit().await;
}

/// The stranger's node sends what the draft says, signed as the draft wants.
async fn from_stranger(pair: &Pair, draft: &Draft, as_consumer: bool) -> Answer {
    let intruder = Intruder::new(pair, &pair.world.stranger);
    let consumer = pair.world.consumer.signer(Mode::Single);
    intruder.send(&draft.seal(if as_consumer { &consumer } else { &intruder.signer })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_speaks_only_for_its_own_systems_and_only_with_their_members_key() {
    let pair = Pair::new().await;
    let draft = || Draft::new(&pair);
    let stolen = from_stranger(&pair, &draft(), true).await;
    stolen.is_refused(&Reason::SenderNotAllowed.at_provider());
    let pretended = from_stranger(&pair, &draft(), false).await;
    pretended.is_refused(&Reason::SenderNotAllowed.at_provider());
    let own = Draft { client: pair.world.stranger.system.party(), ..draft() };
    let borrowed_key = from_stranger(&pair, &own, true).await;
    borrowed_key.is_refused(&Reason::SigningCertificate("").at_provider());
    from_stranger(&pair, &own, false).await.is_refused(&Reason::NotGranted.at_provider());
    let unknown = Draft { client: "VN-TEST/GOV/H17/LA".parse().unwrap(), ..draft() };
    let intruder = Intruder::consumer(&pair);
    let unknown = intruder.send(&unknown.seal(&intruder.signer)).await;
    unknown.is_refused(&Reason::SenderNotAllowed.at_provider());
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_for_another_node_is_refused_also_when_it_is_well_signed() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let draft = Draft { to: pair.world.stranger.node.clone(), ..Draft::new(&pair) };
    let answer = intruder.send(&draft.seal(&intruder.signer)).await;
    answer.is_refused(&Reason::Misaddressed.at_provider());
    assert_eq!(pair.service.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_does_not_rely_on_the_consumers_node_having_checked() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let draft = || Draft::new(&pair);
    let cases = [
        (Draft { method: "BREW".parse().unwrap(), ..draft() }, Reason::Method),
        (Draft { id: "x".repeat(256), ..draft() }, Reason::PeerMessage("")),
        (Draft { id: "a\tb".into(), ..draft() }, Reason::PeerMessage("")),
        (Draft { more: vec![("x-road-userid", "")], ..draft() }, Reason::HeaderInvalid("")),
    ];
    for (draft, reason) in cases {
        let answer = intruder.send(&draft.seal(&intruder.signer)).await;
        answer.is_refused(&reason.at_provider());
    }
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_could_escape_is_refused_by_the_provider_too() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let honest = Draft::new(&pair).seal(&intruder.signer);
    let letter = Letter { target: format!("{SERVICE}/%2e%2e/bi-mat"), ..honest };
    intruder.send(&letter).await.is_refused(&Reason::PathUnsafe.at_provider());
    assert_eq!(pair.service.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_cut_is_recorded_as_refused_and_not_forwarded() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    intruder.send_half(&Draft::new(&pair).seal(&intruder.signer)).await;
    // The record is written by the provider's node in its own time; a later call comes after it.
    let mut parts = Vec::new();
    for _ in 0..200 {
        parts = audit::records(&pair.provider.db).await;
        if !parts.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let codes: Vec<_> = parts.iter().map(|r| r.outcome.as_ref().unwrap().code.unwrap()).collect();
    assert_eq!(codes, [Reason::BodyIncomplete.at_provider().code()]);
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_signed_by_the_provider_and_bound_to_the_question() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let mut draft = Draft::new(&pair);
    draft.target = format!("{CLOSED}/nguoi");
    draft.service = "VN-TEST/GOV/G01/DANCU/kin".parse().unwrap();
    let letter = draft.seal(&intruder.signer);
    let answer = intruder.send(&letter).await;
    answer.is_refused(&Reason::NotGranted.at_provider());
    let sealed = peer::read_response(answer.status, &answer.headers, &letter.bound).unwrap();
    let provider = &pair.world.provider.sign;
    let trust = pair.world.at_consumer.borrow().clone().unwrap();
    trust.trust().check(provider, Purpose::Sign, START).unwrap();
    provider.public_key().unwrap().verify(sealed.base.as_bytes(), &sealed.signature).unwrap();
    assert!(sealed.base.contains("\"x-road-error\": server.serverproxy.access_denied"));
    let other = peer::Bound { signature: ":AAAA:".into(), batch: None };
    let sealed = peer::read_response(answer.status, &answer.headers, &other).unwrap();
    provider.public_key().unwrap().verify(sealed.base.as_bytes(), &sealed.signature).unwrap_err();
}

/// Three questions under one signature.
fn batch_of_three(pair: &Pair, intruder: &Intruder) -> Vec<Letter> {
    let drafts: Vec<_> = ["a", "b", "c"].map(|id| Draft { id: id.into(), ..Draft::new(pair) }).into();
    let waiting: Vec<_> = drafts.iter().map(|d| d.unsigned(&intruder.signer)).collect();
    let leaves: Vec<_> = waiting.iter().map(|(_, unsigned, _)| batch::leaf(&unsigned.base)).collect();
    let (root, paths) = batch::batch_tree(&leaves);
    let bytes = intruder.signer.sign_bytes(batch::batch_text(&root).as_bytes()).unwrap();
    let places = (0..3).zip(paths).map(|(index, path)| BatchPlace::new(index, 3, path).unwrap());
    let sign = |((mut letter, unsigned, digest), place): ((Letter, peer::Unsigned, Option<[u8; 32]>), _)| {
        let signature = Signature { bytes: bytes.clone(), batch: Some(place) };
        letter.sign(&unsigned, &signature, digest.as_ref());
        letter
    };
    waiting.into_iter().zip(places).map(sign).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_place_in_a_batch_is_refused() {
    let pair = Pair::new().await;
    let intruder = Intruder::consumer(&pair);
    let letters = batch_of_three(&pair, &intruder);
    let place = |letter: &Letter| letter.headers["lienthong-batch"].to_str().unwrap().to_owned();
    let other = crypto::b64::encode(&[0; 32]);
    let own = place(&letters[2]);
    let (start, _) = own.split_once("(:").unwrap();
    for (letter, place) in [
        (&letters[0], place(&letters[1])),
        (&letters[0], "index=0, size=1, path=()".to_owned()),
        (&letters[2], format!("{start}(:{other}:)")),
    ] {
        let answer = intruder.send(&letter.clone().with("lienthong-batch", &place)).await;
        answer.is_refused(&Reason::Signature.at_provider());
    }
    let answer = intruder.send(&letters[0].clone().without("lienthong-batch")).await;
    answer.is_refused(&Reason::Signature.at_provider());
    let answer = intruder.send(&letters[0].clone().with("lienthong-batch", "index=9, size=3, path=()")).await;
    answer.is_refused(&Reason::PeerMessage("").at_provider());
    assert_eq!(pair.service.count(), 0);
    for letter in &letters {
        intruder.send(letter).await.is_answered();
    }
    pair.audit().await;
}
