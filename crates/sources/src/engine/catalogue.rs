//! What a database says of its tables, by its own catalogue.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Column, Engine, Source, Table};
use crate::error::SourceError;
use crate::file::IMPORTED;
use crate::value::Kind;

/// Most columns that are read of one database: 500 tables of 100 columns.
const COLUMNS_MAX: usize = 50_000;
/// Largest SQLite file whose rows are counted: that takes a tenth of a second, where 10 GB take minutes.
const COUNTED_BYTES_MAX: u64 = 64 << 20;

/// schema, table, is a view, about how many rows, column, type, may be empty, comment; the type that one of the database's own
/// making is read as.
const COLUMNS_POSTGRES: &str = "
    SELECT n.nspname, c.relname, (c.relkind IN ('v', 'm'))::text, c.reltuples::bigint::text, a.attname,
           format_type(a.atttypid, a.atttypmod), (NOT (a.attnotnull OR y.typnotnull))::text, col_description(c.oid, a.attnum),
           CASE y.typtype WHEN 'e' THEN 'text' WHEN 'd' THEN format_type(y.typbasetype, y.typtypmod) END
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg_toast%' AND NOT c.relispartition AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY n.nspname, c.relname, a.attnum LIMIT 50001";
/// schema, table, is the primary key, index, column; primary keys first, then unique, then others; columns in order. An index
/// on an expression has only its columns here, which alone need not be unique.
const INDEXES_POSTGRES: &str = "
    SELECT n.nspname, c.relname, CASE WHEN i.indisprimary THEN 'p' WHEN i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL THEN 'u' ELSE 'i' END,
           i.indexrelid::text, a.attname
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (num, place) ON true
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.num
    WHERE i.indisvalid AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
    ORDER BY i.indisprimary DESC, i.indisunique DESC, i.indexrelid, k.place";

const COLUMNS_MYSQL: &str = "
    SELECT '', c.table_name, IF(t.table_type = 'VIEW', 'true', 'false'), CAST(t.table_rows AS CHAR), c.column_name,
           c.column_type, IF(c.is_nullable = 'YES', 'true', 'false'), c.column_comment
    FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = DATABASE()
    ORDER BY c.table_name, c.ordinal_position LIMIT 50001";
const INDEXES_MYSQL: &str = "
    SELECT '', table_name, IF(index_name = 'PRIMARY', 'p', IF(non_unique = 0, 'u', 'i')), index_name, column_name
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    ORDER BY index_name <> 'PRIMARY', non_unique, index_name, seq_in_index";

const COLUMNS_SQLITE: &str = "
    SELECT '', m.name, CASE m.type WHEN 'view' THEN 'true' ELSE 'false' END, NULL, p.name, p.type,
           CASE WHEN p.\"notnull\" = 0 AND p.pk = 0 THEN 'true' ELSE 'false' END, ''
    FROM sqlite_master m JOIN pragma_table_info(m.name) p
    WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'
    ORDER BY m.name, p.cid LIMIT 50001";
/// The primary key comes from the table itself: that of one whole number has no index.
const INDEXES_SQLITE: &str = "
    SELECT '', tab, kind, idx, col FROM (
        SELECT m.name AS tab, 'p' AS kind, '' AS idx, p.name AS col, 0 AS rank, p.pk AS place
        FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND p.pk > 0
        UNION ALL
        SELECT m.name, CASE WHEN l.\"unique\" = 1 AND l.partial = 0
                           AND NOT EXISTS (SELECT 1 FROM pragma_index_info(l.name) e WHERE e.name IS NULL) THEN 'u' ELSE 'i' END, l.name, i.name,
               2 - l.\"unique\", i.seqno
        FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
        WHERE m.type = 'table' AND i.name IS NOT NULL)
    ORDER BY rank, idx, place";

/// The type with its length, precision or scale, as a CAST takes it.
const COLUMNS_SQL_SERVER: &str = "
    SELECT s.name, o.name, CASE o.type WHEN 'V' THEN N'true' ELSE N'false' END,
           (SELECT CONVERT(nvarchar(20), SUM(p.rows)) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)),
           c.name,
           b.name + CASE WHEN b.name IN ('varchar', 'char', 'varbinary', 'binary')
                         THEN N'(' + CASE c.max_length WHEN -1 THEN N'max' ELSE CONVERT(nvarchar(10), c.max_length) END + N')'
                         WHEN b.name IN ('nvarchar', 'nchar')
                         THEN N'(' + CASE c.max_length WHEN -1 THEN N'max' ELSE CONVERT(nvarchar(10), c.max_length / 2) END + N')'
                         WHEN b.name IN ('decimal', 'numeric')
                         THEN N'(' + CONVERT(nvarchar(10), c.precision) + N',' + CONVERT(nvarchar(10), c.scale) + N')'
                         WHEN b.name IN ('datetime2', 'datetimeoffset', 'time') THEN N'(' + CONVERT(nvarchar(10), c.scale) + N')'
                         ELSE N'' END,
           CASE c.is_nullable WHEN 1 THEN N'true' ELSE N'false' END, CONVERT(nvarchar(400), e.value)
    FROM sys.objects o
    JOIN sys.schemas s ON s.schema_id = o.schema_id
    JOIN sys.columns c ON c.object_id = o.object_id
    JOIN sys.types y ON y.user_type_id = c.user_type_id
    JOIN sys.types b ON b.user_type_id = CASE WHEN y.is_user_defined = 1 AND y.is_assembly_type = 0 THEN y.system_type_id ELSE y.user_type_id END
    LEFT JOIN sys.extended_properties e
      ON e.class = 1 AND e.major_id = o.object_id AND e.minor_id = c.column_id AND e.name = 'MS_Description'
    WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
      AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') = 1
    ORDER BY s.name, o.name, c.column_id OFFSET 0 ROWS FETCH NEXT 50001 ROWS ONLY";
const INDEXES_SQL_SERVER: &str = "
    SELECT s.name, o.name, CASE WHEN i.is_primary_key = 1 THEN N'p' WHEN i.is_unique = 1 AND i.has_filter = 0 THEN N'u' ELSE N'i' END,
           i.name, c.name
    FROM sys.indexes i
    JOIN sys.objects o ON o.object_id = i.object_id AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0
    JOIN sys.schemas s ON s.schema_id = o.schema_id
    JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0
    JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
    WHERE i.is_disabled = 0 AND i.is_hypothetical = 0
    ORDER BY i.is_primary_key DESC, i.is_unique DESC, i.object_id, i.index_id, k.key_ordinal";

pub(super) async fn tables(source: &Source) -> Result<Vec<Table>, SourceError> {
    let (columns, indexes_text) = match source.engine() {
        Engine::Postgres => (COLUMNS_POSTGRES, INDEXES_POSTGRES),
        Engine::MySql => (COLUMNS_MYSQL, INDEXES_MYSQL),
        Engine::Sqlite => (COLUMNS_SQLITE, INDEXES_SQLITE),
        Engine::SqlServer => (COLUMNS_SQL_SERVER, INDEXES_SQL_SERVER),
    };
    let rows = source.all(columns, Vec::new()).await?;
    if rows.len() > COLUMNS_MAX {
        return Err(SourceError::Other { what: format!("hơn / more than {COLUMNS_MAX} cột / columns") });
    }
    let mut tables: BTreeMap<(String, String), Table> = BTreeMap::new();
    // What a copy of a file says of itself is no table of the file.
    let is_ours = |row: &super::Row| row.get(1).is_some_and(|name| name.as_deref() == Some(IMPORTED));
    for row in rows.into_iter().filter(|row| !is_ours(row)) {
        let [schema, name, is_view, count, column, type_name, nullable, comment, read_as] = texts(row);
        let table = tables.entry((schema.clone(), name.clone())).or_insert_with(|| Table {
            schema,
            name,
            is_view: is_view == "true",
            rows: count.parse::<i64>().ok().and_then(|count| u64::try_from(count).ok()),
            rows_exact: false,
            columns: Vec::new(),
            key: Vec::new(),
            unique: Vec::new(),
            indexed: Vec::new(),
        });
        let kind = kind(source.engine(), if read_as.is_empty() { &type_name } else { &read_as });
        table.columns.push(Column { name: column, kind, type_name, nullable: nullable == "true", comment });
    }
    let mut indexes: Vec<Index> = Vec::new();
    for row in source.all(indexes_text, Vec::new()).await? {
        let [schema, table, kind, name, column] = texts(row);
        match indexes.last_mut() {
            Some(last) if last.table == (schema.clone(), table.clone()) && last.name == name => {
                last.columns.push(column);
            }
            _ => indexes.push(Index { table: (schema, table), kind, name, columns: vec![column] }),
        }
    }
    for index in indexes {
        if let Some(table) = tables.get_mut(&index.table) {
            index.note(table);
        }
    }
    let mut tables: Vec<Table> = tables.into_values().collect();
    if source.engine() == Engine::Sqlite {
        count(source, &mut tables).await?;
    }
    Ok(tables)
}

/// The columns of one table.
pub(super) async fn columns(source: &Source, full_name: &str) -> Result<Vec<Column>, SourceError> {
    let engine = source.engine();
    let parts: Vec<&str> = full_name.split('.').collect();
    let (all, condition, parameters) = match (engine, &*parts) {
        // A name without schema is looked for as a statement does.
        (Engine::Postgres, _) => {
            let quoted: Vec<_> = parts.iter().map(|part| engine.quoted(part)).collect();
            (COLUMNS_POSTGRES, "c.oid = to_regclass($1)", vec![quoted.join(".")])
        }
        (Engine::MySql, [name]) => (COLUMNS_MYSQL, "c.table_name = ?", vec![(*name).to_owned()]),
        (Engine::Sqlite, [name]) => (COLUMNS_SQLITE, "m.name = ?", vec![(*name).to_owned()]),
        (Engine::SqlServer, [schema, name]) => {
            let parameters = vec![(*schema).to_owned(), (*name).to_owned()];
            (COLUMNS_SQL_SERVER, "s.name = @P1 AND o.name = @P2", parameters)
        }
        _ => return Ok(Vec::new()),
    };
    let sql = all.replace("ORDER BY", &format!("AND {condition} ORDER BY"));
    let rows = source.all(sql, parameters).await?;
    let column = |row| {
        let [_, _, is_view, _, name, type_name, nullable, comment] = texts(row);
        let kind = kind(engine, &type_name);
        Column { name, type_name, kind, nullable: nullable == "true" || is_view == "true", comment }
    };
    Ok(rows.into_iter().map(column).collect())
}

/// Whether values of two types are other ones.
pub(super) fn is_other(engine: Engine, was: &str, is: &str) -> bool {
    let base = |name: &str| name.split('(').next().unwrap_or_default().trim().to_ascii_lowercase();
    match (kind(engine, was), kind(engine, is)) {
        (Some(was), Some(is)) if was == is => false,
        // A flag of MySQL is a small number, which is checked where it is given.
        (Some(Kind::Boolean), Some(Kind::Integer)) if engine == Engine::MySql => false,
        _ => base(was) != base(is) || kind(engine, was) != kind(engine, is),
    }
}

/// An index, or the primary key.
struct Index {
    table: (String, String),
    kind: String,
    name: String,
    columns: Vec<String>,
}

impl Index {
    /// A unique index is a key only when none of its columns may be empty.
    fn note(self, table: &mut Table) {
        let whole = |name: &String| table.column(name).is_some_and(|column| !column.nullable);
        if table.key.is_empty() && (self.kind == "p" || self.kind == "u" && self.columns.iter().all(whole)) {
            table.key.clone_from(&self.columns);
        }
        if self.kind != "i" {
            table.unique.push(self.columns.clone());
        }
        table.indexed.extend(self.columns.into_iter().next().filter(|first| !table.indexed.contains(first)));
    }
}

/// SQLite keeps no count. A small file is counted; of a large one the largest row number tells how many rows there may be,
/// and nothing is read for it.
async fn count(source: &Source, tables: &mut [Table]) -> Result<(), SourceError> {
    let size = "SELECT CAST(page_count * page_size AS TEXT) FROM pragma_page_count, pragma_page_size";
    let exact = number(source, size).await?.is_some_and(|bytes| bytes <= COUNTED_BYTES_MAX);
    let what = if exact { "count(*)" } else { "max(rowid)" };
    for table in tables.iter_mut().filter(|table| !table.is_view) {
        let sql = format!("SELECT CAST({what} AS TEXT) FROM {}", source.engine().quoted(&table.name));
        // Some tables have no row numbers, and then nothing is known.
        table.rows = match number(source, sql).await {
            Err(SourceError::Changed { .. }) if !exact => None,
            rows => rows?,
        };
        table.rows_exact = exact;
    }
    Ok(())
}

/// The number that a statement gives.
async fn number(source: &Source, sql: impl Into<Arc<str>>) -> Result<Option<u64>, SourceError> {
    let rows = source.all(sql, Vec::new()).await?;
    Ok(rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()))
}

/// The values of a row of the catalogue; what is missing is empty.
fn texts<const N: usize>(row: super::Row) -> [String; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| values.next().flatten().unwrap_or_default())
}

/// What we make of an engine's type; nothing for one that we do not know.
fn kind(engine: Engine, type_name: &str) -> Option<Kind> {
    if engine == Engine::SqlServer {
        return super::mssql::kind(type_name);
    }
    let lower = type_name.to_ascii_lowercase();
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    Some(match base {
        "tinyint" if lower.starts_with("tinyint(1)") => Kind::Boolean,
        "int" | "integer" | "bigint" | "smallint" | "tinyint" | "mediumint" | "int2" | "int4" | "int8"
        | "year" => Kind::Integer,
        "numeric" | "decimal" | "real" | "double" | "float" | "float4" | "float8" => Kind::Decimal,
        "bool" | "boolean" => Kind::Boolean,
        "date" => Kind::Date,
        // What the zone of a time means depends on a day that is not there: it is given as it is written.
        "time" if lower.contains("with time zone") => Kind::Text,
        "time" => Kind::Time,
        "timestamptz" => Kind::Moment,
        "timestamp" if lower.contains("with time zone") => Kind::Moment,
        // MySQL keeps these in UTC, which our session asks for.
        "timestamp" if engine == Engine::MySql => Kind::Moment,
        "timestamp" | "datetime" => Kind::LocalMoment,
        "json" | "jsonb" => Kind::Json,
        "timetz" | "text" | "character" | "varchar" | "char" | "nvarchar" | "nchar" | "clob" | "citext"
        | "uuid" | "name" | "tinytext" | "mediumtext" | "longtext" | "enum" | "set" | "bpchar" | "inet"
        | "\"char\"" => Kind::Text,
        // A column of SQLite without a type takes anything.
        "" if engine == Engine::Sqlite => Kind::Text,
        _ => return None,
    })
}
