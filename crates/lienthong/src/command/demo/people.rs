//! Who works with the registry of the demo. Invented, and their second factors lie in a file: never so in production.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base::{Clock as _, SystemClock};
use registry::people::{People, Person, Post, Role};
use serde::{Deserialize, Serialize};
use totp_rs::Totp;

use crate::command::file;

/// The platform's operator.
pub const OPERATOR: &str = "van-hanh";
/// Operates it on the other shift: what one operator proposes, another must approve.
pub const SECOND_OPERATOR: &str = "van-hanh-2";
/// Keeps the inventory of all agencies.
pub const INVENTORY: &str = "kiem-ke";
/// Administers the systems of the department that asks.
pub const DEPARTMENT: &str = "quan-tri.stp";
/// Administers the systems of the province.
pub const PROVINCE: &str = "quan-tri.h17";
/// Signs for the province.
pub const SIGNS: &str = "lanh-dao.h17";
/// Answers for the security of the province's systems.
pub const PROVINCE_SECURITY: &str = "an-ninh.h17";
/// Takes dossiers in and hands results out, for whoever tries procedures.
pub const DESK: &str = "mot-cua.h17";
/// Works on dossiers, for whoever tries procedures.
pub const RECORDS: &str = "chuyen-mon.h17";
/// Enters the services of the ministry.
pub const MINISTRY: &str = "quan-tri.g01";
/// Answers for the security of the ministry's systems.
pub const MINISTRY_SECURITY: &str = "an-ninh.g01";
/// Decides who may use the ministry's data.
pub const DATA_OWNER: &str = "du-lieu.g01";
/// Reads everything and changes nothing.
pub const AUDITOR: &str = "kiem-toan";
/// Signs for the ministry. Has no part in the story: for whoever tries the API by hand.
pub const GUEST: &str = "lanh-dao.g01";

/// The people as whom the demo's console is worth looking at: who asks, signs, decides, guards and runs.
pub const IN_THE_CONSOLE: [&str; 5] = [DEPARTMENT, SIGNS, DATA_OWNER, PROVINCE_SECURITY, OPERATOR];

/// Sign-in name, name to show, role, agency.
const PEOPLE: [(&str, &str, Role, &str); 14] = [
    (OPERATOR, "Trực vận hành nền tảng", Role::PlatformOperator, ""),
    (SECOND_OPERATOR, "Trực vận hành nền tảng, ca hai", Role::PlatformOperator, ""),
    (INVENTORY, "Quản trị kiểm kê CSDL", Role::AgencyAdministrator, ""),
    (DEPARTMENT, "Quản trị hệ thống Sở Tư pháp", Role::AgencyAdministrator, "000.00.11.H17"),
    (PROVINCE, "Quản trị hệ thống Đà Nẵng", Role::AgencyAdministrator, "000.00.00.H17"),
    (SIGNS, "Lãnh đạo UBND thành phố Đà Nẵng", Role::Leader, "000.00.00.H17"),
    (PROVINCE_SECURITY, "Cán bộ an toàn thông tin Đà Nẵng", Role::SecurityOfficer, "000.00.00.H17"),
    (DESK, "Cán bộ một cửa Đà Nẵng", Role::Officer, "000.00.00.H17"),
    (RECORDS, "Cán bộ chuyên môn Đà Nẵng", Role::Officer, "000.00.00.H17"),
    (MINISTRY, "Quản trị hệ thống Bộ Công an", Role::AgencyAdministrator, "000.00.00.G01"),
    (MINISTRY_SECURITY, "Cán bộ an toàn thông tin Bộ Công an", Role::SecurityOfficer, "000.00.00.G01"),
    (DATA_OWNER, "Chủ quản dữ liệu dân cư", Role::DataOwner, "000.00.00.G01"),
    (AUDITOR, "Kiểm toán nội bộ", Role::Auditor, ""),
    (GUEST, "Lãnh đạo Bộ Công an", Role::Leader, "000.00.00.G01"),
];

/// Folder with everybody's password in a file of their name, for `lienthong sign-in --password-file`.
const PASSWORDS: &str = "passwords";

/// Somebody who can sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Member {
    /// Sign-in name.
    pub id: String,
    /// Name to show.
    pub name: String,
    /// Role in the registry.
    pub role: String,
    /// Password.
    pub password: String,
    /// Second factor, as authenticators read it.
    pub otpauth: String,
}

impl Member {
    /// The six digits of this moment.
    pub fn code(&self) -> anyhow::Result<String> {
        Ok(self.totp()?.generate(now_s()).to_string())
    }

    /// Seconds until the next code.
    pub fn next_code_s(&self) -> anyhow::Result<u64> {
        Ok(self.totp()?.next_step(now_s()) - now_s())
    }

    fn totp(&self) -> anyhow::Result<Totp> {
        Ok(Totp::from_url(&self.otpauth)?)
    }
}

fn now_s() -> u64 {
    SystemClock.now().secs().cast_unsigned()
}

/// Everybody, from the demo's folder.
pub fn read(dir: &Path) -> anyhow::Result<Vec<Member>> {
    let path = path(dir);
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!(
            "không đọc được {0}; chạy `lienthong demo` trước / cannot read {0}; run `lienthong demo` first",
            path.display()
        )
    })?;
    Ok(serde_json::from_str(&text)?)
}

/// Makes everybody, and the file that the provider's node reads.
pub fn make(dir: &Path, for_node: &Path) -> anyhow::Result<Vec<Member>> {
    let (mut members, mut text) = (Vec::new(), String::new());
    let passwords = dir.join(PASSWORDS);
    file::make_dir(&passwords)?;
    for (id, name, role, agency) in PEOPLE {
        let password = hex::encode(crypto::hash::random::<8>());
        let agency = (!agency.is_empty()).then(|| agency.parse()).transpose()?;
        let (entry, otpauth) = People::new_entry(id, name, &password, &[Post::new(role, agency)])?;
        text = text + entry.as_str() + "\n";
        file::replace(&passwords.join(id), password.as_bytes(), file::PRIVATE)?;
        let (id, name, role) = (id.into(), name.into(), role.name().into());
        members.push(Member { id, name, role, password, otpauth });
    }
    file::replace(for_node, text.as_bytes(), file::PRIVATE)?;
    file::replace(&path(dir), serde_json::to_string_pretty(&members)?.as_bytes(), file::PRIVATE)?;
    Ok(members)
}

/// Where everybody's secrets lie.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("people.json")
}

/// Somebody without an agency of their own, for what is loaded before anything runs.
pub fn of_the_platform(id: &str, role: Role) -> anyhow::Result<Person> {
    Ok(Person { id: id.parse()?, posts: vec![Post::new(role, None)] })
}
