//! The authority's keys as the TUF library wants them. They never leave the key store.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use crypto::sign::{Algorithm, FileKeyStore, KeyStore as _, Passphrase, PublicKey};
use tough::editor::signed::SignedRole;
use tough::key_source::KeySource;
use tough::schema::key::Key;
use tough::schema::{KeyHolder, Role, RoleType, Root};
use tough::sign::Sign;

use super::AuthorityError;

type BoxedError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Bytes of an Ed25519 public key, which end its DER form.
const ED25519_BYTES: usize = 32;

/// The key files that are here.
#[derive(Debug)]
pub(super) struct Keys {
    store: Arc<FileKeyStore>,
    /// TUF key identifier and key by label.
    known: BTreeMap<String, (Vec<u8>, Key)>,
}

impl Keys {
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<Self, AuthorityError> {
        let store = FileKeyStore::open(dir, passphrase)?;
        let mut known = BTreeMap::new();
        for label in store.labels() {
            known.insert(label.clone(), tuf_key(&store.public_key(&label)?)?);
        }
        Ok(Self { store: Arc::new(store), known })
    }

    /// Makes the key when it is not there; one that a broken-off attempt left behind is used.
    pub fn ensure(&mut self, label: &str) -> Result<(), AuthorityError> {
        if self.known.contains_key(label) {
            return Ok(());
        }
        let store = Arc::get_mut(&mut self.store).expect("signers live only within `sign`");
        let key = tuf_key(&store.generate(label, Algorithm::Ed25519)?)?;
        self.known.insert(label.to_owned(), key);
        Ok(())
    }

    /// The identifier and the public key of a label.
    pub fn get(&self, label: &str) -> Result<(Vec<u8>, Key), AuthorityError> {
        let away = || AuthorityError::KeyAway { role: label.to_owned() };
        self.known.get(label).cloned().ok_or_else(away)
    }

    /// The label of the key with that identifier, when its file is here.
    pub fn label_of(&self, id: &[u8]) -> Option<&str> {
        self.known.iter().find(|(_, (known, _))| known == id).map(|(label, _)| label.as_str())
    }

    /// How many keys of the role are here.
    pub fn count(&self, root: &Root, role: RoleType) -> u64 {
        let keys = root.roles.get(&role).into_iter().flat_map(|keys| &keys.keyids);
        keys.filter(|id| self.label_of(id).is_some()).count() as u64
    }

    /// Signs a role with every key here that `root` names for it.
    pub async fn sign<T: Role>(&self, role: T, root: &Root) -> Result<SignedRole<T>, AuthorityError> {
        if self.count(root, T::TYPE) == 0 {
            return Err(AuthorityError::KeyAway { role: T::TYPE.to_string() });
        }
        let signers: Vec<Box<dyn KeySource>> = self
            .known
            .iter()
            .map(|(label, (_, key))| {
                let signer =
                    Signer { store: Arc::clone(&self.store), label: label.clone(), key: key.clone() };
                Box::new(signer) as Box<dyn KeySource>
            })
            .collect();
        let holder = KeyHolder::Root(root.clone());
        Ok(SignedRole::new(role, &holder, &signers, &SystemRandom::new()).await?)
    }
}

/// The TUF form of an Ed25519 key and its identifier.
fn tuf_key(public: &PublicKey) -> Result<(Vec<u8>, Key), AuthorityError> {
    let raw =
        public.spki_der().last_chunk::<ED25519_BYTES>().filter(|_| public.algorithm() == Algorithm::Ed25519);
    let key = raw.and_then(|raw| hex::encode(raw).parse::<Key>().ok());
    let key = key.ok_or(AuthorityError::Settings("a key in the keys folder is not an Ed25519 key"))?;
    let id = key.key_id().map_err(|_| AuthorityError::Settings("a key has no identifier"))?;
    Ok((id.into_vec(), key))
}

/// One key of the store.
#[derive(Clone)]
struct Signer {
    store: Arc<FileKeyStore>,
    label: String,
    key: Key,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.label)
    }
}

#[async_trait]
impl KeySource for Signer {
    async fn as_sign(&self) -> Result<Box<dyn Sign>, BoxedError> {
        Ok(Box::new(self.clone()))
    }

    async fn write(&self, _value: &str, _key_id_hex: &str) -> Result<(), BoxedError> {
        Err("keys are written by the key store alone".into())
    }
}

#[async_trait]
impl Sign for Signer {
    fn tuf_key(&self) -> Key {
        self.key.clone()
    }

    async fn sign(&self, message: &[u8], _random: &(dyn SecureRandom + Sync)) -> Result<Vec<u8>, BoxedError> {
        Ok(self.store.sign(&self.label, message)?)
    }
}
