//! Signing in with a name, a password and a code: what there is until the single account exists.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Argon2, PasswordHash, PasswordVerifier as _};
use audit::PersonId;
use base::Ts;
use jiff::civil::Date;
use totp_rs::Totp;
use unicode_normalization::UnicodeNormalization as _;

use super::{Person, Post, file};
use crate::RegistryError;
use crate::state::vietnam_day;

/// Wrong attempts in a row from one network address after which it cannot sign this person in for a while.
pub const ATTEMPTS_MAX: u32 = 5;
/// Wrong attempts in a row from all addresses together after which nobody can: four strangers are needed to lock somebody
/// out, and guessing is hardly faster.
pub const ATTEMPTS_OF_ALL_MAX: u32 = 4 * ATTEMPTS_MAX;
/// Addresses of which attempts are known; beyond, those that are not locked are forgotten.
const KNOWN_MAX: usize = 10_000;
/// How long: 15 minutes. Guessing codes of six digits, of which three count at a time, takes 125 days on average for
/// somebody who knows the password and has four addresses.
pub const LOCK_SECONDS: i64 = 15 * 60;
/// Longest password that is looked at, in bytes.
const PASSWORD_BYTES_MAX: usize = 1_024;

/// What somebody presents to sign in.
#[non_exhaustive]
pub enum Proof<'a> {
    /// A name, a password and the code that an authenticator shows now.
    Password {
        /// The sign-in name.
        id: &'a str,
        /// The password.
        password: &'a str,
        /// Six digits; spaces between them do not matter.
        code: &'a str,
        /// Where it comes from; `None` where that is not known.
        from: Option<IpAddr>,
    },
}

/// Who signed in, before the code counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The person.
    pub person: Person,
    /// The number of the code that was shown, for a second factor whose codes are good once: whoever begins the session
    /// takes it first, with [`crate::registry::Registry::use_code`].
    pub code: Option<u64>,
}

/// Who turns a proof into a person: the one place where single sign-on plugs in, as another kind of proof.
///
/// It may take a quarter of a second of processor time: call it where that disturbs nobody, and few at a time.
pub type SignIn = Arc<dyn Fn(&Proof<'_>, Ts) -> Result<SignedIn, RegistryError> + Send + Sync>;

/// A person as the file has it.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) password: PasswordHash,
    pub(super) totp: Totp,
    pub(super) posts: Vec<Post>,
    /// The last day on which the account may be used.
    pub(super) active_until: Option<Date>,
}

/// What is known of somebody's attempts; in the memory of this process only.
#[derive(Default)]
struct Attempts {
    /// Wrong ones in a row, and those under way.
    wrong: u32,
    /// While it lies ahead and there were too many.
    locked_until: Ts,
}

/// The persons of a `people.toml`.
pub struct People {
    accounts: BTreeMap<PersonId, Account>,
    /// By person and address; without one: from all together.
    attempts: Mutex<HashMap<(PersonId, Option<IpAddr>), Attempts>>,
    /// Tells names apart in the log without showing them.
    log_key: [u8; 32],
    /// Who sends no code needs none.
    password_only: bool,
}

impl People {
    /// Reads the file, which only its owner and group may read.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] with all mistakes at once.
    pub fn read(path: &Path) -> Result<Self, RegistryError> {
        let place = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            RegistryError::invalid(
                &place,
                format!("không đọc được tệp người dùng: {error}"),
                format!("the file of persons cannot be read: {error}"),
            )
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
            if mode & 0o007 != 0 {
                return Err(RegistryError::invalid(
                    &place,
                    "mọi tài khoản trên máy đều đọc được tệp này; chạy chmod 640",
                    "every account of this machine may read this file: run chmod 640",
                ));
            }
        }
        Self::parse(&text)
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] with all mistakes at once.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let accounts = file::parse(text)?;
        Ok(Self {
            accounts,
            attempts: Mutex::default(),
            log_key: crypto::hash::random(),
            password_only: false,
        })
    }

    /// The same persons, who need no code: for a registry that only its own machine can reach.
    #[must_use]
    pub fn with_password_only(self, password_only: bool) -> Self {
        Self { password_only, ..self }
    }

    /// Makes the entry of a new person: the text to add to the file, and the address from which an authenticator
    /// learns its secret. Both are secrets; the address is shown to the person once.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] with all mistakes at once.
    pub fn new_entry(
        id: &str,
        name: &str,
        password: &str,
        posts: &[Post],
    ) -> Result<(String, String), RegistryError> {
        file::new_entry(id, name, password, posts)
    }

    /// The person with this name, if the account may be used on this day; for a session that goes on.
    pub fn person(&self, id: &PersonId, today: Date) -> Option<Person> {
        let account = self.accounts.get(id).filter(|account| account.is_active(today))?;
        Some(Person { id: id.clone(), posts: account.posts.clone() })
    }

    /// The name to show.
    pub fn name(&self, id: &PersonId) -> Option<&str> {
        self.accounts.get(id).map(|account| account.name.as_str())
    }

    /// Checks a name, a password and a code. Takes the same time whether or not there is such a person, about a
    /// quarter of a second of one processor and 64 MiB of memory.
    ///
    /// After [`ATTEMPTS_MAX`] wrong attempts in a row from one address, or 20 from all, the person is
    /// locked there, or everywhere, for [`LOCK_SECONDS`]. Whether the code was used
    /// before is not known here: see [`SignedIn::code`].
    ///
    /// # Errors
    /// [`RegistryError::SignIn`], whatever the reason; the journal is not told, since strangers could fill it.
    pub fn sign_in(&self, proof: &Proof<'_>, now: Ts) -> Result<SignedIn, RegistryError> {
        let Proof::Password { id, password, code, from } = *proof;
        let from = from.map(network);
        let found = id.parse().ok().and_then(|id: PersonId| self.accounts.get_key_value(&id));
        let open = found.is_some_and(|(id, _)| self.begin(id, from, now));
        // A stranger is compared with somebody, so that guessing names does not pay.
        let compared = found.map(|(_, account)| account).or_else(|| self.accounts.values().next());
        let proven = compared.map(|account| self.proves(account, (password, code), now));
        if let (Some((id, account)), true, Some((true, code))) = (found, open, proven)
            && account.is_active(vietnam_day(now))
        {
            self.finish(id, from);
            let person = Person { id: id.clone(), posts: account.posts.clone() };
            return Ok(SignedIn { person, code });
        }
        metrics::counter!("lienthong_registry_sign_ins_refused_total").increment(1);
        let who = crypto::hash::hmac_sha256(&self.log_key, &[id.as_bytes()]);
        let who = u32::from_be_bytes([who[0], who[1], who[2], who[3]]);
        tracing::warn!(
            who = format_args!("{who:08x}"),
            known = found.is_some(),
            "somebody could not sign in"
        );
        Err(RegistryError::SignIn)
    }

    /// This file as the way to sign in.
    pub fn into_sign_in(self: Arc<Self>) -> SignIn {
        Arc::new(move |proof, now| self.sign_in(proof, now))
    }

    /// Whether the account's owner shows what only he can, with the number of the code where one was needed.
    fn proves(&self, account: &Account, (password, code): (&str, &str), now: Ts) -> (bool, Option<u64>) {
        if self.password_only && code.is_empty() {
            return (account.knows(password), None);
        }
        let number = account.proves(password, code, now);
        (number.is_some(), number)
    }

    /// Counts an attempt before it is known to be right, so that many at the same time are not more than many in a
    /// row. False while the person is locked.
    pub(super) fn begin(&self, id: &PersonId, from: Option<IpAddr>, now: Ts) -> bool {
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KNOWN_MAX {
            all.retain(|_, own| own.locked_until > now);
        }
        let together = if from.is_some() { ATTEMPTS_OF_ALL_MAX } else { ATTEMPTS_MAX };
        let mut counted = vec![((id.clone(), None), together)];
        counted.extend(from.map(|from| ((id.clone(), Some(from)), ATTEMPTS_MAX)));
        let open = |(key, max): &(_, u32)| all.get(key).is_none_or(|own: &Attempts| own.open(*max, now));
        if !counted.iter().all(open) {
            return false;
        }
        for (key, max) in counted {
            all.entry(key).or_default().count(max, now);
        }
        true
    }

    /// An attempt was right: those before it count no more.
    fn finish(&self, id: &PersonId, from: Option<IpAddr>) {
        let mut all = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&(id.clone(), None));
        all.remove(&(id.clone(), from));
    }
}

impl Attempts {
    /// Whether one more is looked at. A clock that was put back must not make a lock longer.
    fn open(&self, max: u32, now: Ts) -> bool {
        self.wrong < max || now >= self.locked_until || self.locked_until > now.plus_secs(LOCK_SECONDS)
    }

    fn count(&mut self, max: u32, now: Ts) {
        self.wrong = if self.wrong >= max { 1 } else { self.wrong + 1 };
        if self.wrong == max {
            self.locked_until = now.plus_secs(LOCK_SECONDS);
        }
    }
}

/// The network that one subscriber has: of version 6 each has 2⁶⁴ addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

impl Account {
    fn is_active(&self, today: Date) -> bool {
        self.active_until.is_none_or(|last| today <= last)
    }

    fn knows(&self, password: &str) -> bool {
        password.len() <= PASSWORD_BYTES_MAX
            && Argon2::default().verify_password(form(password).as_bytes(), &self.password).is_ok()
    }

    /// The number of the code, if it and the password are right. Checks both, whatever comes of the first.
    fn proves(&self, password: &str, code: &str, now: Ts) -> Option<u64> {
        let right = self.knows(password);
        let code: String = code.chars().filter(|c| *c != ' ').collect();
        let number = self.totp.check(&code, u64::try_from(now.secs()).unwrap_or(0));
        number.filter(|_| right)
    }
}

/// The form in which passwords are compared: NFC, since keyboards differ in how they make `ệ` (RFC 8265, 4.2.2).
pub(super) fn form(password: &str) -> String {
    password.nfc().collect()
}
