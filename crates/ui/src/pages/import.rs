//! Files of agencies and of the inventory: handed in, checked without writing, confirmed, done. All of a file or nothing.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::{Method, StatusCode};
use serde::Deserialize;

use super::work::now;
use crate::Console;
use crate::failure::Failure;
use crate::form::{File, FileForm, Form, new_key, with_file};
use crate::session::Visit;
use crate::upload::Waiting;
use crate::view::{Frame, Section, page, page_as, query, redirect};

/// Refused rows that one page lists; who mends those gets the rest.
const REFUSED_MAX: usize = 1_000;

/// What is imported.
struct Kind {
    /// Its word in addresses.
    code: &'static str,
    section: Section,
    /// The list that it goes to: address and words.
    list: (&'static str, &'static str),
    /// Title and what stands above the form.
    words: (&'static str, &'static str),
    api: &'static str,
    /// Ends of names that it may have, and whether the API is told.
    formats: &'static [&'static str],
    told: bool,
    /// Files to be filled in: end of the name, address of the API.
    templates: &'static [(&'static str, &'static str)],
}

const AGENCIES: Kind = Kind {
    code: "co-quan",
    section: Section::Admin,
    list: ("/quan-tri/co-quan", "admin-agencies"),
    words: ("import-agencies", "import-agencies-lead"),
    api: "/agencies/import",
    formats: &["csv"],
    told: false,
    templates: &[("csv", "/agencies.csv?template=true")],
};

const HOLDINGS: Kind = Kind {
    code: "csdl",
    section: Section::Sharing,
    list: ("/chia-se/csdl", "silo-title"),
    words: ("import-holdings", "import-holdings-lead"),
    api: "/holdings/import",
    formats: &["csv", "xlsx", "json"],
    told: true,
    templates: &[
        ("xlsx", "/holdings/export?format=xlsx&template=true"),
        ("csv", "/holdings/export?format=csv&template=true"),
    ],
};

#[derive(Template)]
#[template(path = "import.html")]
pub struct Import {
    frame: Frame,
    kind: &'static Kind,
    errors: Vec<String>,
    refused: Vec<(String, String)>,
    refused_more: usize,
    /// The file that waits: its id and name.
    waiting: Option<(String, String)>,
    found: Option<Brought>,
    key: String,
}

#[derive(Template)]
#[template(path = "import_done.html")]
pub struct Done {
    frame: Frame,
    kind: &'static Kind,
    brought: Figures,
}

/// What a file brings, or brought.
#[derive(Default, Deserialize)]
struct Brought {
    #[serde(default)]
    rows: usize,
    #[serde(default)]
    changes: usize,
    #[serde(default)]
    new: usize,
    #[serde(default)]
    entry: i64,
    #[serde(default)]
    items: Vec<Item>,
}

impl Brought {
    /// Entries that change.
    fn changed(&self) -> usize {
        self.changes.saturating_sub(self.new)
    }

    /// Entries that stay as they are.
    fn same(&self) -> usize {
        self.rows.saturating_sub(self.changes)
    }

    /// Entries that are not listed.
    fn more(&self) -> usize {
        self.changes.saturating_sub(self.items.len())
    }
}

/// An entry that is new or changes.
#[derive(Deserialize)]
struct Item {
    code: String,
    name: String,
    new: bool,
}

/// The figures of what was done, as the address has them.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Figures {
    dong: usize,
    moi: usize,
    sua: usize,
    so: i64,
}

/// The routes.
pub fn routes() -> Router<Console> {
    Router::new()
        .route("/quan-tri/co-quan/nhap", with_file(begin(&AGENCIES)))
        .route(
            "/quan-tri/co-quan/nhap/ghi",
            post(async |visit: Visit, form: Form| write(visit, &AGENCIES, form).await),
        )
        .route(
            "/quan-tri/co-quan/nhap/xong",
            get(async |visit: Visit, Query(brought)| done(&visit, &AGENCIES, brought)),
        )
        .route(
            "/quan-tri/co-quan/nhap/mau",
            get(async |visit: Visit, wanted: Query<Wanted>| template(visit, &AGENCIES, wanted).await),
        )
        .route("/chia-se/csdl/nhap", with_file(begin(&HOLDINGS)))
        .route(
            "/chia-se/csdl/nhap/ghi",
            post(async |visit: Visit, form: Form| write(visit, &HOLDINGS, form).await),
        )
        .route(
            "/chia-se/csdl/nhap/xong",
            get(async |visit: Visit, Query(brought)| done(&visit, &HOLDINGS, brought)),
        )
        .route(
            "/chia-se/csdl/nhap/mau",
            get(async |visit: Visit, wanted: Query<Wanted>| template(visit, &HOLDINGS, wanted).await),
        )
}

/// The form, and what comes of it.
fn begin(kind: &'static Kind) -> MethodRouter<Console> {
    get(async move |visit: Visit| kind.page(&visit, Seen::default()))
        .post(async move |visit: Visit, handed: FileForm| check(visit, kind, handed).await)
}

/// What a page says of a file.
#[derive(Default)]
struct Seen {
    waiting: Option<Waiting>,
    found: Option<Brought>,
    failure: Option<Failure>,
}

impl Kind {
    fn address(&self, part: &str) -> String {
        format!("{}/nhap{part}", self.list.0)
    }

    /// Where the API takes such a file.
    fn api(&self, name: &str, dry_run: bool) -> Result<String, Failure> {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
        if !self.formats.contains(&&*end) {
            let ends = self.formats.join(", ");
            let vi = format!("Không nhận tệp “{name}”. Tên tệp phải kết thúc bằng: {ends}.");
            return Err(Failure::field(
                "tep",
                vi,
                format!("“{name}” is not taken. Its name must end with: {ends}."),
            ));
        }
        let asked =
            [("format", if self.told { &*end } else { "" }), ("dry_run", if dry_run { "true" } else { "" })];
        Ok(format!("{}{}", self.api, query(&asked)))
    }

    fn owner(&self, visit: &Visit) -> (String, &'static str) {
        (visit.who.as_ref().map(|who| who.id.clone()).unwrap_or_default(), self.code)
    }

    /// The page, with what was found out about a file.
    fn page(&'static self, visit: &Visit, seen: Seen) -> Result<Response, Failure> {
        let frame = visit.frame(self.section, self.words.0);
        let (mut errors, mut refused) = (Vec::new(), Vec::new());
        let status = seen.failure.as_ref().map_or(StatusCode::OK, |failure| failure.status);
        if let Some(failure) = &seen.failure {
            let of_rows = failure.code == "EX-2018" || failure.code == "EX-2004";
            if of_rows && !failure.mistakes.is_empty() {
                errors.push(frame.tn("import-refused", &failure.mistakes.len()));
                let said = failure.mistakes_in(frame.lang);
                refused = failure.mistakes.iter().map(|one| placed(&frame, &one.place)).zip(said).collect();
            } else {
                errors = failure.lines(frame.lang);
            }
        }
        let refused_more = refused.len().saturating_sub(REFUSED_MAX);
        refused.truncate(REFUSED_MAX);
        let import = Import {
            frame,
            kind: self,
            errors,
            refused,
            refused_more,
            waiting: seen.waiting.map(|waiting| (waiting.id, waiting.name)),
            found: seen.found,
            key: new_key(),
        };
        page_as(status, &import)
    }

    /// What went wrong as the page of the form; a session that has ended leads to the sign-in page.
    fn failed(
        &'static self,
        visit: &Visit,
        waiting: Option<Waiting>,
        failure: Failure,
    ) -> Result<Response, Failure> {
        if failure.status == StatusCode::UNAUTHORIZED || failure.code == "form" {
            return Err(failure);
        }
        self.page(visit, Seen { waiting, found: None, failure: Some(failure) })
    }
}

/// `row 7 (line 9), owner` in words.
fn placed(frame: &Frame, place: &str) -> String {
    place
        .replace("row ", &format!("{} ", frame.t("import-row")))
        .replace("line ", &format!("{} ", frame.t("import-line")))
}

/// Checks the file that comes with the form, or the one that waits already.
async fn check(
    visit: Visit,
    kind: &'static Kind,
    FileForm { form, file }: FileForm,
) -> Result<Response, Failure> {
    let uploads = visit.console().uploads();
    let owner = kind.owner(&visit);
    let waiting = match file {
        Ok(Some(File { name, bytes, .. })) => Ok(uploads.keep(owner, name, bytes, now())),
        Ok(None) if form.has("cho") => uploads.find(&owner, form.get("cho"), now()).ok_or_else(gone),
        Ok(None) => Err(Failure::field("tep", "Chưa chọn tệp", "No file was chosen")),
        Err(failure) => Err(failure),
    };
    let waiting = match waiting {
        Ok(waiting) => waiting,
        Err(failure) => return kind.failed(&visit, None, failure),
    };
    match send(&visit, kind, &waiting, None).await {
        Ok(found) => kind.page(&visit, Seen { waiting: Some(waiting), found: Some(found), failure: None }),
        Err(failure) => {
            // Whose role does not allow it takes no room from others.
            let may = failure.status != StatusCode::FORBIDDEN || !failure.mistakes.is_empty();
            if !may {
                uploads.end(&kind.owner(&visit));
            }
            kind.failed(&visit, Some(waiting).filter(|_| may), failure)
        }
    }
}

/// Takes the file over that was checked.
async fn write(visit: Visit, kind: &'static Kind, form: Form) -> Result<Response, Failure> {
    let (uploads, owner) = (visit.console().uploads(), kind.owner(&visit));
    let Some(waiting) = uploads.find(&owner, form.get("cho"), now()) else {
        return kind.failed(&visit, None, gone());
    };
    match send(&visit, kind, &waiting, Some(form.key())).await {
        Ok(brought) => {
            uploads.end(&owner);
            let [rows, new, changed] =
                [brought.rows, brought.new, brought.changed()].map(|one| one.to_string());
            let entry = brought.entry.to_string();
            let figures = [("dong", &*rows), ("moi", &new), ("sua", &changed), ("so", &entry)];
            Ok(redirect(&format!("{}{}", kind.address("/xong"), query(&figures))))
        }
        Err(failure) => kind.failed(&visit, Some(waiting), failure),
    }
}

/// Tries a file, or takes it over under a key.
async fn send(visit: &Visit, kind: &Kind, file: &Waiting, key: Option<&str>) -> Result<Brought, Failure> {
    let ask = visit.ask(Method::POST, kind.api(&file.name, key.is_none())?);
    ask.once(key.unwrap_or_default()).file("application/octet-stream", file.bytes.clone()).send().await
}

fn gone() -> Failure {
    let vi = "Tệp đã chờ quá một giờ, hoặc ông/bà đã tải lên tệp khác. Hãy chọn lại tệp.";
    let en = "The file waited for more than an hour, or you handed in another one. Choose it again.";
    Failure::field("tep", vi, en)
}

fn done(visit: &Visit, kind: &'static Kind, brought: Figures) -> Result<Response, Failure> {
    page(&Done { frame: visit.frame(kind.section, "import-done"), kind, brought })
}

/// Which file to be filled in.
#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    loai: String,
}

async fn template(visit: Visit, kind: &Kind, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let found = kind.templates.iter().find(|(end, _)| *end == wanted.loai).ok_or_else(Failure::nothing)?;
    visit.ask(Method::GET, found.1).response().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::rendered;

    const ODD: &str = "<script>alert(1)</script>";

    #[test]
    fn only_files_that_the_api_reads_are_sent() {
        assert_eq!(AGENCIES.api("Cơ quan.CSV", true).ok(), Some("/agencies/import?dry_run=true".into()));
        assert_eq!(HOLDINGS.api("a.xlsx", false).ok(), Some("/holdings/import?format=xlsx".into()));
        for (kind, name) in [(&AGENCIES, "a.xlsx"), (&HOLDINGS, "a.xls"), (&HOLDINGS, "csv")] {
            assert!(kind.api(name, true).is_err(), "{name}");
        }
    }

    #[test]
    fn renders() {
        let import = |frame, kind: &'static Kind| Import {
            frame,
            kind,
            errors: Vec::new(),
            refused: Vec::new(),
            refused_more: 0,
            waiting: None,
            found: None,
            key: "khoa".into(),
        };
        let item = |new| Item { code: ODD.into(), name: ODD.into(), new };
        let brought =
            |changes| Brought { rows: 7, changes, new: 1, entry: 9, items: vec![item(true), item(false)] };
        rendered(|frame| import(frame, &AGENCIES));
        let refused = rendered(|frame| Import {
            errors: vec![ODD.into()],
            refused: vec![(placed(&frame, "row 7 (line 9), owner"), ODD.into())],
            refused_more: 3,
            waiting: Some((ODD.into(), ODD.into())),
            ..import(frame, &HOLDINGS)
        });
        assert!(
            refused[0].contains("hàng 7 (dòng 9), owner") && refused[1].contains("row 7 (line 9), owner")
        );
        for changes in [0, 6] {
            rendered(|frame| Import {
                waiting: Some((ODD.into(), ODD.into())),
                found: Some(brought(changes)),
                ..import(frame, &HOLDINGS)
            });
        }
        rendered(|frame| Done {
            frame,
            kind: &AGENCIES,
            brought: Figures { dong: 7, moi: 1, sua: 2, so: 9 },
        });
    }
}
