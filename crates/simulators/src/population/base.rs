//! Reads a finished file: every look-up is by a key, with a prepared statement.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::ToSpan;
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions, SqliteRow};

use super::calendar::unpacked;
use super::commune::{Group, OLD_PROVINCE, is_urban};
use super::file::{inspect, reading};
use super::household::Relation;
use super::name::folded;
use super::number::{HouseholdNumber, PersonNumber, Sex};
use super::wire::{
    AS_OF, Address, CommuneCount, CommuneRow, EthnicGroup, Household, Member, Named, Permanent, Person,
    Residence, Sample, Statistics, Temporary,
};
use super::{FORMAT, Meta, PopulationError};

/// Most connections to the file; each is a thread, and reading is limited by processors.
const READERS_MAX: usize = 8;

/// Longest temporary residence before it must be renewed (Luật Cư trú 2020, Điều 27).
const STAY_YEARS: i64 = 2;

const PERSON: &str = "SELECT p.name, p.birth, p.ethnic_group, p.household, p.relation, \
     h.commune, h.hamlet, h.house, f.number, f.name, m.number, m.name, s.number, s.name \
     FROM person p JOIN household h ON h.number = p.household \
     LEFT JOIN person f ON f.number = p.father \
     LEFT JOIN person m ON m.number = p.mother \
     LEFT JOIN person s ON s.number = p.spouse WHERE p.number = ?";

const RESIDENCE: &str = "SELECT p.name, p.birth, p.household, p.relation, p.since, \
     h.commune, h.hamlet, h.house, h.head, c.name, t.commune, t.hamlet, t.house, t.since \
     FROM person p JOIN household h ON h.number = p.household \
     JOIN person c ON c.number = h.head \
     LEFT JOIN stay t ON t.person = p.number WHERE p.number = ?";

const HOUSEHOLD: &str = "SELECT head, registered, commune, hamlet, house FROM household WHERE number = ?";

const MEMBERS: &str =
    "SELECT number, name, birth, relation FROM person WHERE household = ? ORDER BY relation, birth, number";

/// The first household of a couple with children is the example.
const SAMPLE: &str = "SELECT p.number, p.name, p.birth, p.household FROM household h \
     JOIN person p ON p.number = h.head WHERE p.spouse IS NOT NULL \
     AND (SELECT count(*) FROM person k WHERE k.household = h.number) >= 4 ORDER BY h.number LIMIT 1";

/// Any head of a household, where no household is like that.
const ANY_HEAD: &str = "SELECT p.number, p.name, p.birth, p.household FROM household h \
     JOIN person p ON p.number = h.head ORDER BY h.number LIMIT 1";

/// An open population file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Population {
    pool: SqlitePool,
    communes: Arc<[CommuneRow]>,
    meta: Meta,
}

impl Population {
    /// Opens a finished file for reading.
    ///
    /// # Errors
    /// No file, no population file, or one of another version.
    pub async fn open(path: &Path) -> Result<Self, PopulationError> {
        let meta = inspect(path).await?.ok_or_else(|| PopulationError::Missing(path.to_owned()))?;
        if meta.format != FORMAT {
            return Err(PopulationError::Other { path: path.to_owned(), found: meta });
        }
        let readers = std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, READERS_MAX));
        let readers = u32::try_from(readers).unwrap_or(2);
        let pool = SqlitePoolOptions::new()
            .max_connections(readers)
            .min_connections(readers)
            .test_before_acquire(false)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_with(reading(path))
            .await?;
        let communes = communes(&pool).await?.into();
        Ok(Self { pool, communes, meta })
    }

    /// What the file says of itself.
    pub const fn meta(&self) -> &Meta {
        &self.meta
    }

    #[cfg(test)]
    pub(super) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// A person to try the services with: head of a household with a spouse and children.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sample(&self) -> Result<Sample, PopulationError> {
        let row = match sqlx::query(SAMPLE).fetch_optional(&self.pool).await? {
            Some(row) => row,
            None => sqlx::query(ANY_HEAD).fetch_one(&self.pool).await?,
        };
        Ok(Sample {
            number: PersonNumber(row.try_get(0)?).to_string(),
            name: row.try_get(1)?,
            birth: day(&row, 2)?,
            household: HouseholdNumber(row.try_get(3)?).to_string(),
        })
    }

    /// Whether there is a person of this number, name and, when given, birth date (`yyyymmdd`).
    pub(super) async fn matches(
        &self,
        number: PersonNumber,
        name: &str,
        birth: Option<u32>,
    ) -> Result<bool, sqlx::Error> {
        let row = sqlx::query("SELECT name, birth FROM person WHERE number = ?")
            .bind(number.0)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let known: u32 = row.try_get(1)?;
        Ok(folded(row.try_get(0)?) == folded(name) && birth.is_none_or(|birth| birth == known))
    }

    pub(super) async fn person(&self, number: PersonNumber) -> Result<Option<Person>, sqlx::Error> {
        let row = sqlx::query(PERSON).bind(number.0).fetch_optional(&self.pool).await?;
        row.map(|row| self.person_of(number, &row)).transpose()
    }

    fn person_of(&self, number: PersonNumber, row: &SqliteRow) -> Result<Person, sqlx::Error> {
        let group = Group::of_code(row.try_get(2)?).ok_or(sqlx::Error::RowNotFound)?;
        Ok(Person {
            number: number.to_string(),
            name: row.try_get(0)?,
            birth: day(row, 1)?,
            sex: sex(number),
            ethnic_group: EthnicGroup { code: format!("{:02}", group.code()), name: group.name() },
            nationality: "Việt Nam",
            birth_registered_in: OLD_PROVINCE.1,
            residence: self.address(row, 5)?,
            household: HouseholdNumber(row.try_get(3)?).to_string(),
            relation: relation(row, 4)?,
            father: named(row, 8)?,
            mother: named(row, 10)?,
            spouse: named(row, 12)?,
            as_of: AS_OF,
        })
    }

    pub(super) async fn household(&self, number: HouseholdNumber) -> Result<Option<Household>, sqlx::Error> {
        let Some(row) = sqlx::query(HOUSEHOLD).bind(number.0).fetch_optional(&self.pool).await? else {
            return Ok(None);
        };
        let head = PersonNumber(row.try_get(0)?).to_string();
        let rows = sqlx::query(MEMBERS).bind(number.0).fetch_all(&self.pool).await?;
        let members = rows.iter().map(member).collect::<Result<Vec<_>, _>>()?;
        let name = members.iter().find(|one| one.number == head).map(|one| one.name.clone());
        Ok(Some(Household {
            number: number.to_string(),
            head: Named { number: head, name: name.ok_or(sqlx::Error::RowNotFound)? },
            address: self.address(&row, 2)?,
            registered: day(&row, 1)?,
            count: members.len(),
            members,
            as_of: AS_OF,
        }))
    }

    pub(super) async fn residence(&self, number: PersonNumber) -> Result<Option<Residence>, sqlx::Error> {
        let row = sqlx::query(RESIDENCE).bind(number.0).fetch_optional(&self.pool).await?;
        row.map(|row| self.residence_of(number, &row)).transpose()
    }

    fn residence_of(&self, number: PersonNumber, row: &SqliteRow) -> Result<Residence, sqlx::Error> {
        let permanent = Permanent {
            address: self.address(row, 5)?,
            household: HouseholdNumber(row.try_get(2)?).to_string(),
            head: named(row, 8)?.ok_or(sqlx::Error::RowNotFound)?,
            relation: relation(row, 3)?,
            since: day(row, 4)?,
        };
        let temporary = match row.try_get::<Option<u32>, _>(13)? {
            Some(since) => Some(Temporary {
                address: self.address(row, 10)?,
                since: day(row, 13)?,
                until: stay_ends(since),
            }),
            None => None,
        };
        let lives_at = self.address(row, if temporary.is_some() { 10 } else { 5 })?;
        let (name, birth) = (row.try_get(0)?, day(row, 1)?);
        Ok(Residence {
            number: number.to_string(),
            name,
            birth,
            permanent,
            temporary,
            lives_at,
            as_of: AS_OF,
        })
    }

    /// Population by commune since the merger.
    pub(super) fn statistics(&self) -> Statistics {
        let mut communes: BTreeMap<&str, CommuneCount> = BTreeMap::new();
        for row in self.communes.iter() {
            let (code, name) = &row.new;
            let count = communes.entry(code).or_insert_with(|| CommuneCount {
                code: code.clone(),
                name: name.clone(),
                people: 0,
                households: 0,
            });
            count.people += row.people;
            count.households += row.households;
        }
        Statistics {
            people: self.meta.people.into(),
            households: self.meta.households.into(),
            communes: communes.into_values().collect(),
            as_of: AS_OF,
        }
    }

    /// The address in three columns: commune, hamlet, house.
    fn address(&self, row: &SqliteRow, first: usize) -> Result<Address, sqlx::Error> {
        let (place, hamlet, house): (i64, i64, i64) =
            (row.try_get(first)?, row.try_get(first + 1)?, row.try_get(first + 2)?);
        let commune = usize::try_from(place).ok().and_then(|place| self.communes.get(place));
        let commune = commune.ok_or(sqlx::Error::RowNotFound)?;
        let detail = if is_urban(&commune.old.1) {
            format!("Số nhà {house}, khối phố {hamlet}")
        } else {
            format!("Tổ {house}, thôn {hamlet}")
        };
        Ok(Address::of(commune, detail))
    }
}

async fn communes(pool: &SqlitePool) -> Result<Vec<CommuneRow>, sqlx::Error> {
    let sql = "SELECT old_code, old_name, old_district_code, old_district, new_code, new_name, people, households \
               FROM commune ORDER BY id";
    let rows = sqlx::query(sql).fetch_all(pool).await?;
    let one = |row: &SqliteRow| {
        Ok(CommuneRow {
            old: (row.try_get(0)?, row.try_get(1)?),
            district: (row.try_get(2)?, row.try_get(3)?),
            new: (row.try_get(4)?, row.try_get(5)?),
            people: row.try_get(6)?,
            households: row.try_get(7)?,
        })
    };
    rows.iter().map(one).collect()
}

fn member(row: &SqliteRow) -> Result<Member, sqlx::Error> {
    let number = PersonNumber(row.try_get(0)?);
    Ok(Member {
        number: number.to_string(),
        name: row.try_get(1)?,
        birth: day(row, 2)?,
        sex: sex(number),
        relation: relation(row, 3)?,
    })
}

/// The person in two columns, number and name; both empty when there is none.
fn named(row: &SqliteRow, first: usize) -> Result<Option<Named>, sqlx::Error> {
    let number: Option<i64> = row.try_get(first)?;
    let name: Option<String> = row.try_get(first + 1)?;
    Ok(number.zip(name).map(|(number, name)| Named { number: PersonNumber(number).to_string(), name }))
}

fn day(row: &SqliteRow, column: usize) -> Result<String, sqlx::Error> {
    let day: u32 = row.try_get(column)?;
    Ok(format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100))
}

fn relation(row: &SqliteRow, column: usize) -> Result<&'static str, sqlx::Error> {
    Relation::text(row.try_get(column)?).ok_or(sqlx::Error::RowNotFound)
}

const fn sex(number: PersonNumber) -> &'static str {
    match number.sex() {
        Sex::Male => "Nam",
        Sex::Female => "Nữ",
    }
}

/// The last day of a temporary residence.
fn stay_ends(since: u32) -> String {
    let end = unpacked(since).and_then(|day| day.checked_add(STAY_YEARS.years()).ok());
    end.and_then(|day| day.yesterday().ok()).map(|day| day.to_string()).unwrap_or_default()
}
