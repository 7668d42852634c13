//! The parts of an evidence file, parsed, for the checks to look at.

use std::collections::HashMap;

use base::{MemberId, PartyId, ServiceId, Ts};
use crypto::certificate::Certificate;
use crypto::hash::Digest;

use super::report::{Claim, Detail, say};
use crate::checkpoint::Checkpoint;
use crate::container::Container;
use crate::record::{HeadKind, Record, SignedHead};

/// The parts of an evidence file.
pub struct Case<'a> {
    pub container: &'a Container,
    /// In the order of the file.
    pub records: Vec<Record>,
    pub checkpoint: Checkpoint,
    /// The certificates of the file by fingerprint.
    pub certificates: HashMap<Digest, &'a Certificate>,
    /// When the records existed for sure: the checkpoint's claim, until a time-stamp says more.
    pub moment: Ts,
}

impl<'a> Case<'a> {
    pub fn read(container: &'a Container) -> Result<Self, (Claim, Detail)> {
        let records = container.records.iter().map(|logged| {
            let index = logged.index;
            Record::parse(&logged.record).map_err(|error| {
                (Claim::Records, say!("bản ghi {index}: {error}", "record {index}: {error}"))
            })
        });
        let records = records.collect::<Result<Vec<_>, _>>()?;
        let checkpoint = Checkpoint::parse(&container.checkpoint.text)
            .map_err(|error| (Claim::Checkpoint, say!("không đọc được: {error}", "{error}")))?;
        let certificates = container.certificates.iter().map(|found| (found.fingerprint(), found)).collect();
        Ok(Self { container, records, moment: checkpoint.at, checkpoint, certificates })
    }

    /// The signed heads of one kind, each once, with the index of a record that holds it.
    pub fn heads(&self, kind: HeadKind) -> Vec<(u64, &SignedHead)> {
        let mut heads: Vec<(u64, &SignedHead)> = Vec::new();
        for (logged, record) in self.container.records.iter().zip(&self.records) {
            let head = match kind {
                HeadKind::Request => &record.request,
                HeadKind::Response => &record.response,
            };
            if let Some(head) = head.as_ref().filter(|head| heads.iter().all(|(_, other)| other != head)) {
                heads.push((logged.index, head));
            }
        }
        heads
    }

    /// The certificate with this fingerprint.
    pub fn certificate(&self, fingerprint: &Digest) -> Result<&'a Certificate, Detail> {
        let hex = hex::encode(fingerprint);
        self.certificates
            .get(fingerprint)
            .copied()
            .ok_or_else(|| say!("tệp không có chứng thư {hex}", "the certificate {hex} is not in the file"))
    }

    /// The request that a response answers by its signature.
    pub fn request_of(&self, response: &SignedHead) -> Option<&SignedHead> {
        let signature = response.parts().ok()?.value(crate::record::REQUEST_SIGNATURE)?.to_owned();
        let wanted =
            |request: &SignedHead| format!(":{}:", crypto::b64::encode(&request.signature)) == signature;
        let batch = response.parts().ok()?.value(crate::record::REQUEST_BATCH).map(str::to_owned);
        let place =
            |request: &SignedHead| request.batch.as_ref().map(crate::batch::BatchPlace::encode) == batch;
        let mut requests = self.heads(HeadKind::Request).into_iter().map(|(_, request)| request);
        requests.find(|request| wanted(request) && place(request))
    }
}

/// The parties that a signed head names, readable or not at all.
pub struct Named {
    pub client: PartyId,
    pub service: ServiceId,
}

impl Named {
    pub fn of(head: &SignedHead) -> Option<Self> {
        let client = PartyId::decode(head.component("x-road-client")?).ok()?;
        let service = ServiceId::decode(head.component("lienthong-service")?).ok()?;
        Some(Self { client, service })
    }

    /// The member that must have signed the head: also a refusal is the provider's, whoever runs its node. A node that
    /// the asker names could be the asker's own.
    pub fn signer(&self, kind: HeadKind) -> &MemberId {
        match kind {
            HeadKind::Request => &self.client.member,
            HeadKind::Response => &self.service.provider.member,
        }
    }
}
