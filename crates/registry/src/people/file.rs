//! `people.toml`: reading it, and making an entry of it.

use std::collections::BTreeMap;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, Version};
use audit::PersonId;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};
use unicode_normalization::UnicodeNormalization as _;

use super::sign_in::{Account, form};
use super::{Post, Role};
use crate::{Mistake, RegistryError};

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 500;
/// Longest group of work, in bytes, as models may name it.
const GROUP_BYTES_MAX: usize = 256;
/// Shortest password of a new entry, in characters; NIST SP 800-63B asks for 8 beside a second factor.
const PASSWORD_CHARS_MIN: usize = 12;
/// Memory of a new password hash, in KiB; with three passes and four lanes the second recommendation of RFC 9106, 4.
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// Least and most memory of a hash in the file, in KiB: less is guessed too quickly, more is a slip of the pen.
const MEMORY_KIB_ALLOWED: std::ops::RangeInclusive<u32> = 19 * 1024..=256 * 1024;
/// Most passes of a hash in the file, for the same reason.
const PASSES_MAX: u32 = 10;
/// Who asks for the code, as authenticators show it.
const ISSUER: &str = "Liên Thông";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    person: Vec<RawPerson>,
}

/// A person as written: texts, so that all mistakes are found and not only the first.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPerson {
    id: String,
    name: String,
    password: String,
    totp: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_until: Option<String>,
    #[serde(default)]
    posts: Vec<RawPost>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPost {
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
}

/// All mistakes found so far, and where the next one is.
struct Reader {
    mistakes: Vec<Mistake>,
    place: String,
}

impl Reader {
    fn wrong(&mut self, field: &str, vi: impl Into<String>, en: impl Into<String>) {
        self.mistakes.push(Mistake::new(format!("{}, {field}", self.place), vi, en));
    }

    fn account(&mut self, raw: &RawPerson) -> Option<Account> {
        let name = self.name(&raw.name);
        let password = self.password(&raw.password);
        let totp = self.totp(raw);
        let active_until = raw.active_until.as_deref().map(|text| {
            text.parse::<Date>().map_err(|_| {
                self.wrong("active_until", "phải là ngày YYYY-MM-DD", "must be a day YYYY-MM-DD");
            })
        });
        let posts: Vec<_> = raw.posts.iter().map(|post| self.post(post)).collect();
        if posts.is_empty() {
            self.wrong("posts", "cần ít nhất một vị trí công tác", "needs at least one post");
        }
        Some(Account {
            name: name?,
            password: password?,
            totp: totp?,
            posts: posts.into_iter().collect::<Option<_>>()?,
            active_until: active_until.transpose().ok()?,
        })
    }

    fn name(&mut self, text: &str) -> Option<String> {
        let name: String = text.trim().nfc().collect();
        let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
        if !fits {
            let vi = format!("phải có 1 đến {NAME_CHARS_MAX} ký tự");
            self.wrong("name", vi, format!("must have 1 to {NAME_CHARS_MAX} characters"));
        }
        fits.then_some(name)
    }

    fn password(&mut self, text: &str) -> Option<PasswordHash> {
        let hash = PasswordHash::new(text).ok().filter(|hash| {
            hash.algorithm == argon2::ARGON2ID_IDENT
                && hash.hash.is_some()
                && Params::try_from(hash).is_ok_and(|params| {
                    MEMORY_KIB_ALLOWED.contains(&params.m_cost()) && params.t_cost() <= PASSES_MAX
                })
        });
        if hash.is_none() {
            let (least, most) = (MEMORY_KIB_ALLOWED.start() / 1024, MEMORY_KIB_ALLOWED.end() / 1024);
            self.wrong(
                "password",
                format!("phải là mã băm $argon2id$… dùng {least} đến {most} MiB; tạo lại bằng lệnh thêm người dùng"),
                format!("must be a hash $argon2id$… that uses {least} to {most} MiB: make the entry anew"),
            );
        }
        hash
    }

    fn totp(&mut self, raw: &RawPerson) -> Option<Totp> {
        let totp = Secret::try_from_base32(&raw.totp).ok().and_then(|secret| totp(&raw.id, secret));
        if totp.is_none() {
            self.wrong(
                "totp",
                "phải là khóa bí mật base32 từ 128 bit trở lên",
                "must be a secret in base32 with at least 128 bits",
            );
        }
        totp
    }

    fn post(&mut self, raw: &RawPost) -> Option<Post> {
        let role: Option<Role> = serde_json::from_value(raw.role.as_str().into()).ok();
        if role.is_none() {
            let words: Vec<_> = ROLES.iter().map(|role| role.name()).collect();
            let words = words.join(", ");
            self.wrong(
                "posts.role",
                format!("không có vai trò {}; các vai trò: {words}", raw.role),
                format!("there is no role {}; there are: {words}", raw.role),
            );
        }
        let agency = raw.agency.as_deref().map(|text| {
            text.parse().map_err(|error: crate::agency::AgencyCodeError| {
                let vi = format!("không phải mã cơ quan: {text}; viết như 000.00.00.H17 hoặc H17.11");
                self.wrong("posts.agency", vi, format!("{text}: {error}"));
            })
        });
        let is_name = |group: &String| {
            (1..=GROUP_BYTES_MAX).contains(&group.len()) && !group.chars().any(char::is_control)
        };
        if !raw.groups.iter().all(is_name) {
            let vi = format!("mỗi nhóm việc có 1 đến {GROUP_BYTES_MAX} byte, không có ký tự điều khiển");
            let en = format!("each group has 1 to {GROUP_BYTES_MAX} bytes and no control characters");
            self.wrong("posts.groups", vi, en);
        }
        Some(Post { role: role?, agency: agency.transpose().ok()?, groups: raw.groups.clone() })
    }
}

const ROLES: [Role; 7] = [
    Role::PlatformOperator,
    Role::AgencyAdministrator,
    Role::DataOwner,
    Role::SecurityOfficer,
    Role::Auditor,
    Role::Leader,
    Role::Officer,
];

/// Codes of six digits, each good for 30 seconds and one step to either side (RFC 6238, 5.2).
fn totp(id: &str, secret: Secret) -> Option<Totp> {
    Builder::new().with_secret(secret).with_account_name(id).with_issuer(Some(ISSUER)).build().ok()
}

/// Reads the text of a file of persons.
pub(super) fn parse(text: &str) -> Result<BTreeMap<PersonId, Account>, RegistryError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let error = error.to_string();
        RegistryError::invalid(
            "people.toml",
            format!("không đúng TOML: {error}"),
            format!("not valid: {error}"),
        )
    })?;
    let mut reader = Reader { mistakes: Vec::new(), place: String::new() };
    let mut accounts = BTreeMap::new();
    for (number, raw) in (1..).zip(&file.person) {
        reader.place = format!("person {number} ({})", raw.id);
        let account = reader.account(raw);
        match raw.id.parse::<PersonId>() {
            Ok(id) if accounts.contains_key(&id) => {
                reader.wrong("id", "đã có người dùng này", "this person is there already");
            }
            Ok(id) => drop(accounts.insert(id, account)),
            Err(error) => {
                let vi = "có 1 đến 64 ký tự trong a-z 0-9 . - _ @";
                reader.wrong("id", vi, error.to_string());
            }
        }
    }
    if file.person.is_empty() {
        reader.place = "people.toml".into();
        reader.wrong("person", "chưa có người dùng nào", "there is nobody in it");
    }
    if reader.mistakes.is_empty() {
        Ok(accounts.into_iter().filter_map(|(id, account)| Some((id, account?))).collect())
    } else {
        Err(RegistryError::Invalid(reader.mistakes))
    }
}

/// Makes the entry of a new person, and the address for the authenticator.
pub(super) fn new_entry(
    id: &str,
    name: &str,
    password: &str,
    posts: &[Post],
) -> Result<(String, String), RegistryError> {
    let mut mistakes = Vec::new();
    if password.chars().count() < PASSWORD_CHARS_MIN {
        mistakes.push(Mistake::new(
            "password",
            format!("mật khẩu phải có ít nhất {PASSWORD_CHARS_MIN} ký tự"),
            format!("a password has at least {PASSWORD_CHARS_MIN} characters"),
        ));
    }
    let secret = Secret::from(crypto::hash::random::<20>());
    let raw = RawPerson {
        id: id.to_owned(),
        name: name.trim().nfc().collect(),
        password: hash(password)?,
        totp: secret.to_base32(),
        active_until: None,
        posts: posts.iter().map(raw_post).collect(),
    };
    let text = toml::to_string(&File { person: vec![raw] }).map_err(|error| unexpected(&error))?;
    match parse(&text) {
        Err(RegistryError::Invalid(others)) => mistakes.extend(others),
        other => drop(other?),
    }
    if !mistakes.is_empty() {
        return Err(RegistryError::Invalid(mistakes));
    }
    let address = totp(id, secret).map(|totp| totp.to_url());
    let address = address.transpose().map_err(|error| unexpected(&error))?.unwrap_or_default();
    Ok((text, address))
}

fn raw_post(post: &Post) -> RawPost {
    RawPost {
        role: post.role.name().to_owned(),
        agency: post.agency.as_ref().map(ToString::to_string),
        groups: post.groups.clone(),
    }
}

fn hash(password: &str) -> Result<String, RegistryError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("RFC 9106 recommends these");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt: [u8; 16] = crypto::hash::random();
    let hash: Result<PasswordHash, _> = argon2.hash_password_with_salt(form(password).as_bytes(), &salt);
    Ok(hash.map_err(|error| unexpected(&error))?.to_string())
}

/// What no input should lead to; said rather than hidden.
fn unexpected(error: &dyn std::fmt::Display) -> RegistryError {
    let text = error.to_string();
    RegistryError::invalid(
        "people.toml",
        format!("không tạo được: {text}"),
        format!("cannot be made: {text}"),
    )
}
