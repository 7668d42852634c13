//! The desk at which somebody makes a data service of a database, step by step, in the browser: look, draft, check, publish.
//! The same steps as `lienthong source inspect | draft | check | publish`; below the registry's API.
//!
//! What lies on a desk (the address, the password, the draft) stays in this process for an hour and is its person's alone.
//! Only servers of databases are looked at: whoever could name files would read those of the node.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base::Ts;
use hyper::StatusCode;
use registry::RegistryError;
use registry::agency::AgencyCode;
use registry::api::{Api, At, Caller, Input, ROOT};
use registry::people::{Act, Person};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sources::engine::Guard;
use sources::inspect::{Seen, inspect};
use sources::password::Password;
use sources::protect::Protector;
use sources::scan::Scan;
use sources::{Address, Definition, Offer, Source, SourceError, draft, masked, serve};
use tokio::sync::Semaphore;
use web::{Problem, ProblemError};

use crate::command::file;
use crate::command::source::entry;
use crate::config::{Config, SourcesSection};
use crate::credentials::Unsealer;

/// Seconds after which a desk is cleared.
const KEPT_S: i64 = 3600;
/// Desks at the same time, of everybody together.
const DESKS_MAX: usize = 50;
/// Desks of one person; beginning one more clears the one that was left the longest.
const DESKS_OF_ONE_MAX: usize = 5;
/// Databases that are looked at at the same time: each may hold some ten thousand rows in memory.
const AT_ONCE: usize = 4;
/// How long a database may take for one step.
const STEP: Duration = Duration::from_secs(30);
/// Members of an address that somebody may give, none of which names a file.
const MEMBERS: [&str; 4] = ["sslmode", "ssl-mode", "encrypt", "charset"];
/// Rows of a preview.
const PREVIEW_ROWS: u32 = 5;
/// Engines that are servers on the network.
const SERVERS: [&str; 5] = ["postgres", "postgresql", "mysql", "mariadb", "mssql"];

/// Everything that the handlers work with.
struct Office {
    api: Api,
    section: SourcesSection,
    member: String,
    unsealer: Unsealer,
    desks: Mutex<HashMap<String, Desk>>,
    looking: Semaphore,
}

/// One person's work.
#[derive(Clone)]
struct Desk {
    person: Person,
    used: Ts,
    address: Address,
    password: Option<Password>,
    /// What was typed as password, to be sealed when the service is published.
    secret: Option<zeroize::Zeroizing<String>>,
    tables: Arc<Vec<Seen>>,
    text: String,
}

/// The routes; none where the node has no `[sources]`.
///
/// # Errors
/// The node has no passphrase with which passwords could be sealed.
pub fn router(api: Api, config: &Config) -> anyhow::Result<Router> {
    let Some(section) = config.sources.clone() else { return Ok(Router::new()) };
    let (member, unsealer) = (config.node.owner.to_string(), Unsealer::new(config)?);
    let office = Arc::new(Office {
        api: api.clone(),
        section,
        member,
        unsealer,
        desks: Mutex::default(),
        looking: Semaphore::new(AT_ONCE),
    });
    let routes = Router::new()
        .route("/desks", post(open))
        .route("/desks/{id}", get(show).delete(clear))
        .route("/desks/{id}/draft", post(write_draft))
        .route("/desks/{id}/check", post(check))
        .route("/desks/{id}/publish", post(publish));
    Ok(Router::new().nest(ROOT, routes).layer(Extension(office)).with_state(api))
}

impl Office {
    /// The desks, without those that were left an hour ago.
    fn kept(&self) -> MutexGuard<'_, HashMap<String, Desk>> {
        let now = self.api.now();
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        desks.retain(|_, desk| desk.used.plus_secs(KEPT_S) > now);
        desks
    }

    /// A desk of this person.
    fn find(&self, person: &Person, id: &str) -> Result<Desk, Problem> {
        let now = self.api.now();
        let mut desks = self.kept();
        let none = || RegistryError::NoSuch { kind: "desk", name: id.to_owned() };
        let desk = desks.get_mut(id).filter(|desk| desk.person.id == person.id).ok_or_else(none)?;
        desk.used = now;
        Ok(desk.clone())
    }

    fn put(&self, id: &str, desk: Desk) -> Result<(), Problem> {
        let mut desks = self.kept();
        let own = desks.iter().filter(|(other, one)| *other != id && one.person.id == desk.person.id);
        let own: Vec<_> = own.map(|(id, one)| (one.used, id.clone())).collect();
        if own.len() >= DESKS_OF_ONE_MAX
            && let Some((_, oldest)) = own.iter().min()
        {
            desks.remove(oldest);
        }
        if desks.len() >= DESKS_MAX && !desks.contains_key(id) {
            return Err(RegistryError::TooMany { what: "bàn làm việc / desks", max: DESKS_MAX }.into());
        }
        desks.insert(id.to_owned(), desk);
        Ok(())
    }
}

impl Office {
    /// Carries out a step at a database, which may be slow, silent, or somebody's trap.
    async fn step<T>(&self, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        let worked = tokio::time::timeout(STEP, async {
            let _place = self.looking.acquire().await;
            work.await
        });
        worked.await.unwrap_or_else(|_| {
            let title = "CSDL không trả lời xong trong 30 giây; thử lại, hoặc hỏi người quản trị CSDL / The database did not finish within 30 seconds: try again, or ask who runs it";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &"EX-3005", title))
        })
    }

    /// Whether the definition may be written: nothing else has its name, here or in the registry.
    fn is_free(&self, definition: &Definition, (id, owner): (&str, &AgencyCode)) -> Result<(), Problem> {
        let taken = || RegistryError::Exists { kind: "service", name: id.to_owned() };
        let named: base::ServiceId = id.parse().map_err(|_| {
            RegistryError::invalid("service.code", "mã dịch vụ không đúng dạng", "not the code of a service")
        })?;
        let of_another =
            |state: &registry::State| state.services.get(&named).is_some_and(|one| one.owner != *owner);
        if self.api.registry().read(of_another) {
            return Err(taken().into());
        }
        let found =
            crate::sources_role::definitions(&self.section.dir).map_err(|error| ours("folder", &error))?;
        for other in found {
            let Ok(offer) = other.definition else { continue };
            let about = offer.about();
            let same =
                (about.subsystem, about.code) == (&definition.service.subsystem, &definition.service.code);
            let replaced = matches!(&offer, Offer::Table(table) if table.url == definition.url && table.entity.table == definition.entity.table);
            if same && !replaced {
                return Err(taken().into());
            }
        }
        Ok(())
    }
}

/// What a source said, for people; the address in it has no password.
fn told(error: SourceError) -> Problem {
    let code = error.code();
    match error {
        SourceError::Definition(mistakes) => {
            let title = "Định nghĩa có lỗi / The definition has mistakes";
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &code, title).with_errors(errors(mistakes))
        }
        other => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, &code, other.to_string()),
    }
}

fn errors(mistakes: Vec<sources::error::Mistake>) -> Vec<ProblemError> {
    mistakes.into_iter().map(|one| ProblemError { place: one.place, vi: one.vi, en: one.en }).collect()
}

/// A fault of ours, for the operator's log.
fn ours(what: &str, error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(what, %error, "a service cannot be published from the console");
    let title = "Nút chưa ghi được, xem nhật ký chương trình / The node could not write it, see its log";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, &"EX-2019", title)
}

/// Where the database is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    url: String,
    #[serde(default)]
    password: String,
}

/// A desk as its person sees it.
#[derive(Serialize)]
struct View {
    id: String,
    address: String,
    tables: Arc<Vec<Seen>>,
    text: String,
}

/// Connects, looks at every table, and lays it on a new desk.
async fn open(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    Input(place): Input<Place>,
) -> Result<(StatusCode, Json<View>), Problem> {
    // Whoever may enter a service somewhere may look; where it is entered is checked when it is published.
    if registry::people::home(&person, Act::ServicePut).is_none()
        && office.api.registry().may(&person, Act::ServicePut, None).is_err()
    {
        return Err(RegistryError::Forbidden(Act::ServicePut.name()).into());
    }
    if !SERVERS.contains(&place.url.split(':').next().unwrap_or_default()) {
        let vi = "chỉ nhận máy chủ CSDL: postgres://, mysql://, mariadb://, mssql://; tệp và SQLite dùng lệnh `lienthong source`";
        let en = "only servers: postgres://, mysql://, mariadb://, mssql://; for files and SQLite use `lienthong source`";
        return Err(RegistryError::invalid("url", vi, en).into());
    }
    only_a_server(&place.url).await?;
    let mut address: Address = place.url.parse().map_err(told)?;
    let typed = address.password().unwrap_or(place.password);
    let secret = (!typed.is_empty()).then(|| zeroize::Zeroizing::new(typed));
    let password = secret.as_ref().map(|text| Password::new(text));
    if let Some(password) = &password {
        address = address.with(password).map_err(told)?;
    }
    let looked = office.step(async {
        let source = Source::open(&address, &Guard::default()).await.map_err(told)?;
        inspect(&source).await.map_err(told)
    });
    let tables = Arc::new(looked.await?);
    let id = uuid::Uuid::new_v4().simple().to_string();
    let view = View {
        id: id.clone(),
        address: address.to_string(),
        tables: Arc::clone(&tables),
        text: String::new(),
    };
    let desk =
        Desk { person, used: office.api.now(), address, password, secret, tables, text: String::new() };
    office.put(&id, desk)?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Refuses what in an address would make the node open a file or a socket of its own, or look at its own machine's
/// surroundings: certificates, keys, folders, link-local hosts.
async fn only_a_server(text: &str) -> Result<(), Problem> {
    let wrong = |vi: String, en: String| Err(RegistryError::invalid("url", vi, en).into());
    let Ok(url) = url::Url::parse(text) else { return Ok(()) };
    if let Some((key, _)) = url.query_pairs().find(|(key, _)| !MEMBERS.contains(&&**key)) {
        let known = MEMBERS.join(", ");
        return wrong(
            format!("không nhận tham số {key}; chỉ nhận {known}"),
            format!("{key} is not taken; only {known}"),
        );
    }
    let host = url.host_str().unwrap_or_default();
    let of_the_node = host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    if of_the_node || is_surroundings(host.trim_matches(['[', ']'])).await {
        return wrong(format!("không kết nối tới {host}"), format!("{host} is not connected to"));
    }
    Ok(())
}

/// Whether the host is, or is a name of, an address that means something on this machine's own link only. It is asked as
/// the drivers ask, since `2852039166` and a name in somebody's DNS are addresses too. A host that is not found is not.
async fn is_surroundings(host: &str) -> bool {
    let Ok(addresses) = tokio::net::lookup_host((host, 0)).await else { return false };
    addresses.map(|found| found.ip().to_canonical()).any(|address| match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_unspecified(),
        IpAddr::V6(address) => address.is_unicast_link_local() || address.is_unspecified(),
    })
}

async fn show(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    At(id): At<String>,
) -> Result<Json<View>, Problem> {
    let desk = office.find(&person, &id)?;
    Ok(Json(View { id, address: desk.address.to_string(), tables: desk.tables, text: desk.text }))
}

async fn clear(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    At(id): At<String>,
) -> Result<StatusCode, Problem> {
    office.find(&person, &id)?;
    office.desks.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// Of what a draft is made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    table: String,
    /// `SUBSYSTEM/CODE`.
    service: String,
    /// Columns that tell rows apart, for a view.
    #[serde(default)]
    key: Vec<String>,
}

/// Drafts the definition of a table.
async fn write_draft(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    At(id): At<String>,
    Input(wanted): Input<Wanted>,
) -> Result<Json<Value>, Problem> {
    let mut desk = office.find(&person, &id)?;
    let service = wanted.service.split_once('/');
    let service =
        service.ok_or_else(|| RegistryError::invalid("service", "cần dạng PHÂN-HỆ/MÃ", "SUBSYSTEM/CODE"))?;
    let drafted = office.step(async {
        let source = Source::open(&desk.address, &Guard::default()).await.map_err(told)?;
        let tables = source.tables().await.map_err(told)?;
        let found = tables.into_iter().find(|table| table.full_name() == wanted.table);
        let none = || RegistryError::NoSuch { kind: "table", name: wanted.table.clone() };
        let table = found.ok_or_else(none)?;
        // What is to be known of it is told again by the check.
        draft::write(&source, &table, &wanted.key, service).await.map_err(told)
    });
    let drafted = drafted.await?;
    desk.text = drafted.commented(&drafted.definition.text().map_err(told)?);
    let answer = json!({ "text": desk.text });
    office.put(&id, desk)?;
    Ok(Json(answer))
}

/// A definition as somebody corrected it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

/// Reads the text, holds it against the database, and reads some rows with what is personal masked.
async fn check(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    At(id): At<String>,
    Input(Text { text }): Input<Text>,
) -> Result<Json<Value>, Problem> {
    let mut desk = office.find(&person, &id)?;
    desk.text = text;
    office.put(&id, desk.clone())?;
    let definition = read(&desk)?;
    let looked = office.step(async {
        let checked = Offer::Table(Box::new(definition.clone())).check().await.map_err(told)?;
        let good = checked.mistakes.is_empty();
        let rows = if good { preview(&definition).await.map_err(told)? } else { Vec::new() };
        Ok((checked, rows))
    });
    let (checked, rows) = looked.await?;
    let fields: Vec<&String> = definition.fields.iter().map(|field| &field.name).collect();
    Ok(Json(json!({
        "mistakes": errors(checked.mistakes), "warnings": errors(checked.warnings), "fields": fields, "rows": rows,
    })))
}

/// The definition on a desk, of the database that was looked at and no other.
fn read(desk: &Desk) -> Result<Definition, Problem> {
    let mut definition = Definition::parse(&desk.text).map_err(told)?;
    if definition.url != desk.address.without_password() || definition.password_file.is_some() {
        let vi = "url và password_file do hệ thống ghi, không sửa ở đây; muốn CSDL khác thì bắt đầu lại";
        let en = "url and password_file are written by the system: begin again for another database";
        return Err(RegistryError::invalid("url", vi, en).into());
    }
    definition.password.clone_from(&desk.password);
    Ok(definition)
}

/// Some rows as text, personal values masked.
async fn preview(definition: &Definition) -> Result<Vec<Vec<String>>, SourceError> {
    let source = serve::open(definition).await?;
    let protector = Protector::new(1);
    let mut rows = Vec::new();
    let mut scan = Scan::new(definition, &source, &protector);
    scan.step(PREVIEW_ROWS, |values, _| {
        let shown = definition.fields.iter().zip(values).map(|(field, value)| match value {
            None => "–".to_owned(),
            Some(value) if field.personal.is_some() => masked(value),
            Some(value) => value.chars().take(60).collect(),
        });
        rows.push(shown.collect());
    })
    .await?;
    rows.truncate(PREVIEW_ROWS as usize);
    Ok(rows)
}

/// What the registry is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    owner: AgencyCode,
    legal_basis: String,
    sharing: String,
}

/// Writes definition and sealed password where the node finds them; gives the entry that the registry takes.
async fn publish(
    Extension(office): Extension<Arc<Office>>,
    Caller(person): Caller,
    At(id): At<String>,
    Input(terms): Input<Terms>,
) -> Result<Json<Value>, Problem> {
    let desk = office.find(&person, &id)?;
    office.api.registry().may(&person, Act::ServicePut, Some(&terms.owner))?;
    let definition = read(&desk)?;
    let service = definition.service.clone();
    let id = format!("{}/{}/{}", office.member, service.subsystem, service.code);
    let party: base::PartyId = format!("{}/{}", office.member, service.subsystem).parse().map_err(|_| {
        RegistryError::invalid(
            "service.subsystem",
            "mã phân hệ không đúng dạng",
            "not the code of a subsystem",
        )
    })?;
    if !office.api.sees(&person, &party) {
        return Err(RegistryError::Forbidden(Act::ServicePut.name()).into());
    }
    office.is_free(&definition, (&id, &terms.owner))?;
    let offer = Offer::Table(Box::new(definition.clone()));
    let checked = office.step(async { offer.check().await.map_err(told) }).await?;
    if !checked.mistakes.is_empty() {
        return Err(told(SourceError::Definition(checked.mistakes)));
    }
    write(&office, &desk, definition.clone()).map_err(|error| ours("definition", &error))?;
    let terms = (&*terms.legal_basis, &*terms.sharing, terms.owner.to_string());
    let offer = Offer::Table(Box::new(definition));
    let entry = entry::document(&offer, &id, &terms.2, (terms.0, terms.1));
    Ok(Json(json!({ "id": id, "entry": entry })))
}

fn write(office: &Office, desk: &Desk, mut definition: Definition) -> anyhow::Result<()> {
    let dir = &office.section.dir;
    let name = format!("{}.{}", definition.service.subsystem, definition.service.code);
    file::make_dir(dir)?;
    if let Some(secret) = &desk.secret {
        let path = dir.join(format!("{name}.secret"));
        file::replace(&path, office.unsealer.seal(secret)?.as_bytes(), file::PRIVATE)?;
        definition.password_file = Some(path);
    }
    definition.password = None;
    file::replace(&dir.join(format!("{name}.toml")), definition.text()?.as_bytes(), file::PUBLIC)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_opens_nothing_on_the_node() {
        for good in [
            "postgres://an@localhost/x",
            "postgres://an@db.invalid:5432/x?sslmode=require",
            "mysql://an@10.0.0.9/x",
            "mssql://an@[2001:db8::1]/x?encrypt=true",
        ] {
            assert!(only_a_server(good).await.is_ok(), "{good}");
        }
        for wrong in [
            "postgres://an@db.example/x?sslrootcert=/etc/passwd",
            "postgres://an@db.example/x?sslmode=require&sslkey=/etc/shadow",
            "postgres://an@db.example/x?host=/var/run/postgresql",
            "postgres://an@%2Fvar%2Frun%2Fpostgresql/x",
            "mysql://an@db.example/x?socket=/run/mysqld/mysqld.sock",
            "mysql://an@db.example/x?ssl-ca=/dev/zero",
            "mssql://an@db.example/x?ca=/etc/passwd",
            "postgres://an@169.254.169.254/x",
            "postgres://an@[fe80::1]/x",
            "postgres://an@[::ffff:169.254.169.254]/x",
            "postgres://an@0.0.0.0/x",
            "postgres://an@2852039166/x",
            "mysql://an@0xa9fea9fe/x",
            "mssql://an@169.254.43518/x",
        ] {
            assert!(only_a_server(wrong).await.is_err(), "{wrong}");
        }
    }
}
