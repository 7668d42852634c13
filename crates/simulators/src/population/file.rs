//! Makes the file: `SQLite`, written under another name and renamed when complete, so that a file of the
//! right name is always whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::ToSpan;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Row};

use super::calendar::{iso, unpacked};
use super::commune::{self, Commune, Group, MERGED_ON, NEW_PROVINCE, OLD_PROVINCE};
use super::generate::{Facts, Household, Person, Stay, invent};
use super::household::Relation;
use super::number::{BIRTHS_REGISTERED_IN, Sex, household_text, person_text};
use super::{Meta, PEOPLE_MAX, PEOPLE_MIN, Plan, PopulationError, Progress};

/// Rows in one statement; more bring nothing, fewer cost calls.
const ROWS: usize = 100;

/// Tables, code lists and the views for sharing. Everything is text that means what it says, as a police system has it.
const SCHEMA: &str = include_str!("schema.sql");

/// Made last: quicker than keeping it while rows come.
const INDEX: &str = "CREATE INDEX cong_dan_so_ho ON cong_dan (so_ho)";

/// Longest temporary residence before it must be renewed (Luật Cư trú 2020, Điều 27).
const STAY_YEARS: i64 = 2;

/// What [`ensure`] found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The file was there already and fits the plan.
    Reused,
    /// The file was made.
    Built,
}

/// Uses the file at `path` when it fits the plan, makes it when there is none.
///
/// # Errors
/// As [`inspect`] and [`build`]; [`PopulationError::Other`] when the file there holds another population.
pub async fn ensure(path: &Path, plan: &Plan, progress: Progress) -> Result<Outcome, PopulationError> {
    match inspect(path).await? {
        Some(found) if found.fits(plan) => Ok(Outcome::Reused),
        Some(found) => Err(PopulationError::Other { path: path.to_owned(), found }),
        None => build(path, plan, progress).await.map(|_| Outcome::Built),
    }
}

/// What the file at `path` says of itself; `None` when there is no file.
///
/// # Errors
/// The file is no population file.
pub async fn inspect(path: &Path) -> Result<Option<Meta>, PopulationError> {
    if !path.exists() {
        return Ok(None);
    }
    let foreign = |source| PopulationError::Foreign { path: path.to_owned(), source };
    let mut connection = reading(path).connect().await.map_err(foreign)?;
    let meta = read_meta(&mut connection).await.map_err(foreign)?;
    connection.close().await?;
    Ok(Some(meta))
}

/// How a finished file is read: nobody ever writes it, so no locks are taken.
pub(super) fn reading(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true)
        .pragma("mmap_size", "1073741824")
        .disable_statement_logging()
}

async fn read_meta(connection: &mut SqliteConnection) -> Result<Meta, sqlx::Error> {
    let mut meta = Meta { format: 0, seed: 0, people: 0, households: 0 };
    for row in sqlx::query("SELECT khoa, gia_tri FROM thong_tin").fetch_all(connection).await? {
        let (key, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let number = |e: std::num::ParseIntError| sqlx::Error::Decode(e.into());
        match key.as_str() {
            "phien_ban" => meta.format = value.parse().map_err(number)?,
            "hat_giong" => meta.seed = value.parse().map_err(number)?,
            "so_nguoi" => meta.people = value.parse().map_err(number)?,
            "so_ho" => meta.households = value.parse().map_err(number)?,
            _ => {}
        }
    }
    Ok(meta)
}

/// Invents the population of a plan and writes it to `path`, replacing a file there.
///
/// Needs the disk for the file, some 160 bytes a person, and while it runs a third of that in memory.
/// Nobody else may build the same path at the same time. An interrupted build leaves only `path` + `.partial`,
/// which the next one removes.
///
/// # Errors
/// The plan is out of bounds, or the disk refuses.
pub async fn build(path: &Path, plan: &Plan, progress: Progress) -> Result<Meta, PopulationError> {
    if !(PEOPLE_MIN..=PEOPLE_MAX).contains(&plan.people) {
        return Err(PopulationError::People(plan.people));
    }
    let partial = partial(path);
    let write = |source| PopulationError::Write { path: partial.clone(), source };
    match std::fs::remove_file(&partial) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(write(e)),
        _ => {}
    }
    let communes = Arc::new(commune::all());
    let facts = {
        let (plan, communes, progress) = (*plan, Arc::clone(&communes), Arc::clone(&progress));
        tokio::task::spawn_blocking(move || invent(&plan, &communes, &progress))
    };
    let facts = facts.await.map_err(|_| PopulationError::Stopped)?;
    write_all(&partial, &facts, &communes, &Meta::of(plan), &progress).await?;
    finish(&partial, path).map_err(write)?;
    Ok(Meta::of(plan))
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Makes the file durable, then known by its name.
fn finish(partial: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::File::open(partial)?.sync_all()?;
    std::fs::rename(partial, path)?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

async fn write_all(
    path: &Path,
    facts: &Facts,
    communes: &[Commune],
    meta: &Meta,
    progress: &Progress,
) -> Result<(), sqlx::Error> {
    // No journal and no flushing: a build that fails is thrown away whole. Rows refer to rows that come later.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .foreign_keys(false)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    let mut tx = connection.begin().await?;
    lists(&mut tx, meta).await?;
    let of = |place: u8| &communes[usize::from(place)];
    insert(&mut tx, ("ho_gia_dinh", 5), &facts.households, &|_| {}, |args, place, one| {
        household(args, place, one, of(one.commune))
    })
    .await?;
    let total = 2 * u64::from(meta.people);
    let step = |done: usize| progress(u64::from(meta.people) + done as u64, total);
    insert(&mut tx, ("cong_dan", 11), &facts.people, &step, |args, _, one| person(args, one)).await?;
    insert(&mut tx, ("tam_tru", 5), &facts.stays, &|_| {}, |args, _, one| stay(args, one, of(one.commune)))
        .await?;
    insert(&mut tx, ("dm_xa", 11), communes, &|_| {}, |args, _, one| commune_row(args, one)).await?;
    let counts = counts(facts, communes.len());
    let counts: Vec<_> = communes.iter().zip(counts).collect();
    insert(&mut tx, ("thong_ke_xa", 3), &counts, &|_| {}, |args, _, (commune, [people, households])| {
        args.add(&commune.old_code)?;
        args.add(*people)?;
        args.add(*households)
    })
    .await?;
    tx.commit().await?;
    sqlx::raw_sql(INDEX).execute(&mut connection).await?;
    connection.close().await?;
    progress(total, total);
    Ok(())
}

type Added = Result<(), sqlx::error::BoxDynError>;

/// Inserts all rows, many in a statement; `bind` adds the values of one, as many as the table is wide.
async fn insert<T: Sync>(
    connection: &mut SqliteConnection,
    (table, width): (&str, usize),
    rows: &[T],
    step: &(impl Fn(usize) + Sync),
    bind: impl Fn(&mut SqliteArguments, usize, &T) -> Added + Sync,
) -> Result<(), sqlx::Error> {
    let one = format!("({})", vec!["?"; width].join(","));
    let sql = |count: usize| -> Arc<str> {
        format!("INSERT INTO {table} VALUES {}", vec![one.as_str(); count].join(",")).into()
    };
    let full = sql(ROWS);
    for (turn, chunk) in rows.chunks(ROWS).enumerate() {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(width * chunk.len(), 0);
        for (place, row) in chunk.iter().enumerate() {
            bind(&mut arguments, turn * ROWS + place, row).map_err(sqlx::Error::Encode)?;
        }
        // Table names and question marks of this file only, never a value.
        let text = if chunk.len() == ROWS { Arc::clone(&full) } else { sql(chunk.len()) };
        sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *connection).await?;
        if turn % 100 == 0 {
            step(turn * ROWS);
        }
    }
    Ok(())
}

/// Code lists, and what the file says of itself.
async fn lists(connection: &mut SqliteConnection, meta: &Meta) -> Result<(), sqlx::Error> {
    let groups = Group::ALL.map(|group| (format!("{:02}", group.code()), group.name().to_owned()));
    let relations = Relation::ALL.map(|(relation, name)| (relation.list_code(), name.to_owned()));
    let registered = BIRTHS_REGISTERED_IN.map(|(code, name)| (code.to_owned(), name.to_owned()));
    let of_itself = [
        ("phien_ban", meta.format.to_string()),
        ("hat_giong", meta.seed.to_string()),
        ("so_nguoi", meta.people.to_string()),
        ("so_ho", meta.households.to_string()),
    ];
    let of_itself = of_itself.map(|(key, value)| (key.to_owned(), value));
    for (table, rows) in [
        ("dm_dan_toc", &groups[..]),
        ("dm_quan_he", &relations[..]),
        ("dm_noi_khai_sinh", &registered[..]),
        ("thong_tin", &of_itself[..]),
    ] {
        insert(connection, (table, 2), rows, &|_| {}, |args, _, (key, value)| {
            args.add(key)?;
            args.add(value)
        })
        .await?;
    }
    Ok(())
}

fn household(args: &mut SqliteArguments, place: usize, one: &Household, commune: &Commune) -> Added {
    args.add(household_text(u32::try_from(place)?))?;
    args.add(person_text(one.head))?;
    args.add(iso(one.registered))?;
    args.add(&commune.old_code)?;
    args.add(commune.detail(one.hamlet, one.house))
}

fn person(args: &mut SqliteArguments, one: &Person) -> Added {
    args.add(person_text(one.number))?;
    args.add(one.name())?;
    args.add(iso(one.birth))?;
    args.add(if one.sex == Sex::Male { "1" } else { "2" })?;
    args.add(format!("{:02}", one.group.code()))?;
    args.add(household_text(one.household))?;
    args.add(Relation::list_code_of(one.relation))?;
    args.add(iso(one.since))?;
    for other in [one.father, one.mother, one.spouse] {
        args.add(Some(other).filter(|other| *other != 0).map(person_text))?;
    }
    Ok(())
}

fn stay(args: &mut SqliteArguments, one: &Stay, commune: &Commune) -> Added {
    args.add(person_text(one.person))?;
    args.add(iso(one.since))?;
    args.add(stay_ends(one.since))?;
    args.add(&commune.old_code)?;
    args.add(commune.detail(one.hamlet, one.house))
}

/// The last day of a temporary residence.
fn stay_ends(since: u32) -> Option<String> {
    let end = unpacked(since)?.checked_add(STAY_YEARS.years()).ok()?;
    Some(end.yesterday().ok()?.to_string())
}

fn commune_row(args: &mut SqliteArguments, one: &Commune) -> Added {
    for text in [
        &*one.old_code,
        &one.old_name,
        &one.old_district_code,
        &one.old_district,
        OLD_PROVINCE.0,
        OLD_PROVINCE.1,
        &one.new_code,
        &one.new_name,
        NEW_PROVINCE.0,
        NEW_PROVINCE.1,
        MERGED_ON,
    ] {
        args.add(text)?;
    }
    Ok(())
}

/// People and households of each commune.
fn counts(facts: &Facts, communes: usize) -> Vec<[i64; 2]> {
    let mut counts = vec![[0, 0]; communes];
    for household in &facts.households {
        counts[usize::from(household.commune)][1] += 1;
    }
    for person in &facts.people {
        let household = &facts.households[person.household as usize];
        counts[usize::from(household.commune)][0] += 1;
    }
    counts
}
