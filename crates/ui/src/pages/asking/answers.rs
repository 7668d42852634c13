//! What somebody answered so far, which question comes next, and the request that follows from it.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::failure::Mistake;
use crate::form::Form;
use crate::pages::terms;
use crate::time;

/// One question, one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Which agency asks.
    Agency,
    /// Which of its systems.
    System,
    /// Which fields.
    Fields,
    /// What for.
    Purpose,
    /// By which law.
    Basis,
    /// How much, how long.
    Amount,
    /// Whom to call.
    Contacts,
}

impl Question {
    /// In the order in which they are asked.
    pub const ALL: [Self; 7] =
        [Self::Agency, Self::System, Self::Fields, Self::Purpose, Self::Basis, Self::Amount, Self::Contacts];

    /// Its name in addresses.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Agency => "co-quan",
            Self::System => "he-thong",
            Self::Fields => "truong",
            Self::Purpose => "muc-dich",
            Self::Basis => "can-cu",
            Self::Amount => "han-muc",
            Self::Contacts => "dau-moi",
        }
    }

    /// Its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Agency => "asking-agency",
            Self::System => "asking-system",
            Self::Fields => "asking-fields",
            Self::Purpose => "asking-purpose",
            Self::Basis => "asking-basis",
            Self::Amount => "asking-amount",
            Self::Contacts => "asking-contacts",
        }
    }

    /// The question with this name.
    pub fn of(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.slug() == slug)
    }

    /// The question whose answer the API complains of.
    pub fn of_place(place: &str) -> Option<Self> {
        match place.split('.').next().unwrap_or_default() {
            "agency" => Some(Self::Agency),
            "consumer" => Some(Self::System),
            "fields" => Some(Self::Fields),
            "purposes" | "reason" => Some(Self::Purpose),
            "legal_basis" => Some(Self::Basis),
            "quota_day" | "rate_s" | "until" => Some(Self::Amount),
            "contacts" => Some(Self::Contacts),
            _ => None,
        }
    }

    /// The question before it.
    pub fn before(self) -> Option<Self> {
        Self::ALL.into_iter().rfind(|other| *other < self)
    }
}

/// Whom to ask about a connection.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Name, with the post.
    pub name: String,
    /// Telephone number.
    pub phone: String,
    /// Address for mail.
    pub mail: String,
}

/// What was answered, as it was typed. Without `Debug`: contacts are persons.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Answers {
    /// The service that is asked for.
    pub service: String,
    /// Code of the agency that asks.
    pub agency: String,
    /// The system that would call.
    pub system: String,
    /// Fields, by path.
    pub fields: Vec<String>,
    /// Codes of purposes, with commas between them.
    pub purposes: String,
    /// Why.
    pub reason: String,
    /// The law that allows asking.
    pub basis: String,
    /// Calls a day.
    pub quota: String,
    /// The last day.
    pub until: String,
    /// By what the person answers for.
    pub contacts: BTreeMap<String, Contact>,
    /// Questions that were answered.
    pub answered: BTreeSet<Question>,
    /// When it was last changed.
    pub changed: Ts,
}

/// What the service and its road ask for.
pub struct Demands {
    /// 1 automatic, 2 on request, 3 special.
    pub kind: u8,
    /// Contacts that must be named.
    pub contacts: Vec<String>,
    /// Whether each field must be named.
    pub names_fields: bool,
}

impl Answers {
    /// The first question without an answer.
    pub fn next(&self) -> Option<Question> {
        Question::ALL.into_iter().find(|question| !self.answered.contains(question))
    }

    /// Takes over what was filled in for a question.
    pub fn take(&mut self, question: Question, form: &Form, demands: &Demands) {
        let text = |name: &str| form.get(name).to_owned();
        // The box beside the list counts when nothing in the list was chosen.
        let picked = || if form.get("chon").is_empty() { text("khac") } else { text("chon") };
        match question {
            Question::Agency => self.agency = picked(),
            Question::System => picked().trim_matches('/').clone_into(&mut self.system),
            Question::Fields => self.fields = terms::topmost(form.all("truong")),
            Question::Purpose => (self.purposes, self.reason) = (text("muc-dich"), text("ly-do")),
            Question::Basis => self.basis = text("can-cu"),
            Question::Amount => (self.quota, self.until) = (text("han-muc"), text("den-ngay")),
            Question::Contacts => {
                let contact = |kind: &String| {
                    let part = |part: &str| text(&format!("{kind}-{part}"));
                    (
                        kind.clone(),
                        Contact { name: part("ten"), phone: part("dien-thoai"), mail: part("thu") },
                    )
                };
                self.contacts = demands.contacts.iter().map(contact).collect();
            }
        }
    }

    /// What is plainly missing or wrong in the answer to a question, at its field; the API judges the rest.
    pub fn mistakes(&self, question: Question, demands: &Demands, now: Ts) -> Vec<Mistake> {
        let must = demands.kind > 1;
        let when = |is: bool, field: &str, vi: &str, en: &str| {
            is.then(|| Mistake { place: field.to_owned(), vi: vi.to_owned(), en: en.to_owned() })
        };
        let found = match question {
            Question::Agency => {
                let none = self.agency.is_empty();
                [when(none, "khac", "Chọn hoặc nhập mã cơ quan", "Choose or type the agency"), None]
            }
            Question::System => {
                let vi = "Chọn hệ thống, hoặc nhập mã theo dạng MÔI-TRƯỜNG/LOẠI/THÀNH-VIÊN/HỆ-THỐNG";
                let en = "Choose a system, or type its code as INSTANCE/CLASS/MEMBER/SUBSYSTEM";
                [when(!is_system(&self.system), "khac", vi, en), None]
            }
            Question::Fields => {
                let none = self.fields.is_empty() && demands.names_fields;
                let vi = "Chọn ít nhất một trường: dịch vụ có dữ liệu cá nhân";
                [when(none, "truong-1", vi, "Choose at least one field: the service has personal data"), None]
            }
            Question::Purpose => {
                let none = self.purposes().is_empty() && must;
                let codes = self.purpose_codes().join(", ");
                let odd = self.purposes().into_iter().any(|purpose| code(purpose) != purpose);
                let vi = format!(
                    "Mã mục đích chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối, ví dụ dang-ky-khai-sinh. Ý là {codes}?"
                );
                let en = format!(
                    "A code has small letters without marks, digits and hyphens, such as dang-ky-khai-sinh. Is it {codes}?"
                );
                let code =
                    when(none, "muc-dich", "Nhập mã mục đích khai thác", "Type the code of the purpose");
                let silent = self.reason.is_empty();
                [
                    code.or_else(|| when(odd, "muc-dich", &vi, &en)),
                    when(silent, "ly-do", "Nêu lý do cần dữ liệu", "Say why the data are needed"),
                ]
            }
            Question::Basis => {
                let none = self.basis.is_empty() && must;
                [when(none, "can-cu", "Nêu căn cứ pháp lý của việc khai thác", "Name the legal basis"), None]
            }
            Question::Amount => {
                let bad = !self.quota.is_empty() && self.quota().is_none_or(|quota| quota == 0);
                let vi = "Số lượt mỗi ngày là một số lớn hơn 0, ví dụ 5.000";
                [
                    when(bad, "han-muc", vi, "Calls a day are a number above 0, such as 5,000"),
                    self.day_mistake(now),
                ]
            }
            Question::Contacts => return self.contact_mistakes(demands),
        };
        found.into_iter().flatten().collect()
    }

    fn day_mistake(&self, now: Ts) -> Option<Mistake> {
        let said = |vi: String, en: String| Some(Mistake { place: "den-ngay".to_owned(), vi, en });
        match self.until() {
            _ if self.until.is_empty() => None,
            None if time::is_like_a_day(&self.until) => {
                said(format!("Không có ngày {}", self.until), format!("There is no day {}", self.until))
            }
            Some(until) if until > now => None,
            _ => said(
                "Ngày cuối cùng phải là một ngày sắp tới, ví dụ 31/12/2027".to_owned(),
                "The last day must be a day to come, such as 31/12/2027".to_owned(),
            ),
        }
    }

    fn contact_mistakes(&self, demands: &Demands) -> Vec<Mistake> {
        let mut found = Vec::new();
        for kind in &demands.contacts {
            let Contact { name, phone, mail } = self.contacts.get(kind).cloned().unwrap_or_default();
            let mut wrong = |is: bool, part: &str, vi: &str, en: &str| {
                let place = format!("{kind}-{part}");
                found.extend(is.then(|| Mistake { place, vi: vi.to_owned(), en: en.to_owned() }));
            };
            wrong(
                name.is_empty(),
                "ten",
                "Nhập họ tên, chức vụ của đầu mối",
                "Type the name and post of the contact",
            );
            let silent = phone.is_empty() && mail.is_empty();
            let vi = "Nhập số điện thoại hoặc thư điện tử của đầu mối";
            wrong(silent, "dien-thoai", vi, "Type a telephone number or an e-mail address");
            let odd = !phone.is_empty() && !is_phone(&phone);
            let vi = "Số điện thoại có từ 8 đến 15 chữ số, ví dụ 0236 3822 123";
            wrong(odd, "dien-thoai", vi, "A telephone number has 8 to 15 digits, such as 0236 3822 123");
            let odd = !mail.is_empty() && !is_mail(&mail);
            let vi = "Địa chỉ thư điện tử viết như an.nv@danang.gov.vn";
            wrong(odd, "thu", vi, "An e-mail address is written like an.nv@danang.gov.vn");
        }
        found
    }

    /// The codes of purposes.
    pub fn purposes(&self) -> Vec<&str> {
        self.purposes.split([',', ';', '\n']).map(str::trim).filter(|one| !one.is_empty()).collect()
    }

    /// The codes that the purposes would have, were they typed as words.
    pub fn purpose_codes(&self) -> Vec<String> {
        self.purposes().into_iter().map(code).filter(|code| !code.is_empty()).collect()
    }

    /// Calls a day; groups of digits may stand apart.
    pub fn quota(&self) -> Option<u64> {
        self.quota.replace(['.', ',', ' ', '\u{a0}'], "").parse().ok()
    }

    /// The end of the last day.
    pub fn until(&self) -> Option<Ts> {
        time::typed_day(&self.until).and_then(time::end_of)
    }

    /// The request, as the API takes it.
    pub fn request(&self) -> Value {
        let contact = |(kind, one): (&String, &Contact)| json!({ "kind": kind, "name": one.name, "phone": one.phone, "email": one.mail });
        json!({
            "consumer": self.system,
            "agency": self.agency,
            "service": self.service,
            "terms": {
                "fields": self.fields,
                "purposes": self.purposes(),
                "legal_basis": self.basis,
                "quota_day": self.quota(),
                "until": self.until(),
            },
            "reason": self.reason,
            "contacts": self.contacts.iter().map(contact).collect::<Vec<_>>(),
        })
    }
}

/// Words as a code: `Đăng ký khai sinh` is `dang-ky-khai-sinh`. A code is its own.
fn code(words: &str) -> String {
    let plain = words.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    let plain: String = plain.map(|letter| if letter == 'đ' { 'd' } else { letter }).collect();
    let parts = plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// Four parts, none of them empty; whether there is such a system says the API.
fn is_system(text: &str) -> bool {
    text.split('/').count() == 4 && text.split('/').all(|part| !part.trim().is_empty())
}

/// Digits as people group them, with the mark of a country in front.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.chars().all(|one| one.is_ascii_digit() || " +.-()".contains(one));
    plain && (8..=15).contains(&digits)
}

/// One `@`, and a dot in what follows it; whether there is such an address says only a letter to it.
fn is_mail(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    let parts: Vec<&str> = host.split('.').collect();
    !name.is_empty()
        && !text.contains(char::is_whitespace)
        && !host.contains('@')
        && parts.len() > 1
        && parts.iter().all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(kind: u8) -> Demands {
        Demands { kind, contacts: vec!["technical".into()], names_fields: true }
    }

    #[test]
    fn the_next_question_is_the_first_without_an_answer() {
        let mut answers = Answers::default();
        assert_eq!(answers.next(), Some(Question::Agency));
        answers.answered.extend([Question::Agency, Question::Fields]);
        assert_eq!(answers.next(), Some(Question::System));
        answers.answered.extend(Question::ALL);
        assert_eq!(answers.next(), None);
        assert_eq!((Question::Agency.before(), Question::Fields.before()), (None, Some(Question::System)));
    }

    #[test]
    fn every_place_of_the_api_leads_to_its_question() {
        let places = [
            ("contacts.name", Some(Question::Contacts)),
            ("consumer", Some(Question::System)),
            ("until", Some(Question::Amount)),
            ("service", None),
        ];
        for (place, question) in places {
            assert_eq!(Question::of_place(place), question, "{place}");
        }
        assert!(Question::ALL.into_iter().all(|question| Question::of(question.slug()) == Some(question)));
    }

    #[test]
    fn numbers_and_days_are_read_as_people_type_them() {
        let mut answers = Answers { quota: "5.000".into(), until: "31/12/2026".into(), ..Answers::default() };
        assert_eq!(answers.request()["terms"]["quota_day"], 5000);
        assert_eq!(answers.request()["terms"]["until"], 1_798_736_400_000_000_i64);
        let count = |answers: &Answers, now| answers.mistakes(Question::Amount, &demands(2), Ts(now)).len();
        assert_eq!((count(&answers, 0), count(&answers, i64::MAX)), (0, 1));
        (answers.quota, answers.until) = (String::new(), String::new());
        assert_eq!((count(&answers, 0), &answers.request()["terms"]["until"]), (0, &Value::Null));
        (answers.quota, answers.until) = ("0".into(), "mai".into());
        assert_eq!(count(&answers, 0), 2);
        answers.until = "31/2/2027".into();
        let found = answers.mistakes(Question::Amount, &demands(2), Ts(0));
        assert_eq!(found[1].vi, "Không có ngày 31/2/2027");
    }

    #[test]
    fn what_a_question_needs_depends_on_the_kind_of_request() {
        let mut answers = Answers { reason: "Đối chiếu".into(), ..Answers::default() };
        let count =
            |answers: &Answers, question, kind| answers.mistakes(question, &demands(kind), Ts(0)).len();
        assert_eq!((count(&answers, Question::Purpose, 1), count(&answers, Question::Purpose, 2)), (0, 1));
        assert_eq!((count(&answers, Question::Basis, 1), count(&answers, Question::Basis, 3)), (0, 1));
        assert_eq!(count(&answers, Question::Contacts, 1), 2);
        let form = Form::of(&[("technical-ten", "A"), ("technical-thu", "a@b.vn"), ("business-ten", "B")]);
        answers.take(Question::Contacts, &form, &demands(1));
        assert_eq!((answers.contacts.len(), count(&answers, Question::Contacts, 1)), (1, 0));
        let form = Form::of(&[
            ("technical-ten", "A"),
            ("technical-dien-thoai", "abc"),
            ("technical-thu", "an@danang"),
        ]);
        answers.take(Question::Contacts, &form, &demands(1));
        let found = answers.mistakes(Question::Contacts, &demands(1), Ts(0));
        let places: Vec<_> = found.iter().map(|one| &*one.place).collect();
        assert_eq!(places, ["technical-dien-thoai", "technical-thu"]);
    }

    #[test]
    fn telephone_numbers_and_addresses_look_like_ones() {
        for right in ["0236 3822 123", "+84 (236) 3822-123", "02363.822.123"] {
            assert!(is_phone(right), "{right}");
        }
        for wrong in ["abc", "123", "0236 3822 123 máy lẻ 5", "1234567890123456"] {
            assert!(!is_phone(wrong), "{wrong}");
        }
        assert!(is_mail("an.nv@danang.gov.vn"));
        for wrong in ["an@danang", "an", "@danang.vn", "a@b@c.vn", "a b@c.vn", "a@b..vn"] {
            assert!(!is_mail(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_purpose_is_a_code_and_words_become_one() {
        let mut answers = Answers { reason: "Đối chiếu".into(), ..Answers::default() };
        for (typed, codes, right) in [
            ("dang-ky-khai-sinh, ho-tich-2", "dang-ky-khai-sinh, ho-tich-2", true),
            ("Đăng ký khai sinh", "dang-ky-khai-sinh", false),
            ("TTHC", "tthc", false),
            ("ho_tich; “Hộ tịch”", "ho-tich, ho-tich", false),
        ] {
            answers.purposes = typed.into();
            assert_eq!(answers.purpose_codes().join(", "), codes);
            let mistakes = answers.mistakes(Question::Purpose, &demands(2), Ts(0));
            assert_eq!(mistakes.is_empty(), right, "{typed}");
        }
    }

    #[test]
    fn a_system_is_chosen_or_typed() {
        let mut answers = Answers::default();
        for (form, right) in [
            (&[("chon", "VN/GOV/H17/HOTICH"), ("khac", "x")][..], true),
            (&[("chon", ""), ("khac", "VN/GOV/H17/HOTICH/")], true),
            (&[("khac", "VN/GOV//HOTICH")], false),
            (&[], false),
        ] {
            answers.take(Question::System, &Form::of(form), &demands(1));
            let mistakes = answers.mistakes(Question::System, &demands(1), Ts(0));
            assert_eq!(mistakes.is_empty(), right, "{form:?}");
        }
    }
}
