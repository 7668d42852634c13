//! Checks signatures of other members; roots of batches that were checked once are remembered.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crypto::hash::{Digest, sha256};
use crypto::sign::PublicKey;
use evidence::batch;

use crate::error::Reason;
use crate::wire::peer::Sealed;

/// Remembered roots per generation; two generations are kept. A root lives for a few milliseconds of traffic.
const ROOTS_MAX: usize = 4096;

/// Remembers which batch roots were signed by whom.
#[derive(Default)]
pub struct Verifier {
    known: Mutex<(HashSet<Digest>, HashSet<Digest>)>,
}

impl Verifier {
    /// Checks the message's own signature, or its batch's over the root that it leads to.
    ///
    /// # Errors
    /// [`Reason::Signature`].
    pub fn check(&self, sealed: &Sealed, key: &PublicKey) -> Result<(), Reason> {
        if key.algorithm().as_str() != sealed.params.alg {
            return Err(Reason::Signature);
        }
        let Some(place) = &sealed.batch else {
            return key.verify(sealed.base.as_bytes(), &sealed.signature).map_err(|_| Reason::Signature);
        };
        let root = batch::batch_root(&batch::leaf(&sealed.base), place).ok_or(Reason::Signature)?;
        let name = sha256(&[sealed.params.keyid.as_bytes(), &root, &sealed.signature]);
        if self.knows(&name) {
            return Ok(());
        }
        key.verify(batch::batch_text(&root).as_bytes(), &sealed.signature).map_err(|_| Reason::Signature)?;
        self.remember(name);
        Ok(())
    }

    fn knows(&self, name: &Digest) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.contains(name) || known.1.contains(name)
    }

    fn remember(&self, name: Digest) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0.len() >= ROOTS_MAX {
            known.1 = std::mem::take(&mut known.0);
        }
        known.0.insert(name);
    }
}
