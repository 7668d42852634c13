//! Entering a version of a service: what is asked of its description before anything of it is kept.

use std::fmt;

use base::{ServiceId, SubsystemId};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::{done, seen, transition};
use crate::agency::AgencyCode;
use crate::service::{
    DataClass, Document, Entry, Event, Field, Service, SharingKind, Stage, document, fields_of, openapi,
    owner, within,
};
use crate::text::{Text, fold};
use crate::{Mistake, Moment, RegistryError, Rules, State};

/// Longest answer time that can be promised, in milliseconds: ten minutes.
pub const RESPONSE_MS_MAX: u32 = 600_000;

/// Longest name of a service, in characters.
const TITLE_CHARS_MAX: usize = 500;
/// Longest text about a service, in characters.
const TEXT_CHARS_MAX: usize = 5_000;
/// Longest number of a document, in characters.
const NUMBER_CHARS_MAX: usize = 200;
/// Longest code of a kind of master data, in characters.
const OBJECT_CHARS_MAX: usize = 64;
/// Most versions of one service.
const VERSIONS_MAX: usize = 200;
/// Members of a description that say how secret it is.
const MARKS: [&str; 5] =
    ["x-lienthong-data-class", "x-data-class", "x-classification", "x-security-classification", "x-do-mat"];

/// A version of a service as its owner describes it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// `INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE`.
    pub id: ServiceId,
    /// The data owner.
    pub owner: AgencyCode,
    /// Its name.
    pub title: Text,
    /// What it is for.
    #[serde(default)]
    pub summary: Text,
    /// Class of its data, as a code of the vocabulary. State secrets are refused in any spelling.
    pub data_class: String,
    /// Kind of sharing, as a code of the vocabulary that counts today.
    pub sharing: String,
    /// How data reach the consumer, as a code of the vocabulary.
    #[serde(default = "crate::service::query")]
    pub method: String,
    /// The text that makes the owner share it.
    pub legal_basis: String,
    /// The kind of master data of which it is the only source.
    #[serde(default)]
    pub master_of: Option<String>,
    /// Number of the impact assessment; special services need one.
    #[serde(default)]
    pub impact_assessment: Option<String>,
    /// Answer time promised, 1 to [`RESPONSE_MS_MAX`] milliseconds (p95).
    #[serde(default)]
    pub response_ms: Option<u32>,
    /// Fields that are personal data beside those that the description marks, with all that lies in them.
    #[serde(default)]
    pub personal: Vec<String>,
    /// The OpenAPI description: the JSON object, or the text of a JSON file.
    pub openapi: Value,
}

/// Shows which service, never what is said of it: it may be a state secret that must not get into a log.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the caller of [`put`] knows beside the draft.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The [`crate::service::Entry::revision`] that the person had seen; `None` for a new service.
    pub if_version: Option<i64>,
    /// Whether the directory has this member and subsystem.
    pub in_directory: &'a dyn Fn(&SubsystemId) -> bool,
}

/// Enters a version of a service, or changes it. A draft can be changed at will; of a published version everything
/// but its description. Handing in what is there already changes nothing and is no mistake.
///
/// # Errors
/// [`RegistryError::StateSecret`] before anything else; [`RegistryError::Conflict`]; [`RegistryError::Transition`]
/// for a withdrawn version; [`RegistryError::Invalid`] with all mistakes. When nothing else is wrong,
/// [`RegistryError::UnknownFields`], [`RegistryError::ImpactAssessmentMissing`], [`RegistryError::MasterTaken`].
pub fn put(
    state: &State,
    rules: &Rules,
    moment: &Moment,
    draft: &Draft,
    given: Given<'_>,
) -> Result<Vec<crate::Event>, RegistryError> {
    let read = document::read(&draft.openapi);
    if is_secret(rules, draft, read.as_ref().unwrap_or(&Value::Null)) {
        return Err(RegistryError::StateSecret);
    }
    let entry = current(state, draft, given.if_version)?;
    let mut mistakes = Vec::new();
    let document = read.unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        Value::Null
    });
    let known = openapi::version(&document).and_then(|version| entry?.version(version));
    changeable(entry, known, moment.today)?;
    let fields = if mistakes.is_empty() { fields_of(&document) } else { Ok(Vec::new()) };
    let fields = fields.or_else(|e| match e {
        RegistryError::Invalid(found) => {
            mistakes.extend(found);
            Ok(Vec::new())
        }
        other => Err(other),
    })?;
    if let Some(known) = known.filter(|known| known.stage != Stage::Draft) {
        mistakes.extend(new_description_mistake(known, &document));
    }
    let (fields, unknown) = marked(fields, &draft.personal);
    let mut service = written(draft, (rules, moment.today), document, fields, &mut mistakes);
    service.owner = owner::code(state, &draft.owner, moment.today);
    if let Some(known) = known {
        (service.stage, service.sunset) = (known.stage, known.sunset);
        service.replacement.clone_from(&known.replacement);
    }
    mistakes.extend(surroundings(state, draft, given, moment.today));
    let kind = kind(rules, &draft.sharing, moment.today).map_err(|mistake| mistakes.push(mistake)).ok();
    let fields_known = if unknown.is_empty() { Ok(()) } else { Err(RegistryError::UnknownFields(unknown)) };
    let refusals = [
        ("personal", fields_known),
        ("impact_assessment", assessed(kind, service.impact_assessment.as_deref())),
        ("master_of", only_source(state, &draft.id, service.master_of.as_deref(), moment.today)),
    ];
    refuse(mistakes, refusals)?;
    if known == Some(&service) {
        return Ok(Vec::new());
    }
    Ok(done(vec![Event::Put(Box::new(service))]))
}

/// Whether the draft is marked as a state secret, by its class or anywhere in its description.
fn is_secret(rules: &Rules, draft: &Draft, document: &Value) -> bool {
    let secret = |mark: &str| rules.vocabulary.is_state_secret(mark);
    if secret(&draft.data_class) {
        return true;
    }
    // A heap instead of recursion: the depth of the document is not known yet.
    let mut rest = vec![document];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => {
                let marks = MARKS.iter().filter_map(|mark| members.get(*mark)?.as_str());
                if marks.into_iter().any(secret) {
                    return true;
                }
                rest.extend(members.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    false
}

/// The entry as the person had seen it.
fn current<'a>(
    state: &'a State,
    draft: &Draft,
    if_version: Option<i64>,
) -> Result<Option<&'a Entry>, RegistryError> {
    match (state.services.entry(&draft.id), if_version) {
        (Some(entry), _) => seen(entry, &draft.id, if_version).map(|()| Some(entry)),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(RegistryError::NoSuch { kind: "service", name: draft.id.to_string() }),
    }
}

fn changeable(entry: Option<&Entry>, known: Option<&Service>, today: Date) -> Result<(), RegistryError> {
    match known {
        Some(known) if known.stage_on(today) == Stage::Withdrawn => {
            Err(transition(known, today, "sửa / change"))
        }
        None if entry.is_some_and(|entry| entry.versions().len() >= VERSIONS_MAX) => {
            Err(RegistryError::TooMany { what: "phiên bản / versions", max: VERSIONS_MAX })
        }
        _ => Ok(()),
    }
}

/// What was offered under a version stays described as it was: consumers built on it.
fn new_description_mistake(known: &Service, document: &Value) -> Option<Mistake> {
    (known.openapi.value() != *document).then(|| {
        let version = &known.version;
        Mistake::new(
            "openapi/info/version",
            format!("mô tả của phiên bản {version} đã công bố, không sửa được; hãy đặt số phiên bản mới"),
            format!("the description of version {version} is published and stays: give a new version"),
        )
    })
}

/// Marks the fields at the paths and all that lies in them; yields the paths that do not exist, too.
fn marked(mut fields: Vec<Field>, personal: &[String]) -> (Vec<Field>, Vec<String>) {
    let mut unknown = Vec::new();
    for path in personal.iter().map(|path| path.trim().nfc().collect::<String>()) {
        let mut any = false;
        for field in fields.iter_mut().filter(|field| within(&field.path, &path)) {
            field.personal = true;
            any |= field.path == path;
        }
        if !any {
            unknown.push(path);
        }
    }
    (fields, unknown)
}

/// The service that the draft describes; wrong parts are left empty and named in `mistakes`.
fn written(
    draft: &Draft,
    (rules, today): (&Rules, Date),
    document: Value,
    fields: Vec<Field>,
    mistakes: &mut Vec<Mistake>,
) -> Service {
    let mut text = |place: &str, text: &str, chars_max| cleaned(place, text, chars_max, mistakes);
    let title = Text {
        vi: text("title.vi", &draft.title.vi, TITLE_CHARS_MAX),
        en: text("title.en", &draft.title.en, TITLE_CHARS_MAX),
    };
    let summary = Text {
        vi: text("summary.vi", &draft.summary.vi, TEXT_CHARS_MAX),
        en: text("summary.en", &draft.summary.en, TEXT_CHARS_MAX),
    };
    let legal_basis = text("legal_basis", &draft.legal_basis, TEXT_CHARS_MAX);
    let number = draft.impact_assessment.as_deref().unwrap_or_default();
    let impact_assessment = Some(text("impact_assessment", number, NUMBER_CHARS_MAX));
    for (place, given) in [("title.vi", &title.vi), ("legal_basis", &legal_basis)] {
        if given.is_empty() {
            mistakes.push(Mistake::new(place, "không được để trống", "must not be empty"));
        }
    }
    let data_class = class(draft, (rules, today), &fields).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        DataClass::PersonalSensitive
    });
    let method = method(rules, &draft.method, today).map_err(|mistake| mistakes.push(mistake));
    let master_of = master(draft.master_of.as_deref()).map_err(|mistake| mistakes.push(mistake));
    if draft.response_ms.is_some_and(|ms| !(1..=RESPONSE_MS_MAX).contains(&ms)) {
        mistakes.push(Mistake::new(
            "response_ms",
            format!("phải từ 1 đến {RESPONSE_MS_MAX} mili giây"),
            format!("must be 1 to {RESPONSE_MS_MAX} milliseconds"),
        ));
    }
    Service {
        id: draft.id.clone(),
        version: openapi::version(&document).unwrap_or_default().to_owned(),
        owner: draft.owner.clone(),
        title,
        summary,
        stage: Stage::Draft,
        data_class,
        sharing: draft.sharing.clone(),
        method: method.unwrap_or_default(),
        legal_basis,
        master_of: master_of.unwrap_or_default(),
        impact_assessment: impact_assessment.filter(|number| !number.is_empty()),
        response_ms: draft.response_ms,
        sunset: None,
        replacement: None,
        fields,
        openapi: Document::from(document),
    }
}

/// The text as it is kept: NFC, trimmed.
pub(super) fn cleaned(place: &str, text: &str, chars_max: usize, mistakes: &mut Vec<Mistake>) -> String {
    let text: String = text.trim().nfc().collect();
    if text.chars().count() > chars_max {
        let (vi, en) =
            (format!("dài quá {chars_max} ký tự"), format!("has more than {chars_max} characters"));
        mistakes.push(Mistake::new(place, vi, en));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        let (vi, en) = ("có ký tự điều khiển, hãy xóa đi", "has control characters: remove them");
        mistakes.push(Mistake::new(place, vi, en));
    }
    text
}

fn class(draft: &Draft, (rules, today): (&Rules, Date), fields: &[Field]) -> Result<DataClass, Mistake> {
    let rule = rules.vocabulary.class(draft.data_class.trim(), today);
    let class = rule.and_then(|rule| rule.class).ok_or_else(|| {
        let open = rules.vocabulary.classes(today).filter(|rule| rule.class.is_some());
        let codes = open.map(|rule| rule.code.as_str()).collect::<Vec<_>>().join(", ");
        Mistake::new("data_class", format!("phải là một trong: {codes}"), format!("must be one of: {codes}"))
    })?;
    match fields.iter().find(|field| field.personal) {
        Some(field) if !class.is_personal() => Err(Mistake::new(
            "data_class",
            format!("{} là dữ liệu cá nhân; mức phải là personal_basic hoặc personal_sensitive", field.path),
            format!(
                "{} is personal data: the class must be personal_basic or personal_sensitive",
                field.path
            ),
        )),
        _ => Ok(class),
    }
}

fn method(rules: &Rules, code: &str, today: Date) -> Result<String, Mistake> {
    let method = rules.vocabulary.method(code.trim(), today);
    method.map(|method| method.code.clone()).ok_or_else(|| {
        let codes = rules.vocabulary.methods(today).map(|method| method.code.as_str()).collect::<Vec<_>>();
        let codes = codes.join(", ");
        Mistake::new("method", format!("phải là một trong: {codes}"), format!("must be one of: {codes}"))
    })
}

/// The code of a kind of master data: folded words joined by `-`, so that one kind cannot be written in two ways.
pub(super) fn object_code(text: &str) -> String {
    fold(text).replace(' ', "-")
}

fn master(object: Option<&str>) -> Result<Option<String>, Mistake> {
    let Some(given) = object.map(str::trim).filter(|object| !object.is_empty()) else { return Ok(None) };
    let code = object_code(given);
    let fits = !code.is_empty() && code.len() <= OBJECT_CHARS_MAX && code.is_ascii();
    fits.then_some(Some(code)).ok_or_else(|| {
        Mistake::new(
            "master_of",
            format!("phải là mã như cong-dan, tối đa {OBJECT_CHARS_MAX} ký tự"),
            format!("must be a code such as cong-dan, at most {OBJECT_CHARS_MAX} characters"),
        )
    })
}

/// The kind of sharing as it counts today.
pub(super) fn kind<'a>(rules: &'a Rules, code: &str, today: Date) -> Result<&'a SharingKind, Mistake> {
    let words = &rules.vocabulary;
    words.kind(code, today).ok_or_else(|| {
        let list = |kinds: Vec<&SharingKind>| {
            kinds
                .into_iter()
                .map(|kind| format!("{} ({})", kind.code, kind.title.vi))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let heirs = words.heirs(code, today);
        match words.kind_ever(code) {
            Some(old) if !heirs.is_empty() => {
                let (codes, law) = (list(heirs), &old.legal_basis);
                let vi = format!("loại theo {law} không còn dùng; hãy chọn: {codes}");
                Mistake::new("sharing", vi, format!("the kind of {law} is not in use any more: take {codes}"))
            }
            _ => {
                let codes = list(words.kinds(today).collect());
                Mistake::new(
                    "sharing",
                    format!("phải là một trong: {codes}"),
                    format!("must be one of: {codes}"),
                )
            }
        }
    })
}

/// What the agencies and the directory say against the draft.
fn surroundings(state: &State, draft: &Draft, given: Given<'_>, today: Date) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = owner::mistake(state, &draft.owner, today).into_iter().collect();
    let provider = &draft.id.provider;
    mistakes.extend(owner::stranger(state, &draft.owner, &provider.member, today));
    if !(given.in_directory)(provider) {
        mistakes.push(Mistake::new(
            "id",
            format!("danh bạ tin cậy chưa có hệ thống {provider}; hãy đăng ký hệ thống trước"),
            format!("the directory has no subsystem {provider}: register it first"),
        ));
    }
    mistakes
}

/// That an impact assessment is named where the kind of sharing demands one (annex G, check 1).
pub(super) fn assessed(kind: Option<&SharingKind>, number: Option<&str>) -> Result<(), RegistryError> {
    match kind {
        Some(kind) if kind.needs_impact_assessment && number.is_none() => {
            Err(RegistryError::ImpactAssessmentMissing)
        }
        _ => Ok(()),
    }
}

/// That no other service is the source of the master data (NĐ 278/2025/NĐ-CP, Điều 5 khoản 2).
pub(super) fn only_source(
    state: &State,
    id: &ServiceId,
    object: Option<&str>,
    today: Date,
) -> Result<(), RegistryError> {
    let Some(object) = object else { return Ok(()) };
    match state.services.master_source(object, today) {
        Some(other) if other.id != *id => {
            Err(RegistryError::MasterTaken { object: object.to_owned(), by: other.id.to_string() })
        }
        _ => Ok(()),
    }
}

/// One refusal keeps its own code; beside other mistakes it becomes one of them, so that all are seen at once.
fn refuse<const N: usize>(
    mut mistakes: Vec<Mistake>,
    refusals: [(&str, Result<(), RegistryError>); N],
) -> Result<(), RegistryError> {
    let mut refusals: Vec<_> =
        refusals.into_iter().filter_map(|(place, refusal)| Some((place, refusal.err()?))).collect();
    if mistakes.is_empty() && refusals.len() == 1 {
        return refusals.pop().map_or(Ok(()), |(_, refusal)| Err(refusal));
    }
    for (place, refusal) in refusals {
        let text = refusal.to_string();
        let (vi, en) = text.split_once(" / ").unwrap_or((&text, &text));
        mistakes.push(Mistake::new(place, vi, en));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(RegistryError::Invalid(mistakes)) }
}
