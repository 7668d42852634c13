//! A directory to test with.

use std::path::Path;
use std::sync::Arc;

use base::{FakeClock, NodeId, PartyId, Ts};
use crypto::ca::SmallCa;
use crypto::certificate::Certificate;
use crypto::sign::{Algorithm, Passphrase};
use directory::authority::Options;
use directory::content::{self, Content, Group, Node, TimestampAuthority};
use directory::{Authority, Client, Limits};
use tempfile::TempDir;

/// 2026-11-21T03:00:00Z.
pub const NOW: Ts = Ts::from_secs(1_795_230_000);
pub const DAY: i64 = 86_400;

pub fn id<T: std::str::FromStr<Err = base::IdError>>(text: &str) -> T {
    text.parse().unwrap()
}

pub fn ca(name: &str) -> SmallCa {
    SmallCa::create(name, Algorithm::EcdsaP256Sha256, NOW).unwrap()
}

/// Some certificate; the directory does not mind who issued it.
pub fn certificate(name: &str) -> Certificate {
    ca(name).certificate()
}

/// Two members, two nodes, an authority with its revocation list, a time-stamping authority, a group.
pub fn content() -> Content {
    let mut content = Content::empty(id("VN-DEMO"), NOW);
    content.put_member(id("VN-DEMO/GOV/G01"), "Bộ Công an");
    content.put_member(id("VN-DEMO/GOV/H17"), "Thành phố Đà Nẵng");
    for (member, code, name) in [("G01", "DANCU", "Cơ sở dữ liệu dân cư"), ("H17", "MOTCUA", "Một cửa")]
    {
        let member = id(&format!("VN-DEMO/GOV/{member}"));
        content.put_subsystem(&member, &id(code), name).unwrap();
        content.put_signing_certificate(&member, certificate(name)).unwrap();
        let node: NodeId = id(&format!("{member}/N1"));
        content.put_node(Node {
            id: node.clone(),
            addresses: vec![
                "127.0.0.1:5500".to_owned(),
                "[::1]:5500".to_owned(),
                "nut-1.vi-du.vn:5500".to_owned(),
            ],
            tls_certificates: Vec::new(),
            subsystems: vec![id(&format!("{member}/{code}"))],
            maintenance: None,
        });
        content.put_tls_certificate(&node, certificate(code)).unwrap();
    }
    let authority = ca("CA VN-DEMO");
    content.put_authority(content::Authority {
        name: "CA VN-DEMO".to_owned(),
        certificate: authority.certificate(),
        intermediates: Vec::new(),
        crl_url: Some("http://ca.vi-du.vn/ca.crl".to_owned()),
        ocsp_url: None,
    });
    content.put_crl(authority.crl(NOW, NOW.plus_secs(DAY)).unwrap());
    content.put_timestamp_authority(TimestampAuthority {
        name: "TSA VN-DEMO".to_owned(),
        url: "http://tsa.vi-du.vn/".to_owned(),
        certificate: certificate("TSA"),
    });
    let parties: Vec<PartyId> = vec![id("VN-DEMO/GOV/H17/MOTCUA"), id("VN-DEMO/GOV/G01")];
    content.put_group(Group { id: id("VN-DEMO/TINH"), parties });
    content
}

pub fn passphrase() -> Passphrase {
    Passphrase::new("correct horse battery staple".to_owned()).unwrap()
}

/// An authority with the content above, not published, in a folder of its own.
pub async fn authority(now: Ts) -> (TempDir, Authority) {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new(id("VN-DEMO"));
    let mut authority = Authority::create(&dir.path().join("a"), options, &passphrase(), now).await.unwrap();
    authority.replace(content().to_json().as_bytes()).unwrap();
    (dir, authority)
}

/// A client whose clock stands at `NOW` until it is moved.
pub fn client(root: &Path, cache: &Path, url: &str) -> (Client, Arc<FakeClock>) {
    client_with(root, cache, url, Limits::default())
}

pub fn client_with(root: &Path, cache: &Path, url: &str, limits: Limits) -> (Client, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::at(NOW));
    let client = Client::new(root, cache, url, limits).unwrap();
    (client.with_clock(Arc::clone(&clock) as Arc<dyn base::Clock>), clock)
}
