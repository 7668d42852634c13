//! What is wrong with an entry, and the canonical form of its texts.

use std::collections::HashSet;

use jiff::civil::Date;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::columns::{self, COLUMNS};
use super::file::CELL_CHARS_MAX;
use super::holding::{Contact, HeldObject, Holding, HoldingCode, Sharing, Stage};
use crate::agency::{AgencyCode, Standing};
use crate::error::Mistake;
use crate::state::State;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 500;
/// Longest other text, in characters.
pub(super) const TEXT_CHARS_MAX: usize = 5_000;
/// Longest telephone number, in characters.
const PHONE_CHARS_MAX: usize = 30;
/// Longest e-mail address, in bytes (RFC 5321, 4.5.3.1.3).
const EMAIL_BYTES_MAX: usize = 254;
/// Main objects of one entry at most: RIHA's limit, so that an entry names what matters and not every table.
const OBJECTS_MAX: usize = 10;
/// Fields of one main object at most.
const FIELDS_MAX: usize = 500;
/// Items of any other list at most.
const ITEMS_MAX: usize = 500;
/// Longest code of a main object, in bytes.
const OBJECT_BYTES_MAX: usize = 64;

/// An entry with its texts in canonical form: NFC, trimmed, lines ended by `\n`, lists without empty or double items.
pub(super) fn tidied(mut holding: Holding) -> Holding {
    for text in texts_of(&mut holding) {
        *text = tidy(std::mem::take(text));
    }
    for held in &mut holding.objects {
        held.object = tidy(std::mem::take(&mut held.object));
        held.title = tidy(std::mem::take(&mut held.title));
        held.fields = tidied_list(std::mem::take(&mut held.fields));
    }
    holding.asks = tidied_list(holding.asks);
    holding.catalogues = tidied_list(holding.catalogues);
    let mut seen = HashSet::new();
    holding.services.retain(|service| seen.insert(service.clone()));
    holding
}

fn texts_of(holding: &mut Holding) -> [&mut String; 18] {
    let [business, technical, security] =
        [&mut holding.contacts.business, &mut holding.contacts.technical, &mut holding.contacts.security];
    [
        &mut holding.name,
        &mut holding.short_name,
        &mut holding.steward,
        &mut holding.purpose,
        &mut holding.legal_basis,
        &mut holding.shares_through,
        &mut holding.vendor,
        &mut holding.security_decision,
        &mut holding.source,
        &mut business.post,
        &mut business.phone,
        &mut business.email,
        &mut technical.post,
        &mut technical.phone,
        &mut technical.email,
        &mut security.post,
        &mut security.phone,
        &mut security.email,
    ]
}

/// NFC, trimmed, lines ended by `\n`.
pub(super) fn tidy(text: String) -> String {
    let plain = text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes;
    if plain && !text.contains('\r') && text.trim().len() == text.len() {
        return text;
    }
    text.trim().replace("\r\n", "\n").replace('\r', "\n").nfc().collect()
}

fn tidied_list(list: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    let tidy = list.into_iter().map(tidy);
    tidy.filter(|item| !item.is_empty() && seen.insert(item.clone())).collect()
}

/// Everything that is wrong with an entry by itself and with its owner; not its successor, which may be in a file with it.
pub(super) fn mistakes(state: &State, today: Date, holding: &Holding) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    texts_fit(&mut mistakes, holding);
    objects_fit(&mut mistakes, &holding.objects);
    let lists = [("asks", holding.asks.as_slice()), ("catalogues", holding.catalogues.as_slice())];
    for (place, list) in lists {
        list_fits(&mut mistakes, place, list, ITEMS_MAX);
    }
    if holding.services.len() > ITEMS_MAX {
        mistakes.push(too_many("services", ITEMS_MAX));
    }
    cells_fit(&mut mistakes, holding);
    dates_fit(&mut mistakes, holding, today);
    if !holding.shares_through.is_empty()
        && !matches!(holding.sharing, Sharing::Platform | Sharing::OffPlatform)
    {
        mistakes.push(Mistake::new(
            "shares_through",
            "Đã ghi nơi chia sẻ nhưng cách chia sẻ là không hoặc chưa kê khai. Chọn Qua nền tảng hay Ngoài nền tảng, hoặc xóa ô này.",
            "It names a way of sharing although nothing is shared. Choose platform or off_platform, or empty this.",
        ));
    }
    if holding.successor.as_ref() == Some(&holding.code) {
        mistakes.push(Mistake::new(
            "successor",
            "Không thể kế thừa chính mình. Ghi mã khác hoặc để trống.",
            "It cannot succeed itself. Write another code or leave this empty.",
        ));
    }
    let last_day = holding.used_to.filter(|_| holding.stage == Stage::Closed);
    let day = last_day.map_or(today, |last| last.min(today));
    mistakes.extend(owner_mistake(&state.agencies.on(&holding.owner, day), &holding.owner, day));
    mistakes
}

fn owner_mistake(standing: &Standing<'_>, owner: &AgencyCode, day: Date) -> Option<Mistake> {
    let (vi, en) = match standing {
        Standing::Valid(_) => return None,
        Standing::Unknown => (
            format!("Không có cơ quan mang mã {owner}. Kiểm tra lại mã hoặc đăng ký cơ quan trước."),
            format!("There is no agency {owner}. Check the code, or register the agency first."),
        ),
        Standing::NotYet { from } => (
            format!(
                "Cơ quan {owner} chỉ có hiệu lực từ {from}, không phải vào {day}. Ghi cơ quan đang chủ quản."
            ),
            format!("The agency {owner} counts from {from} on, not on {day}. Write the present owner."),
        ),
        Standing::Closed { since, successor: Some(successor), .. } => (
            format!("Cơ quan {owner} đã kết thúc từ {since}. Ghi mã cơ quan kế thừa {successor}."),
            format!("The agency {owner} is closed since {since}. Write its successor {successor}."),
        ),
        Standing::Closed { since, successor: None, .. } => (
            format!("Cơ quan {owner} đã kết thúc từ {since}. Ghi mã cơ quan tiếp nhận."),
            format!("The agency {owner} is closed since {since}. Write the agency that took over."),
        ),
    };
    Some(Mistake::new("owner", vi, en))
}

fn texts_fit(mistakes: &mut Vec<Mistake>, holding: &Holding) {
    if holding.name.is_empty() {
        mistakes.push(Mistake::new(
            "name",
            "Chưa ghi tên. Ghi tên đầy đủ.",
            "There is no name. Write it in full.",
        ));
    }
    let names = [
        ("name", &holding.name),
        ("short_name", &holding.short_name),
        ("steward", &holding.steward),
        ("shares_through", &holding.shares_through),
        ("vendor", &holding.vendor),
        ("security_decision", &holding.security_decision),
        ("contacts.business.post", &holding.contacts.business.post),
        ("contacts.technical.post", &holding.contacts.technical.post),
        ("contacts.security.post", &holding.contacts.security.post),
    ];
    for (place, text) in names {
        text_fits(mistakes, place, text, NAME_CHARS_MAX);
    }
    let texts =
        [("purpose", &holding.purpose), ("legal_basis", &holding.legal_basis), ("source", &holding.source)];
    for (place, text) in texts {
        text_fits(mistakes, place, text, TEXT_CHARS_MAX);
    }
    let contacts = &holding.contacts;
    let contacts = [
        ("business", &contacts.business),
        ("technical", &contacts.technical),
        ("security", &contacts.security),
    ];
    for (which, whom) in contacts {
        contact_fits(mistakes, which, whom);
    }
}

/// What a contact holds is never repeated in a mistake: it may end in a log.
fn contact_fits(mistakes: &mut Vec<Mistake>, which: &str, contact: &Contact) {
    let phone = &contact.phone;
    let dials = phone.chars().all(|c| c.is_ascii_digit() || " +-.()".contains(c))
        && phone.chars().any(|c| c.is_ascii_digit())
        && phone.len() <= PHONE_CHARS_MAX;
    if !phone.is_empty() && !dials {
        let (vi, en) = columns::PHONE;
        mistakes.push(Mistake::new(format!("contacts.{which}.phone"), vi, en));
    }
    let email = &contact.email;
    let parts = email.split_once('@');
    let reaches = parts
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || ",;<>\"".contains(c))
        && email.len() <= EMAIL_BYTES_MAX;
    if !email.is_empty() && !reaches {
        let (vi, en) = columns::EMAIL;
        mistakes.push(Mistake::new(format!("contacts.{which}.email"), vi, en));
    }
}

/// Whether a text fits its limit and has no characters that files cannot carry.
pub(super) fn text_fits(mistakes: &mut Vec<Mistake>, place: &str, text: &str, chars_max: usize) {
    if text.is_empty() {
        return;
    }
    if text.len() > chars_max && text.chars().count() > chars_max {
        mistakes.push(Mistake::new(
            place,
            format!("Dài hơn {chars_max} ký tự. Rút gọn lại."),
            format!("Longer than {chars_max} characters. Shorten it."),
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
        || text.contains(['\u{fffe}', '\u{ffff}'])
    {
        mistakes.push(Mistake::new(
            place,
            "Có ký tự điều khiển không hiển thị được. Gõ lại nội dung.",
            "It has control characters that cannot be shown. Type it again.",
        ));
    }
}

fn objects_fit(mistakes: &mut Vec<Mistake>, objects: &[HeldObject]) {
    if objects.len() > OBJECTS_MAX {
        mistakes.push(too_many("objects", OBJECTS_MAX));
    }
    let mut seen = HashSet::new();
    for held in objects {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(1..=OBJECT_BYTES_MAX).contains(&held.object.len()) || !held.object.bytes().all(allowed) {
            mistakes.push(Mistake::new(
                "objects",
                "Mã đối tượng gồm 1 đến 64 ký tự a-z 0-9 -, ví dụ cong-dan. Sửa lại mã.",
                "The code of an object has 1 to 64 characters of a-z 0-9 -, such as cong-dan. Correct it.",
            ));
        }
        if !seen.insert(&held.object) {
            mistakes.push(Mistake::new(
                "objects",
                "Một đối tượng được kê hai lần. Gộp các trường vào một dòng.",
                "An object is listed twice. Put its fields into one line.",
            ));
        }
        text_fits(mistakes, "objects", &held.title, NAME_CHARS_MAX);
        if held.title.contains(['|', '\n']) {
            mistakes.push(Mistake::new(
                "objects",
                "Tên đối tượng không được có dấu | hoặc xuống dòng. Bỏ các ký tự đó.",
                "The title of an object must not have | or a line break. Remove them.",
            ));
        }
        list_fits(mistakes, "objects", &held.fields, FIELDS_MAX);
    }
}

/// Items must not hold what separates items in files.
fn list_fits(mistakes: &mut Vec<Mistake>, place: &str, items: &[String], items_max: usize) {
    if items.len() > items_max {
        mistakes.push(too_many(place, items_max));
    }
    for item in items {
        text_fits(mistakes, place, item, NAME_CHARS_MAX);
    }
    let fields = place == "objects";
    let separates = |item: &String| item.contains([';', '\n']) || (fields && item.contains([',', '|']));
    if items.iter().any(separates) {
        mistakes.push(Mistake::new(
            place,
            "Một mục có dấu phân cách (; , |) hoặc xuống dòng. Tách thành các mục riêng.",
            "An item holds a separator (; , |) or a line break. Split it into items.",
        ));
    }
}

/// A list must fit into one cell, or it could not be exported.
fn cells_fit(mistakes: &mut Vec<Mistake>, holding: &Holding) {
    for column in COLUMNS.iter().filter(|column| column.is_list) {
        text_fits(mistakes, column.code, &(column.get)(holding), CELL_CHARS_MAX);
    }
}

fn dates_fit(mistakes: &mut Vec<Mistake>, holding: &Holding, today: Date) {
    let reversed_pair = |first: Option<Date>, last: Option<Date>| first.zip(last).is_some_and(|(f, l)| f > l);
    if reversed_pair(holding.contract_from, holding.contract_to) {
        mistakes.push(reversed("contract_to", "contract_from"));
    }
    if reversed_pair(holding.used_from, holding.used_to) {
        mistakes.push(reversed("used_to", "used_from"));
    }
    if holding.stage == Stage::Closed && holding.used_to.is_none() {
        mistakes.push(Mistake::new(
            "used_to",
            "Đã ngừng sử dụng nhưng chưa ghi ngày cuối. Ghi ngày cuối sử dụng.",
            "It is closed but has no last day. Write the last day of use.",
        ));
    }
    if holding.security_level.is_some_and(|level| !(1..=5).contains(&level)) {
        let (vi, en) = columns::SECURITY_LEVEL;
        mistakes.push(Mistake::new("security_level", vi, en));
    }
    let decided = !holding.security_decision.is_empty();
    if decided && (holding.security_level.is_none() || holding.security_date.is_none()) {
        mistakes.push(Mistake::new(
            "security_decision",
            "Quyết định cấp độ phải kèm cấp độ và ngày. Ghi đủ ba ô.",
            "A decision needs its level and its day. Fill in all three.",
        ));
    }
    if holding.security_date.is_some() && !decided {
        mistakes.push(Mistake::new(
            "security_date",
            "Có ngày nhưng không có số quyết định. Ghi số quyết định hoặc xóa ngày.",
            "There is a day but no decision. Write its number or empty the day.",
        ));
    }
    if holding.security_date.is_some_and(|day| day > today) {
        mistakes.push(Mistake::new(
            "security_date",
            "Ngày quyết định sau ngày hôm nay. Kiểm tra lại ngày.",
            "The day of the decision is in the future. Check it.",
        ));
    }
}

pub(super) fn reversed(place: &str, before: &str) -> Mistake {
    Mistake::new(
        place,
        format!("Ngày này trước ngày {before}. Kiểm tra lại hai ngày."),
        format!("It lies before {before}. Check both dates."),
    )
}

pub(super) fn no_such_successor(successor: &HoldingCode) -> Mistake {
    Mistake::new(
        "successor",
        format!(
            "Không có hệ thống, cơ sở dữ liệu mang mã {successor}. Kiểm tra lại mã hoặc đăng ký nó trước."
        ),
        format!("There is no system or database {successor}. Check the code, or register it first."),
    )
}

fn too_many(place: &str, max: usize) -> Mistake {
    Mistake::new(
        place,
        format!("Nhiều hơn {max} mục. Chỉ giữ các mục chính."),
        format!("More than {max} items. Keep the main ones."),
    )
}
