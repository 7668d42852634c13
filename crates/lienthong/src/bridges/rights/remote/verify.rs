//! Whether an answer is the registry's word about this member.

use std::path::PathBuf;

use base::{MemberId, Ts};
use crypto::certificate::{Certificate, Purpose};
use directory::snapshot::Snapshot as Directory;
use exchange::standing::{Standing, short};
use registry::snapshot::signature::SignatureError;
use registry::snapshot::{FORMAT, Snapshot};

use super::Answer;

/// Seconds by which the clocks of node and registry may differ.
const SKEW_S: i64 = 60;

/// Why an answer is not believed.
#[derive(Debug, thiserror::Error)]
#[rustfmt::skip]
pub enum Refused {
    /// Nobody knows whose certificates are whose.
    #[error("chưa có danh bạ / there is no directory yet")]
    NoDirectory,
    /// The headers.
    #[error("chữ ký không đúng dạng / the signature is not of the right form: {0}")]
    Form(#[from] SignatureError),
    /// Somebody else signed, or with a certificate that does not count.
    #[error("không phải chữ ký của {keeper} / not signed by {keeper}: {what}")]
    Signer { /// Whose signature is needed.
        keeper: MemberId, /// What is wrong with it.
        what: &'static str },
    /// The signature does not fit.
    #[error("chữ ký sai / the signature does not verify")]
    Signature,
    /// It was signed at another time.
    #[error("ký lúc {0}, không phải lúc này; kiểm tra đồng hồ hai máy / signed at {0} and not now: check both clocks")]
    Time(Ts),
    /// The body.
    #[error("không phải quyền theo định dạng {FORMAT} / not rights in the format {FORMAT}: {0}")]
    Body(String),
    /// It is about somebody else.
    #[error("quyền của thành viên khác / rights of another member: {0}")]
    Member(MemberId),
    /// It is older than what is known.
    #[error("sổ đăng ký trả lời số {found}, cũ hơn số {known} đã biết; nếu sổ được khôi phục từ bản sao có chủ ý: dừng nút, xóa {dir}, chạy lại / the registry answers with number {found}, older than {known} which is known; if it was restored from a backup on purpose: stop the node, remove {dir}, start it", dir = .dir.display())]
    Older { /// Number of the answer.
        found: i64, /// Number of what is known.
        known: i64, /// Where it is kept.
        dir: PathBuf },
}

/// When an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// Over the network: its signature must be of this moment.
    Now,
    /// It was believed when it came, and kept.
    Earlier,
}

/// What an answer is judged by.
pub(super) struct Judge<'a> {
    pub(super) directory: &'a Directory,
    pub(super) standing: &'a Standing,
    /// The member that keeps the registry.
    pub(super) keeper: &'a MemberId,
    /// Whose rights were asked for.
    pub(super) member: &'a MemberId,
    pub(super) now: Ts,
}

impl Judge<'_> {
    /// The snapshot, if the answer is to be believed.
    pub(super) fn snapshot(&self, answer: &Answer, arrived: Arrived) -> Result<Snapshot, Refused> {
        let claimed = answer.signature.over(&answer.body)?;
        let certificate = self.certificate(&claimed.params.keyid)?;
        let malformed = |_| self.signer("its key is malformed");
        let key = certificate.public_key().map_err(malformed)?;
        if claimed.params.alg != key.algorithm().as_str() {
            return Err(self.signer("another algorithm than that of its key"));
        }
        key.verify(claimed.base.as_bytes(), &claimed.bytes).map_err(|_| Refused::Signature)?;
        let (created, expires) = (claimed.params.created, claimed.params.expires);
        if arrived == Arrived::Now && !(created - SKEW_S..expires + SKEW_S).contains(&self.now.secs()) {
            return Err(Refused::Time(Ts::from_secs(created)));
        }
        let read = serde_json::from_slice::<Snapshot>(&answer.body);
        let snapshot = read.map_err(|error| Refused::Body(error.to_string()))?;
        if snapshot.format != FORMAT {
            return Err(Refused::Body(snapshot.format));
        }
        if snapshot.member == *self.member { Ok(snapshot) } else { Err(Refused::Member(snapshot.member)) }
    }

    /// The keeper's certificate of that fingerprint, in force now.
    fn certificate(&self, keyid: &str) -> Result<&Certificate, Refused> {
        let mut name = [0; 32];
        hex::decode_to_slice(keyid, &mut name).map_err(|_| self.signer("no fingerprint"))?;
        let found = self.directory.signing_certificate(&name);
        let (owner, certificate) = found.ok_or_else(|| self.signer("its certificate is unknown"))?;
        if owner != self.keeper {
            return Err(self.signer("its certificate is another member's"));
        }
        let standing = self.standing.check(self.directory, certificate, Purpose::Sign, self.now);
        standing.map_err(|error| self.signer(short(&error)))?;
        Ok(certificate)
    }

    fn signer(&self, what: &'static str) -> Refused {
        Refused::Signer { keeper: self.keeper.clone(), what }
    }
}
