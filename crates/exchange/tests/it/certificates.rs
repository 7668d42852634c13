//! Certificates that are over, revoked, somebody else's or nobody's; on new connections and on those kept alive.

use std::sync::Arc;

use base::Clock as _;
use crypto::certificate::Certificate;
use exchange::error::{CallError, Reason};
use exchange::signer::Mode;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;

use crate::impostor::{Forgery, Impostor};
use crate::intruder::{Draft, Intruder};
use crate::pair::{Options, Pair};
use crate::party::{Lives, Party};
use crate::world::{World, authority};

const SHORT: i64 = 1;

/// After one good call both nodes live on until the certificate is over.
async fn over(options: Options, expected: &CallError) {
    let pair = Pair::with(options).await;
    pair.get("/x").await.is_answered();
    pair.days_later(SHORT + 1);
    pair.get("/x").await.is_refused(expected);
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_own_signing_certificate_is_over_sets_nothing_in_motion() {
    let lives = Lives { sign: SHORT, ..Lives::default() };
    let own = Reason::CannotSign("expired").at_consumer();
    over(Options { consumer: lives, ..Options::default() }, &own).await;
    // The provider's node says so too, but nobody can believe its signature.
    let peers = Reason::SigningCertificate("expired").at_consumer();
    over(Options { provider: lives, ..Options::default() }, &peers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_signed_with_a_certificate_that_is_over_is_refused() {
    let lives = Lives { sign: SHORT, ..Lives::default() };
    let pair = Pair::with(Options { consumer: lives, ..Options::default() }).await;
    pair.days_later(SHORT + 1);
    let intruder = Intruder::consumer(&pair);
    let draft = Draft { at: pair.provider.clock.now(), ..Draft::new(&pair) };
    let answer = intruder.send(&draft.seal(&intruder.signer)).await;
    answer.is_refused(&Reason::SigningCertificate("expired").at_provider());
    assert_eq!(pair.service.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_whose_tls_certificate_is_refused_in_the_handshake_is_told_so() {
    for _ in 0..10 {
        let mut pair = Pair::new().await;
        let news = pair.world.revoke(&pair.world.consumer.tls.clone());
        pair.world.at_provider.send_replace(Some(news));
        pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_consumer());
        assert_eq!(pair.service.count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tls_certificate_that_is_over_ends_connections_that_were_kept_alive() {
    let lives = Lives { tls: SHORT, ..Lives::default() };
    let refused = Reason::PeerCertificate;
    over(Options { consumer: lives, ..Options::default() }, &refused.clone().at_provider()).await;
    over(Options { provider: lives, ..Options::default() }, &refused.at_consumer()).await;
}

#[derive(Clone, Copy)]
enum Learns {
    Consumer,
    Provider,
}

/// After one good call one of the nodes learns that the certificate was revoked.
async fn revoked(which: fn(&World) -> Certificate, learns: Learns, expected: &CallError) {
    let mut pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    let certificate = which(&pair.world);
    let news = pair.world.revoke(&certificate);
    let learning = match learns {
        Learns::Consumer => &pair.world.at_consumer,
        Learns::Provider => &pair.world.at_provider,
    };
    learning.send_replace(Some(news));
    pair.get("/x").await.is_refused(expected);
    let answered_before = usize::from(matches!(learns, Learns::Consumer)) + 1;
    assert!(pair.service.count() <= answered_before);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_tls_certificate_ends_connections_that_were_kept_alive() {
    let refused = Reason::PeerCertificate;
    revoked(|w| w.consumer.tls.clone(), Learns::Provider, &refused.clone().at_provider()).await;
    revoked(|w| w.provider.tls.clone(), Learns::Consumer, &refused.at_consumer()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_a_node_whose_tls_certificate_was_revoked() {
    let mut pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    let news = pair.world.revoke(&pair.world.provider.tls.clone());
    pair.world.at_consumer.send_replace(Some(news));
    pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_consumer());
    assert_eq!(pair.service.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_signing_certificate_signs_nothing_from_the_next_directory_on() {
    let refused = Reason::SigningCertificate("revoked");
    revoked(|w| w.consumer.sign.clone(), Learns::Provider, &refused.clone().at_provider()).await;
    revoked(|w| w.provider.sign.clone(), Learns::Consumer, &refused.at_consumer()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_left_the_directory_is_refused_on_connections_that_were_kept_alive() {
    let mut pair = Pair::new().await;
    pair.get("/x").await.is_answered();
    let gone = pair.world.consumer.node.clone();
    let news = pair.world.edit(|content| content.nodes.retain(|n| n.id != gone));
    pair.world.at_provider.send_replace(Some(news));
    pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_provider());
    assert_eq!(pair.service.count(), 1);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_an_unknown_authority_count_for_nothing_even_in_the_directory() {
    let mut pair = Pair::new().await;
    let elsewhere = authority("CA khac");
    let provider = Party::new(&elsewhere, "G01", "DANCU", Lives::default());
    let consumer = Party::new(&elsewhere, "H17", "MOTCUA", Lives::default());
    pair.world.publish(|content| {
        content.members[0].signing_certificates.push(consumer.sign.clone());
        content.nodes[0].tls_certificates.push(consumer.tls.clone());
        content.nodes[1].tls_certificates.push(provider.tls.clone());
    });
    let honest = Intruder::consumer(&pair);
    let letter = Draft::new(&pair).seal(&consumer.signer(Mode::Single));
    honest.send(&letter).await.is_refused(&Reason::SigningCertificate("").at_provider());
    assert!(!Intruder::new(&pair, &consumer).is_let_in(&Draft::new(&pair).seal(&honest.signer)).await);
    let _impostor = Impostor::start(&mut pair, &provider, |_| panic!("a question came")).await;
    pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_consumer());
    assert_eq!(pair.service.count(), 0);
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signing_certificate_that_names_another_member_signs_nothing() {
    for consumers in [true, false] {
        let mut pair = Pair::new().await;
        // A clerk of the centre mixed two members up.
        let mixed_up = pair.world.edit(|content| {
            let taken = std::mem::take(&mut content.members[2].signing_certificates);
            let other =
                std::mem::replace(&mut content.members[usize::from(!consumers)].signing_certificates, taken);
            content.members[2].signing_certificates = other;
        });
        let (learning, expected) = if consumers {
            (&pair.world.at_provider, Reason::SigningCertificate("").at_provider())
        } else {
            (&pair.world.at_consumer, Reason::SigningCertificate("").at_consumer())
        };
        learning.send_replace(Some(mixed_up));
        pair.get("/x").await.is_refused(&expected);
        pair.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_in_anothers_place_gets_no_question() {
    for in_directory in [true, false] {
        let mut pair = Pair::new().await;
        let nobody = Party::new(&pair.world.ca, "H99", "AI", Lives::default());
        let party = if in_directory { pair.world.stranger.clone() } else { Arc::new(nobody) };
        let _impostor = Impostor::start(&mut pair, &party, |_| panic!("a question came")).await;
        pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_consumer());
        pair.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_with_a_certificate_that_is_not_in_the_directory_is_not_let_in() {
    let pair = Pair::new().await;
    let nobody = Party::new(&pair.world.ca, "H99", "AI", Lives::default());
    let other = Party::new(&authority("CA khac"), "H17", "MOTCUA", Lives::default());
    for party in [nobody, other] {
        let intruder = Intruder::new(&pair, &party);
        let letter = Draft::new(&pair).seal(&pair.world.consumer.signer(Mode::Single));
        assert!(!intruder.is_let_in(&letter).await);
    }
    assert_eq!(pair.service.count(), 0);
    assert!(crate::audit::records(&pair.provider.db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_without_a_certificate_is_not_let_in() {
    let pair = Pair::new().await;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(tls::Anybody))
        .with_no_client_auth();
    // In TLS 1.3 the client learns of it when it reads.
    assert!(tls::first_bytes(pair.provider.nodes, config).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_speaks_only_tls_1_2_is_refused_in_the_handshake() {
    let pair = Pair::new().await;
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(tls::Anybody))
        .with_no_client_auth();
    let error = tls::first_bytes(pair.provider.nodes, config).await.unwrap_err();
    assert!(error.to_string().contains("ProtocolVersion"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_speaks_only_tls_1_2_gets_no_question() {
    let mut pair = Pair::new().await;
    let address = tls::old_server(&pair.world.provider).await;
    pair.world.moved(&pair.world.provider.node.clone(), address);
    pair.get("/x").await.is_refused(&Reason::PeerCertificate.at_consumer());
    pair.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_taken_from_the_right_node() {
    // The counterpart of the tests above: what they refuse is not refused for another reason.
    let mut pair = Pair::new().await;
    let provider = pair.world.provider.clone();
    let signer = provider.signer(Mode::Single);
    let _impostor =
        Impostor::start(&mut pair, &provider, move |asked| Forgery::to(asked).seal(&signer)).await;
    let answer = pair.get("/x").await;
    answer.is_answered();
    assert_eq!(&*answer.body, b"tra loi");
    pair.audit().await;
}

/// TLS as no node speaks it.
mod tls {
    use std::io;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use crate::party::Party;
    use crypto::sign::KeyStore;

    /// Connects, asks something and reads until the end.
    pub async fn first_bytes(address: SocketAddr, config: ClientConfig) -> io::Result<usize> {
        let tcp = TcpStream::connect(address).await?;
        let name = ServerName::try_from("node").unwrap();
        let mut tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        tls.write_all(b"GET / HTTP/1.1\r\nhost: node\r\n\r\n").await?;
        tls.read(&mut [0; 16]).await
    }

    /// A server with the right certificate and the wrong version.
    pub async fn old_server(party: &Party) -> SocketAddr {
        let chain = vec![CertificateDer::from(party.tls.der().to_vec())];
        let key = CertifiedKey::new(chain, party.keys.tls_key("tls").unwrap());
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS12])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((tcp, _)) = listener.accept().await {
                let _ = acceptor.accept(tcp).await;
            }
        });
        address
    }

    #[derive(Debug)]
    pub struct Anybody;

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
}
