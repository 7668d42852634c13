//! Reading and writing many rows of a table in one statement, from one description for both engines.

use sqlx::postgres::{PgArguments, PgConnection, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Error, FromRow, Sqlite};

/// Rows of one statement on SQLite. Few sizes, so that the prepared statements stay few: 37 rows are 32, 4 and 1.
const SQLITE_ROWS: [usize; 4] = [64, 16, 4, 1];

/// A value of a row.
#[derive(Clone)]
pub(super) enum Cell {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// What a column holds.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Int,
    Text,
    Bytes,
}

/// A value that a row can hold.
pub(super) trait Column {
    const KIND: Kind;
    fn cell(&self) -> Cell;
}

macro_rules! columns {
    ($($type:ty, $kind:ident, |$value:ident| $cell:expr;)+) => {
        $(impl Column for $type {
            const KIND: Kind = Kind::$kind;
            fn cell(&self) -> Cell {
                let $value = self;
                Cell::$kind($cell)
            }
        })+
    };
}

columns! {
    i64, Int, |value| Some(*value);
    Option<i64>, Int, |value| *value;
    String, Text, |value| Some(value.clone());
    Option<String>, Text, |value| value.clone();
    Vec<u8>, Bytes, |value| Some(value.clone());
}

/// A table: its name, its columns, and how many of them, from the first on, are its key.
pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    pub key: usize,
}

/// A row of a table of its own.
pub(super) trait Row: Sized {
    const TABLE: Table;
    type Raw: for<'r> FromRow<'r, PgRow> + for<'r> FromRow<'r, SqliteRow> + Send + Unpin;
    fn cells(&self) -> Vec<Cell>;
    fn read(raw: Self::Raw) -> Self;
}

/// Makes structs that are rows.
macro_rules! rows {
    ($($(#[$about:meta])* pub struct $name:ident in $table:literal, key $key:literal {
        $($(#[$what:meta])* pub $field:ident: $type:ty,)+
    })+) => {
        $($(#[$about])* pub struct $name {
            $($(#[$what])* pub $field: $type,)+
        }

        impl $crate::process::table::Row for $name {
            const TABLE: $crate::process::table::Table = $crate::process::table::Table {
                name: $table,
                columns: &[$((stringify!($field), <$type as $crate::process::table::Column>::KIND),)+],
                key: $key,
            };
            type Raw = ($($type,)+);
            fn cells(&self) -> Vec<$crate::process::table::Cell> {
                vec![$($crate::process::table::Column::cell(&self.$field),)+]
            }
            fn read(($($field,)+): Self::Raw) -> Self {
                Self { $($field,)+ }
            }
        })+
    };
}
pub(super) use rows;

/// What becomes of a row that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Twice {
    /// The whole statement fails.
    Fails,
    /// It stays, and the new one is not written.
    Stays,
    /// It becomes the new one.
    Changes,
}

/// Whether rows that are read are this transaction's alone. SQLite has one writer anyway.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// They are not.
    Free,
    /// They are, and those that another transaction holds are left out.
    Skip,
    /// They are; those of others are waited for.
    Wait,
}

impl Lock {
    fn words(self) -> &'static str {
        match self {
            Self::Free => "",
            Self::Skip => " FOR UPDATE OF t SKIP LOCKED",
            Self::Wait => " FOR UPDATE OF t",
        }
    }
}

impl Table {
    /// The columns, separated by commas, each with something before it.
    pub fn list(&self, before: &str) -> String {
        let names = self.columns.iter().map(|(name, _)| format!("{before}{name}"));
        names.collect::<Vec<_>>().join(", ")
    }

    fn twice(&self, twice: Twice) -> String {
        let key = names(&self.columns[..self.key], "");
        let rest = self.columns[self.key..].iter().map(|(name, _)| format!("{name} = excluded.{name}"));
        match twice {
            Twice::Fails => String::new(),
            Twice::Stays => format!(" ON CONFLICT ({key}) DO NOTHING"),
            Twice::Changes => {
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", rest.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The columns of these names.
    fn named(&self, wanted: &[&str]) -> Vec<(&'static str, Kind)> {
        let all = self.columns.iter().copied();
        wanted.iter().filter_map(|one| all.clone().find(|(name, _)| name == one)).collect()
    }
}

fn names(columns: &[(&str, Kind)], before: &str) -> String {
    columns.iter().map(|(name, _)| format!("{before}{name}")).collect::<Vec<_>>().join(", ")
}

/// A connection of either engine, within a transaction.
pub(super) trait Connection {
    /// Writes rows; gives how many were written.
    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>, twice: Twice) -> Result<u64, Error>;

    /// Deletes rows by key.
    async fn delete(&mut self, table: &Table, keys: Vec<Vec<Cell>>) -> Result<(), Error>;

    /// Rows whose columns have these values.
    async fn find<R: Row>(
        &mut self,
        columns: &[&str],
        keys: Vec<Vec<Cell>>,
        lock: Lock,
    ) -> Result<Vec<R>, Error>;
}

impl Connection for PgConnection {
    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>, twice: Twice) -> Result<u64, Error> {
        if rows.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM UNNEST({}){}",
            table.name,
            table.list(""),
            arrays(table.columns),
            table.twice(twice)
        );
        let query = sqlx::query_with(AssertSqlSafe(sql), transposed(table.columns, rows)?);
        Ok(query.execute(self).await?.rows_affected())
    }

    async fn delete(&mut self, table: &Table, keys: Vec<Vec<Cell>>) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let columns = &table.columns[..table.key];
        let sql = format!(
            "DELETE FROM {} t USING UNNEST({}) AS k ({}) WHERE {}",
            table.name,
            arrays(columns),
            names(columns, ""),
            equal(columns)
        );
        sqlx::query_with(AssertSqlSafe(sql), transposed(columns, keys)?).execute(self).await.map(drop)
    }

    async fn find<R: Row>(
        &mut self,
        columns: &[&str],
        keys: Vec<Vec<Cell>>,
        lock: Lock,
    ) -> Result<Vec<R>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let columns = R::TABLE.named(columns);
        let sql = format!(
            "SELECT {} FROM {} t JOIN UNNEST({}) AS k ({}) ON {}{}",
            R::TABLE.list("t."),
            R::TABLE.name,
            arrays(&columns),
            names(&columns, ""),
            equal(&columns),
            lock.words()
        );
        let query = sqlx::query_as_with(AssertSqlSafe(sql), transposed(&columns, keys)?);
        let raw: Vec<R::Raw> = query.fetch_all(self).await?;
        Ok(raw.into_iter().map(R::read).collect())
    }
}

fn arrays(columns: &[(&str, Kind)]) -> String {
    let word = |kind| match kind {
        Kind::Int => "BIGINT",
        Kind::Text => "TEXT",
        Kind::Bytes => "BYTEA",
    };
    let places = columns.iter().zip(1..).map(|((_, kind), at)| format!("${at}::{}[]", word(*kind)));
    places.collect::<Vec<_>>().join(", ")
}

fn equal(columns: &[(&str, Kind)]) -> String {
    columns.iter().map(|(name, _)| format!("t.{name} = k.{name}")).collect::<Vec<_>>().join(" AND ")
}

/// The rows as one array for each column.
fn transposed(columns: &[(&str, Kind)], rows: Vec<Vec<Cell>>) -> Result<PgArguments, Error> {
    use sqlx::Arguments;
    let mut rows: Vec<_> = rows.into_iter().map(Vec::into_iter).collect();
    let mut arguments = PgArguments::default();
    for (_, kind) in columns {
        let cells = rows.iter_mut().filter_map(Iterator::next);
        let added = match kind {
            Kind::Int => arguments.add(cells.map(Cell::int).collect::<Vec<_>>()),
            Kind::Text => arguments.add(cells.map(Cell::text).collect::<Vec<_>>()),
            Kind::Bytes => arguments.add(cells.map(Cell::bytes).collect::<Vec<_>>()),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

impl Cell {
    /// About how long it is.
    pub fn bytes_long(&self) -> usize {
        match self {
            Self::Int(_) => 8,
            Self::Text(text) => text.as_ref().map_or(0, String::len),
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        }
    }

    fn int(self) -> Option<i64> {
        if let Self::Int(value) = self { value } else { None }
    }

    fn text(self) -> Option<String> {
        if let Self::Text(value) = self { value } else { None }
    }

    fn bytes(self) -> Option<Vec<u8>> {
        if let Self::Bytes(value) = self { value } else { None }
    }
}

impl Connection for SqliteConnection {
    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>, twice: Twice) -> Result<u64, Error> {
        let mut written = 0;
        let (list, twice) = (table.list(""), table.twice(twice));
        for (places, arguments) in groups(table.columns.len(), rows)? {
            let sql = format!("INSERT INTO {} ({list}) VALUES {places}{twice}", table.name);
            let query = sqlx::query_with::<Sqlite, _>(AssertSqlSafe(sql), arguments);
            written += query.execute(&mut *self).await?.rows_affected();
        }
        Ok(written)
    }

    async fn delete(&mut self, table: &Table, keys: Vec<Vec<Cell>>) -> Result<(), Error> {
        let columns = names(&table.columns[..table.key], "");
        for (places, arguments) in groups(table.key, keys)? {
            let sql = format!("DELETE FROM {} WHERE ({columns}) IN (VALUES {places})", table.name);
            sqlx::query_with::<Sqlite, _>(AssertSqlSafe(sql), arguments).execute(&mut *self).await?;
        }
        Ok(())
    }

    async fn find<R: Row>(
        &mut self,
        columns: &[&str],
        keys: Vec<Vec<Cell>>,
        _: Lock,
    ) -> Result<Vec<R>, Error> {
        let columns = R::TABLE.named(columns);
        let (list, wanted) = (R::TABLE.list(""), names(&columns, ""));
        let mut found = Vec::new();
        for (places, arguments) in groups(columns.len(), keys)? {
            let sql = format!("SELECT {list} FROM {} WHERE ({wanted}) IN (VALUES {places})", R::TABLE.name);
            let query = sqlx::query_as_with::<Sqlite, R::Raw, _>(AssertSqlSafe(sql), arguments);
            found.extend(query.fetch_all(&mut *self).await?.into_iter().map(R::read));
        }
        Ok(found)
    }
}

/// The rows in groups of the sizes for which there are statements, with the places of each.
fn groups(width: usize, rows: Vec<Vec<Cell>>) -> Result<Vec<(String, SqliteArguments)>, Error> {
    use sqlx::Arguments;
    let place = format!("({})", vec!["?"; width].join(","));
    let mut groups = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let size = SQLITE_ROWS.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        let mut arguments = SqliteArguments::default();
        for cell in rows.by_ref().take(size).flatten() {
            let added = match cell {
                Cell::Int(value) => arguments.add(value),
                Cell::Text(value) => arguments.add(value),
                Cell::Bytes(value) => arguments.add(value),
            };
            added.map_err(Error::Encode)?;
        }
        groups.push((vec![place.as_str(); size].join(","), arguments));
    }
    Ok(groups)
}

/// Values for a statement that is put together, in the order of its places.
pub(super) fn postgres_arguments(cells: Vec<Cell>) -> Result<PgArguments, Error> {
    use sqlx::Arguments;
    let mut arguments = PgArguments::default();
    for cell in cells {
        let added = match cell {
            Cell::Int(value) => arguments.add(value),
            Cell::Text(value) => arguments.add(value),
            Cell::Bytes(value) => arguments.add(value),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}

/// As [`postgres_arguments`].
pub(super) fn sqlite_arguments(cells: Vec<Cell>) -> Result<SqliteArguments, Error> {
    use sqlx::Arguments;
    let mut arguments = SqliteArguments::default();
    for cell in cells {
        let added = match cell {
            Cell::Int(value) => arguments.add(value),
            Cell::Text(value) => arguments.add(value),
            Cell::Bytes(value) => arguments.add(value),
        };
        added.map_err(Error::Encode)?;
    }
    Ok(arguments)
}
