//! What somebody answered so far, which question comes next, and the request that follows from it.

use std::collections::{BTreeMap, BTreeSet};

use base::Ts;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::failure::Mistake;
use crate::form::Form;
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
            Question::Fields => self.fields = topmost(form.all("truong")),
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

    /// What is plainly missing or wrong in the answer to a question; the API judges the rest.
    pub fn mistakes(&self, question: Question, demands: &Demands, now: Ts) -> Vec<Mistake> {
        let mut found = Vec::new();
        let mut wrong = |is: bool, vi: &str, en: &str| {
            if is {
                found.push(Mistake { place: String::new(), vi: vi.to_owned(), en: en.to_owned() });
            }
        };
        match question {
            Question::Agency => {
                wrong(self.agency.is_empty(), "Chọn hoặc nhập mã cơ quan", "Choose or type the agency");
            }
            Question::System => wrong(
                !is_system(&self.system),
                "Chọn hệ thống, hoặc nhập mã theo dạng MÔI-TRƯỜNG/LOẠI/THÀNH-VIÊN/HỆ-THỐNG",
                "Choose a system, or type its code as INSTANCE/CLASS/MEMBER/SUBSYSTEM",
            ),
            Question::Fields => wrong(
                self.fields.is_empty() && demands.names_fields,
                "Chọn ít nhất một trường: dịch vụ có dữ liệu cá nhân",
                "Choose at least one field: the service has personal data",
            ),
            Question::Purpose => {
                let none = self.purposes().is_empty() && demands.kind > 1;
                wrong(none, "Nhập mã mục đích khai thác", "Type the code of the purpose");
                let codes = self.purpose_codes().join(", ");
                let odd = self.purposes().into_iter().any(|purpose| code(purpose) != purpose);
                let vi = format!(
                    "Mã mục đích chỉ gồm chữ thường không dấu, chữ số và dấu gạch nối, ví dụ dang-ky-khai-sinh. Ý là {codes}?"
                );
                let en = format!(
                    "A code has small letters without marks, digits and hyphens, such as dang-ky-khai-sinh. Is it {codes}?"
                );
                wrong(odd, &vi, &en);
                wrong(self.reason.is_empty(), "Nêu lý do cần dữ liệu", "Say why the data are needed");
            }
            Question::Basis => wrong(
                self.basis.is_empty() && demands.kind > 1,
                "Nêu căn cứ pháp lý của việc khai thác",
                "Name the legal basis",
            ),
            Question::Amount => {
                let bad = !self.quota.is_empty() && self.quota().is_none_or(|quota| quota == 0);
                wrong(
                    bad,
                    "Số lượt mỗi ngày là một số lớn hơn 0, ví dụ 5.000",
                    "Calls a day are a number above 0",
                );
                let bad = !self.until.is_empty() && self.until().is_none_or(|until| until <= now);
                wrong(
                    bad,
                    "Ngày cuối cùng phải là một ngày sắp tới, ví dụ 31/12/2027",
                    "The last day must be a day to come, such as 31/12/2027",
                );
            }
            Question::Contacts => {
                let contact = |kind: &String| self.contacts.get(kind).cloned().unwrap_or_default();
                let all: Vec<Contact> = demands.contacts.iter().map(contact).collect();
                let nameless = all.iter().any(|one| one.name.is_empty());
                wrong(nameless, "Mỗi đầu mối phải có họ tên", "Each contact needs a name");
                let silent = all.iter().any(|one| one.phone.is_empty() && one.mail.is_empty());
                wrong(
                    silent,
                    "Mỗi đầu mối phải có số điện thoại hoặc thư điện tử",
                    "Each contact needs a telephone number or an e-mail address",
                );
            }
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

/// A field stands for all below it: those are left out.
fn topmost(fields: Vec<String>) -> Vec<String> {
    let chosen: BTreeSet<String> = fields.iter().cloned().collect();
    let covered = |field: &String| field.match_indices('.').any(|(end, _)| chosen.contains(&field[..end]));
    fields.into_iter().filter(|field| !covered(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(kind: u8) -> Demands {
        Demands { kind, contacts: vec!["technical".into()], names_fields: true }
    }

    #[test]
    fn a_field_covers_those_below_it() {
        let given = ["cha", "cha.hoTen", "chaNuoi", "me.hoTen"].map(str::to_owned);
        assert_eq!(topmost(given.into()), ["cha", "chaNuoi", "me.hoTen"]);
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
    }

    #[test]
    fn what_a_question_needs_depends_on_the_kind_of_request() {
        let mut answers = Answers { reason: "Đối chiếu".into(), ..Answers::default() };
        let count =
            |answers: &Answers, question, kind| answers.mistakes(question, &demands(kind), Ts(0)).len();
        assert_eq!((count(&answers, Question::Purpose, 1), count(&answers, Question::Purpose, 2)), (0, 1));
        assert_eq!((count(&answers, Question::Basis, 1), count(&answers, Question::Basis, 3)), (0, 1));
        assert_eq!(count(&answers, Question::Contacts, 1), 2);
        let form = Form::of(&[("technical-ten", "A"), ("technical-thu", "a@b"), ("business-ten", "B")]);
        answers.take(Question::Contacts, &form, &demands(1));
        assert_eq!((answers.contacts.len(), count(&answers, Question::Contacts, 1)), (1, 0));
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
