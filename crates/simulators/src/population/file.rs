//! Makes the file: `SQLite`, written under another name and renamed when complete, so that a file of the
//! right name is always whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments, AssertSqlSafe, ConnectOptions, Connection, Row};

use super::commune::{self, Commune};
use super::generate::{Facts, Household, Person, Stay, household_number, invent};
use super::{Meta, PEOPLE_MAX, PEOPLE_MIN, Plan, PopulationError, Progress};

/// Rows in one statement; more bring nothing, fewer cost calls.
const ROWS: usize = 100;

/// Days are `yyyymmdd`. Personal numbers are the rowid: the quickest key there is.
const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE commune (
    id INTEGER PRIMARY KEY, old_code TEXT NOT NULL, old_name TEXT NOT NULL,
    old_district_code TEXT NOT NULL, old_district TEXT NOT NULL,
    new_code TEXT NOT NULL, new_name TEXT NOT NULL,
    people INTEGER NOT NULL, households INTEGER NOT NULL
);
CREATE TABLE household (
    number INTEGER PRIMARY KEY, head INTEGER NOT NULL, registered INTEGER NOT NULL,
    commune INTEGER NOT NULL, hamlet INTEGER NOT NULL, house INTEGER NOT NULL
);
CREATE TABLE person (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, birth INTEGER NOT NULL, ethnic_group INTEGER NOT NULL,
    household INTEGER NOT NULL, relation INTEGER NOT NULL, since INTEGER NOT NULL,
    father INTEGER, mother INTEGER, spouse INTEGER
);
CREATE TABLE stay (
    person INTEGER PRIMARY KEY, since INTEGER NOT NULL,
    commune INTEGER NOT NULL, hamlet INTEGER NOT NULL, house INTEGER NOT NULL
);
";

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
    for row in sqlx::query("SELECT key, value FROM meta").fetch_all(connection).await? {
        let (key, value): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let number = |e: std::num::ParseIntError| sqlx::Error::Decode(e.into());
        match key.as_str() {
            "format" => meta.format = value.parse().map_err(number)?,
            "seed" => meta.seed = value.parse().map_err(number)?,
            "people" => meta.people = value.parse().map_err(number)?,
            "households" => meta.households = value.parse().map_err(number)?,
            _ => {}
        }
    }
    Ok(meta)
}

/// Invents the population of a plan and writes it to `path`, replacing a file there.
///
/// Needs the disk for the file, some 85 bytes a person, and while it runs two thirds of that in memory.
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
    // No journal and no flushing: a build that fails is thrown away whole.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
    let mut tx = connection.begin().await?;
    insert(&mut tx, ("household", 6), &facts.households, &|_| {}, household).await?;
    let total = 2 * u64::from(meta.people);
    let step = |done: usize| progress(u64::from(meta.people) + done as u64, total);
    insert(&mut tx, ("person", 10), &facts.people, &step, |args, _, one| person(args, one)).await?;
    insert(&mut tx, ("stay", 5), &facts.stays, &|_| {}, |args, _, one| stay(args, one)).await?;
    let counts = counts(facts, communes.len());
    let communes: Vec<_> = communes.iter().zip(counts).collect();
    insert(&mut tx, ("commune", 9), &communes, &|_| {}, commune_row).await?;
    insert(&mut tx, ("meta", 2), &meta_rows(meta), &|_| {}, |args, _, (key, value)| {
        args.add(*key)?;
        args.add(value.clone())
    })
    .await?;
    tx.commit().await?;
    sqlx::raw_sql("CREATE INDEX person_household ON person (household)").execute(&mut connection).await?;
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

fn household(args: &mut SqliteArguments, place: usize, one: &Household) -> Added {
    args.add(household_number(u32::try_from(place)?))?;
    args.add(one.head)?;
    args.add(i64::from(one.registered))?;
    args.add(i64::from(one.commune))?;
    args.add(i64::from(one.hamlet))?;
    args.add(i64::from(one.house))
}

fn person(args: &mut SqliteArguments, one: &Person) -> Added {
    args.add(one.number)?;
    args.add(one.name())?;
    args.add(i64::from(one.birth))?;
    args.add(i64::from(one.group.code()))?;
    args.add(household_number(one.household))?;
    args.add(i64::from(one.relation))?;
    args.add(i64::from(one.since))?;
    for other in [one.father, one.mother, one.spouse] {
        args.add(Some(other).filter(|other| *other != 0))?;
    }
    Ok(())
}

fn stay(args: &mut SqliteArguments, one: &Stay) -> Added {
    args.add(one.person)?;
    args.add(i64::from(one.since))?;
    args.add(i64::from(one.commune))?;
    args.add(i64::from(one.hamlet))?;
    args.add(i64::from(one.house))
}

fn commune_row(args: &mut SqliteArguments, id: usize, (one, counts): &(&Commune, [i64; 2])) -> Added {
    args.add(i64::try_from(id)?)?;
    let texts = [
        &one.old_code,
        &one.old_name,
        &one.old_district_code,
        &one.old_district,
        &one.new_code,
        &one.new_name,
    ];
    for text in texts {
        args.add(text.as_str())?;
    }
    args.add(counts[0])?;
    args.add(counts[1])
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

fn meta_rows(meta: &Meta) -> [(&'static str, String); 4] {
    [
        ("format", meta.format.to_string()),
        ("seed", meta.seed.to_string()),
        ("people", meta.people.to_string()),
        ("households", meta.households.to_string()),
    ]
}
