//! TLS between nodes and towards information systems: who is accepted.

use std::sync::Arc;

use base::{Clock, MemberId, NodeId};
use crypto::certificate::{Certificate, Purpose};
use crypto::sign::KeyStore;
use directory::snapshot::Snapshot;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme, SupportedProtocolVersion,
};
use tokio::sync::watch;

use crate::standing::Standing;

/// The latest directory, if there ever was one.
pub type DirectoryWatch = watch::Receiver<Option<Arc<Snapshot>>>;

/// Accepts a node by the directory: the certificate is one that the directory names, and is in force.
pub struct NodeVerifier {
    directory: DirectoryWatch,
    standing: Arc<Standing>,
    clock: Arc<dyn Clock>,
    expected: Option<NodeId>,
    owner: Option<MemberId>,
    provider: Arc<CryptoProvider>,
}

impl std::fmt::Debug for NodeVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeVerifier({:?})", self.expected.as_ref().map(ToString::to_string))
    }
}

impl NodeVerifier {
    /// A verifier for connections with `expected`, or with any node.
    pub fn new(
        directory: DirectoryWatch,
        standing: Arc<Standing>,
        clock: Arc<dyn Clock>,
        expected: Option<NodeId>,
    ) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        Self { directory, standing, clock, expected, owner: None, provider }
    }

    /// The same, but only for nodes of this member.
    #[must_use]
    pub fn owned_by(self, owner: MemberId) -> Self {
        Self { owner: Some(owner), ..self }
    }

    fn judge(&self, leaf: &CertificateDer<'_>, purpose: Purpose) -> Result<(), Error> {
        let directory = self.directory.borrow().clone().ok_or(CertificateError::UnknownIssuer)?;
        let name = crypto::hash::sha256(&[leaf]);
        let node = directory.node_by_tls(&name).ok_or(CertificateError::UnknownIssuer)?;
        let other_node = self.expected.as_ref().is_some_and(|expected| *expected != node.id);
        if other_node || self.owner.as_ref().is_some_and(|owner| *owner != node.id.owner) {
            return Err(CertificateError::NotValidForName.into());
        }
        let known = node.tls_certificates.iter().find(|c| c.fingerprint() == name);
        let certificate = known.ok_or(CertificateError::UnknownIssuer)?;
        self.standing.check(&directory, certificate, purpose, self.clock.now()).map_err(|error| {
            tracing::warn!(node = %node.id, %error, "TLS certificate refused (EX-0402)");
            Error::from(as_alert(&error))
        })
    }
}

fn as_alert(error: &crypto::certificate::CertificateError) -> CertificateError {
    use crypto::certificate::CertificateError as Ours;
    match error {
        Ours::Expired { .. } => CertificateError::Expired,
        Ours::NotYetValid { .. } => CertificateError::NotValidYet,
        Ours::Revoked { .. } => CertificateError::Revoked,
        Ours::UnknownAuthority => CertificateError::UnknownIssuer,
        _ => CertificateError::ApplicationVerificationFailure,
    }
}

impl ServerCertVerifier for NodeVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // Names mean nothing between nodes: the directory says which certificates are whose.
        self.judge(leaf, Purpose::TlsServer).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for NodeVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(leaf, Purpose::TlsClient).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 only".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes any certificate whose key the peer owns, or exactly one of a list; the caller compares later when open.
#[derive(Debug)]
struct Pinned {
    allowed: Option<Vec<[u8; 32]>>,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn judge(&self, leaf: &CertificateDer<'_>) -> Result<(), Error> {
        let name = crypto::hash::sha256(&[leaf]);
        match &self.allowed {
            Some(allowed) if !allowed.contains(&name) => Err(CertificateError::UnknownIssuer.into()),
            _ => Ok(()),
        }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(leaf).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(leaf).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// For looking at a listener from outside: one version of TLS, exactly this certificate, no certificate of its own.
///
/// # Errors
/// rustls refuses.
pub fn probe(
    certificate: &Certificate,
    version: &'static SupportedProtocolVersion,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Pinned { allowed: Some(vec![certificate.fingerprint()]), provider: provider.clone() };
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version])?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// This node's own TLS key and certificate.
#[derive(Clone)]
pub struct Identity(Arc<SingleCertAndKey>);

/// Why a TLS configuration cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key store has no usable key of that label.
    #[error(transparent)]
    Key(#[from] crypto::sign::KeyError),
    /// Key and certificate do not belong together.
    #[error("the TLS certificate is not for the key {0:?}")]
    Mismatch(String),
    /// rustls refuses the combination.
    #[error(transparent)]
    Tls(#[from] Error),
}

impl Identity {
    /// The key `label` with its certificate.
    ///
    /// # Errors
    /// No such key, or a certificate of another key.
    pub fn new(keys: &dyn KeyStore, label: &str, certificate: &Certificate) -> Result<Self, TlsError> {
        let chain = vec![CertificateDer::from(certificate.der().to_vec())];
        let certified = CertifiedKey::new(chain, keys.tls_key(label)?);
        certified.keys_match().map_err(|_| TlsError::Mismatch(label.to_owned()))?;
        Ok(Self(Arc::new(SingleCertAndKey::from(certified))))
    }

    /// For the listener that other nodes call: TLS 1.3, both certificates, no resumption (a resumed session would
    /// skip the check of a certificate revoked since).
    ///
    /// # Errors
    /// rustls refuses.
    pub fn accept_nodes(&self, verifier: NodeVerifier) -> Result<Arc<ServerConfig>, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?;
        let mut config =
            builder.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(self.0.clone());
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// For calling another node.
    ///
    /// # Errors
    /// rustls refuses.
    pub fn call_node(&self, verifier: NodeVerifier) -> Result<Arc<ClientConfig>, TlsError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?;
        Ok(self.client(builder, Arc::new(verifier)))
    }

    /// For the listener that information systems call: TLS 1.2 for old systems too; their certificates are compared
    /// with the registered ones when the subsystem is known.
    ///
    /// # Errors
    /// rustls refuses.
    pub fn accept_systems(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Pinned { allowed: None, provider: provider.clone() };
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(Arc::new(builder.with_client_cert_verifier(Arc::new(verifier)).with_cert_resolver(self.0.clone())))
    }

    /// For calling an `https` service that shows one of `certificates`.
    ///
    /// # Errors
    /// rustls refuses.
    pub fn call_system(&self, certificates: &[Certificate]) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let allowed = certificates.iter().map(Certificate::fingerprint).collect();
        let verifier = Pinned { allowed: Some(allowed), provider: provider.clone() };
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(self.client(builder, Arc::new(verifier)))
    }

    fn client(
        &self,
        builder: rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Arc<ClientConfig> {
        let mut config = builder
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(self.0.clone());
        config.resumption = rustls::client::Resumption::disabled();
        Arc::new(config)
    }
}
