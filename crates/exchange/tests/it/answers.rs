//! Answers that are altered, made up, cut, late or another's: the consumer's node passes none of them on.

use bytes::Bytes;
use evidence::record::CallPart;
use exchange::body::OutBody;
use exchange::error::Reason;
use exchange::signer::{Mode, Signer};
use exchange::wire::headers;
use http::{Method, StatusCode};

use crate::audit;
use crate::impostor::{Asked, Forgery, Impostor, Message};
use crate::intruder::half_body;
use crate::pair::{Options, Pair};
use crate::party::START;

type Lie = fn(&Asked, &Signer) -> Message;

/// The consumer's node refuses each answer for its reason, and records that it did.
async fn refused(cases: Vec<(&str, Reason, Lie)>) {
    for (what, reason, lie) in cases {
        let mut pair = Pair::new().await;
        let provider = pair.world.provider.clone();
        let signer = provider.signer(Mode::Single);
        let _impostor = Impostor::start(&mut pair, &provider, move |asked| lie(asked, &signer)).await;
        let answer = pair.ask(pair.question(Method::POST, "/x"), "cau hoi").await;
        println!("{what}");
        let expected = reason.at_consumer();
        answer.is_refused(&expected);
        let records = audit::records(&pair.consumer.db).await;
        let found: Vec<_> = records.iter().map(|r| (r.part, r.outcome.as_ref().unwrap().code)).collect();
        assert_eq!(found, [(CallPart::Refusal, Some(expected.code()))], "{what}");
        pair.audit().await;
    }
}

fn honest(asked: &Asked, signer: &Signer) -> Message {
    Forgery::to(asked).seal(signer)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_altered_on_the_way_is_refused() {
    let broken = Reason::PeerMessage("");
    refused(vec![
        ("status", Reason::Signature, |a, s| Message { status: StatusCode::ACCEPTED, ..honest(a, s) }),
        ("header", Reason::Commitment, |a, s| honest(a, s).with("x-cua-toi", "2")),
        ("header added", Reason::Commitment, |a, s| honest(a, s).with("x-moi", "1")),
        ("header removed", Reason::Commitment, |a, s| honest(a, s).without("x-cua-toi")),
        ("body", Reason::Commitment, |a, s| {
            honest(a, s).saying(OutBody::from_bytes(Bytes::from_static(b"tra loj")))
        }),
        ("no body", Reason::Commitment, |a, s| honest(a, s).saying(OutBody::empty())),
        ("body cut", broken.clone(), |a, s| honest(a, s).saying(half_body())),
        ("digest", Reason::Commitment, |a, s| honest(a, s).without("content-digest")),
        ("commitment", Reason::Signature, |a, s| {
            let other = crypto::b64::encode(&[0; 32]);
            honest(a, s).with("lienthong-commitment", &format!("head=:{other}:, body=:{other}:"))
        }),
        ("salt", Reason::Commitment, |a, s| {
            let other = crypto::b64::encode(&[0; 32]);
            honest(a, s).with("lienthong-salt", &format!("head=:{other}:, body=:{other}:"))
        }),
        ("error added", broken, |a, s| honest(a, s).with("x-road-error", "server.serverproxy.gia")),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_who_may_has_signed_is_refused() {
    let broken = Reason::PeerMessage("");
    refused(vec![
        ("unsigned", broken.clone(), |_, _| Message {
            status: StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: OutBody::from_bytes("tra loi"),
        }),
        ("unsigned redirect", broken.clone(), |_, _| Message {
            status: StatusCode::FOUND,
            headers: [(http::header::LOCATION, "http://127.0.0.1:1/".parse().unwrap())].into_iter().collect(),
            body: OutBody::empty(),
        }),
        ("signature removed", broken.clone(), |a, s| honest(a, s).without("signature")),
        ("signature", Reason::Signature, |a, s| {
            honest(a, s).with("signature", &crypto::http_signature::signature_value("lt", &[1; 64]))
        }),
        ("batch", Reason::Signature, |a, s| honest(a, s).with("lienthong-batch", "index=0, size=1, path=()")),
        ("not bound", broken, |a, s| honest(a, s).unbound(s)),
        ("old", Reason::ClockSkew(60), |a, s| {
            Forgery { at: START.plus_secs(-600), ..Forgery::to(a) }.seal(s)
        }),
        ("early", Reason::ClockSkew(60), |a, s| {
            Forgery { at: START.plus_secs(600), ..Forgery::to(a) }.seal(s)
        }),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_well_signed_answer_that_names_another_call_is_refused() {
    let other = Reason::Inconsistent;
    refused(vec![
        ("message id", other.clone(), |a, s| Forgery::to(a).with(&headers::ID, "khac").seal(s)),
        ("request id", other.clone(), |a, s| Forgery::to(a).with(&headers::REQUEST_ID, "khac").seal(s)),
        ("client", other.clone(), |a, s| {
            Forgery::to(a).with(&headers::CLIENT, "VN-TEST/GOV/H48/KHAC").seal(s)
        }),
        ("hash", other.clone(), |a, s| Forgery::to(a).with(&headers::REQUEST_HASH, "khac").seal(s)),
        ("no hash", other.clone(), |a, s| {
            let mut forgery = Forgery::to(a);
            forgery.own.retain(|(name, _)| *name != headers::REQUEST_HASH);
            forgery.seal(s)
        }),
        ("service", other, |a, s| {
            Forgery { service: "VN-TEST/GOV/G01/DANCU/kin".into(), ..Forgery::to(a) }.seal(s)
        }),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_signed_by_another_member_is_refused() {
    let mut pair = Pair::new().await;
    let provider = pair.world.provider.clone();
    let signers = [&pair.world.stranger, &pair.world.consumer].map(|p| p.signer(Mode::Single));
    let mut next = signers.into_iter().cycle();
    let lie = move |asked: &Asked| honest(asked, &next.next().unwrap());
    let _impostor = Impostor::start(&mut pair, &provider, lie).await;
    for _ in 0..2 {
        pair.get("/x").await.is_refused(&Reason::SigningCertificate("").at_consumer());
    }
    pair.audit().await;
}

/// The answer to the first call is given to the second, as `relabel` makes it fit.
async fn swapped(relabel: fn(Message, &Asked) -> Message, expected: Reason) {
    let mut pair = Pair::new().await;
    let provider = pair.world.provider.clone();
    let signer = provider.signer(Mode::Single);
    let mut first: Option<Asked> = None;
    let lie = move |asked: &Asked| match &first {
        None => {
            first = Some(asked.clone());
            honest(asked, &signer)
        }
        Some(first) => relabel(honest(first, &signer), asked),
    };
    let _impostor = Impostor::start(&mut pair, &provider, lie).await;
    // Both calls bear the same id and ask the same, so that only the request id tells them apart.
    let ask = || pair.ask(pair.question(Method::GET, "/x").header("X-Road-Id", "mot"), "");
    ask().await.is_answered();
    ask().await.is_refused(&expected.at_consumer());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_one_call_is_not_taken_for_another() {
    swapped(|message, _| message, Reason::Inconsistent).await;
    swapped(relabelled, Reason::Signature).await;
}

/// Everything that names the call names the other one; only the signature does not.
fn relabelled(message: Message, asked: &Asked) -> Message {
    let honest = Forgery::to(asked);
    let value = |name: &http::HeaderName| {
        honest.own.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()).unwrap()
    };
    let message = message.with("x-road-request-id", &value(&headers::REQUEST_ID));
    message.with("x-road-request-hash", &value(&headers::REQUEST_HASH))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_nothing_or_nonsense_is_named() {
    let options = Options {
        consumer_limits: exchange::Limits { call_s: 1, ..exchange::Limits::default() },
        ..Options::default()
    };
    for (bytes, expected) in [
        (None, Reason::PeerTimeout(1)),
        (Some(&b""[..]), Reason::PeerMessage("")),
        (Some(b"khong phai HTTP\r\n\r\n"), Reason::PeerMessage("")),
        (Some(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nnua"), Reason::PeerMessage("")),
    ] {
        let mut pair = Pair::with(options).await;
        let address = babbler::start(&pair, bytes).await;
        pair.world.moved(&pair.world.provider.node.clone(), address);
        pair.get("/x").await.is_refused(&expected.at_consumer());
        assert_eq!(audit::records(&pair.consumer.db).await.len(), 1);
        pair.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_is_named() {
    let mut pair = Pair::new().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    pair.world.moved(&pair.world.provider.node.clone(), nobody);
    pair.get("/x").await.is_refused(&Reason::PeerUnreachable.at_consumer());
    pair.audit().await;
}

/// The right certificate in front of the wrong bytes.
mod babbler {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;

    use exchange::tls::NodeVerifier;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use crate::pair::Pair;

    /// Answers everybody with the same bytes and closes; without bytes it stays silent.
    pub async fn start(pair: &Pair, bytes: Option<&'static [u8]>) -> SocketAddr {
        let clock = pair.provider.clock.clone();
        let verifier = NodeVerifier::new(pair.world.at_provider.subscribe(), Arc::default(), clock, None);
        let tls = TlsAcceptor::from(pair.world.provider.identity().accept_nodes(verifier).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((tcp, _)) = listener.accept().await {
                let mut stream = tls.accept(tcp).await.unwrap();
                let _ = stream.read(&mut [0; 8192]).await;
                match bytes {
                    Some(bytes) => {
                        let _ = stream.write_all(bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    None => silent.push(stream),
                }
            }
        });
        address
    }
}
