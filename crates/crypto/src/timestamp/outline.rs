//! The few fields of a token that its signature does not cover and `tsp-ltv` does not look at.
//!
//! They change nothing about what a token proves. They are checked so that a token has no byte that could be altered
//! without notice.

use tsp_ltv::der_utils::parse_tlv_with_rest;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
/// `[0]`, of the content of `ContentInfo` and of the certificates.
const CONTENT: u8 = 0xa0;
/// `[0] IMPLICIT SubjectKeyIdentifier`, the other way to name a signer.
const KEY_IDENTIFIER: u8 = 0x80;

/// Elements of DER one after the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, body, rest) = parse_tlv_with_rest(self.0).ok()?;
        self.0 = rest;
        Some((tag, body))
    }

    fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|(found, _)| *found == tag).map(|(_, body)| body)
    }

    /// The last element.
    fn last(mut self, tag: u8) -> Option<&'a [u8]> {
        let mut last = self.any()?;
        while !self.0.is_empty() {
            last = self.any()?;
        }
        (last.0 == tag).then_some(last.1)
    }
}

/// RFC 5652 section 5.1 and 5.3: versions are what the content demands, the one digest algorithm announced is the one
/// that the signer used, and signatures of certificates are whole bytes.
pub(super) fn is_regular(token: &[u8]) -> Option<()> {
    let mut outer = Elements(token);
    let mut info = Elements(outer.next(SEQUENCE)?);
    // contentType; the library has checked it.
    info.any()?;
    let mut data = Elements(Elements(info.next(CONTENT)?).next(SEQUENCE)?);
    let version = data.next(INTEGER)?;
    let announced = data.next(SET)?;
    // encapContentInfo, which is signed.
    data.any()?;
    let mut certificates = Elements(data.next(CONTENT)?);
    while !certificates.0.is_empty() {
        let signature = Elements(certificates.next(SEQUENCE)?).last(BIT_STRING)?;
        signature.first().filter(|unused_bits| **unused_bits == 0)?;
    }
    let mut signer = Elements(Elements(data.last(SET)?).next(SEQUENCE)?);
    let signer_version = signer.next(INTEGER)?;
    let expected_version = match signer.any()?.0 {
        SEQUENCE => 1,
        KEY_IDENTIFIER => 3,
        _ => return None,
    };
    let used = signer.next(SEQUENCE)?;
    let same = digest_algorithm(Elements(announced).next(SEQUENCE)?)? == digest_algorithm(used)?;
    (outer.0.is_empty() && version == [3] && signer_version == [expected_version] && same).then_some(())
}

/// The object identifier; a digest's parameters are absent or NULL (RFC 5754 section 2).
fn digest_algorithm(identifier: &[u8]) -> Option<&[u8]> {
    let mut parts = Elements(identifier);
    let (_, oid) = parts.any()?;
    matches!(parts.0, [] | [NULL, 0]).then_some(oid)
}
