//! Types of columns, where a value goes into a statement.

use super::Engine;

/// The type of a column without its length or scale: a cast to `varchar(9)` would cut off what is longer and one to
/// `numeric(10,2)` would round, so that a wrong value finds somebody's row.
pub(super) fn without_length(engine: Engine, type_name: &str) -> String {
    match engine {
        Engine::Postgres => postgres(type_name),
        Engine::SqlServer => sql_server(type_name),
        Engine::Sqlite | Engine::MySql => type_name.to_owned(),
    }
}

/// Whether pages can go by a column of this type: its text, sent back, is the same value, and stands at the same place in
/// the order.
pub(crate) fn keeps_order(engine: Engine, type_name: &str) -> bool {
    let name = type_name.to_ascii_lowercase();
    match engine {
        // Values of these two are in the order of their numbers and compared as texts. Binary fractions are written with
        // fewer digits than they have.
        Engine::MySql => {
            let base = name.split(['(', ' ']).next().unwrap_or_default();
            !["enum", "set", "float", "double", "real"].contains(&base)
        }
        Engine::Sqlite => {
            let has = |part: &&str| name.contains(*part);
            let is_fraction = ["real", "floa", "doub"].iter().any(has);
            type_name != crate::file::DECIMAL
                && has_affinity(type_name)
                && (!is_fraction || name.contains("int"))
        }
        Engine::Postgres | Engine::SqlServer => true,
    }
}

/// Whether SQLite compares a column of this type with a text by the column's own rules. Without a type, a number is equal to
/// no text and smaller than each.
pub(crate) fn has_affinity(type_name: &str) -> bool {
    let name = type_name.to_ascii_lowercase();
    let is_text = ["int", "char", "clob", "text"].iter().any(|part| name.contains(part));
    is_text || !(name.trim().is_empty() || name.contains("blob") || name.trim() == "any")
}

/// The name before the parentheses, what stands between them, and what follows.
fn parts(type_name: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = type_name.split_once('(')?;
    let (length, end) = rest.split_once(')')?;
    Some((name, length, end))
}

fn postgres(type_name: &str) -> String {
    // A name of somebody's own type may have parentheses.
    let quoted = type_name.contains('"');
    let bare = match parts(type_name).filter(|_| !quoted) {
        Some((name, _, end)) => format!("{name}{end}"),
        None => type_name.to_owned(),
    };
    match &*bare {
        // Without a length these are one character or one bit; `name` ends after 63 bytes.
        "character" | "char" => "bpchar".into(),
        "bit" => "bit varying".into(),
        "\"char\"" | "name" => "text".into(),
        _ => bare,
    }
}

fn sql_server(type_name: &str) -> String {
    let (name, length, _) = parts(type_name).unwrap_or((type_name, "", ""));
    match &*name.to_ascii_lowercase() {
        // Without a length a cast has 30 characters; a parameter has at most 1,000 bytes.
        "char" | "varchar" => "varchar(8000)".into(),
        "nchar" | "nvarchar" => "nvarchar(4000)".into(),
        // All digits before the point, and what is left of 38 behind it.
        "decimal" | "numeric" => {
            let mut numbers = length.split(',').map(|number| number.trim().parse::<u8>());
            let precision = numbers.next().and_then(Result::ok).unwrap_or(18);
            let scale = numbers.next().and_then(Result::ok).unwrap_or(0);
            format!("decimal(38,{})", 38_u8.saturating_sub(precision.saturating_sub(scale)))
        }
        "money" | "smallmoney" => "decimal(38,18)".into(),
        "time" => "time(7)".into(),
        "datetime2" | "smalldatetime" => "datetime2(7)".into(),
        "datetimeoffset" => "datetimeoffset(7)".into(),
        _ => type_name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_whose_text_has_another_order_are_no_keys() {
        for (engine, type_name, expected) in [
            (Engine::MySql, "enum('zeta','alpha')", false),
            (Engine::MySql, "set('z','a')", false),
            (Engine::MySql, "float", false),
            (Engine::MySql, "double unsigned", false),
            (Engine::MySql, "bigint(20) unsigned", true),
            (Engine::MySql, "varchar(20)", true),
            (Engine::Sqlite, "", false),
            (Engine::Sqlite, "BLOB", false),
            (Engine::Sqlite, "REAL", false),
            (Engine::Sqlite, "DOUBLE PRECISION", false),
            (Engine::Sqlite, "DECIMAL TEXT", false),
            (Engine::Sqlite, "INTEGER", true),
            (Engine::Sqlite, "VARCHAR(12)", true),
            (Engine::Sqlite, "DATETIME", true),
            (Engine::Postgres, "double precision", true),
        ] {
            assert_eq!(keeps_order(engine, type_name), expected, "{type_name}");
        }
    }

    #[test]
    fn no_cast_cuts_off_or_rounds() {
        for (engine, type_name, expected) in [
            (Engine::Postgres, "character(12)", "bpchar"),
            (Engine::Postgres, "character varying(9)", "character varying"),
            (Engine::Postgres, "numeric(10,2)", "numeric"),
            (Engine::Postgres, "timestamp(0) without time zone", "timestamp without time zone"),
            (Engine::Postgres, "bit(3)", "bit varying"),
            (Engine::Postgres, "\"char\"", "text"),
            (Engine::Postgres, "so.\"kiểu (cũ)\"", "so.\"kiểu (cũ)\""),
            (Engine::Postgres, "bigint", "bigint"),
            (Engine::SqlServer, "char(12)", "varchar(8000)"),
            (Engine::SqlServer, "nvarchar(max)", "nvarchar(4000)"),
            (Engine::SqlServer, "decimal(10,2)", "decimal(38,30)"),
            (Engine::SqlServer, "datetime2(0)", "datetime2(7)"),
            (Engine::SqlServer, "bigint", "bigint"),
        ] {
            assert_eq!(without_length(engine, type_name), expected, "{type_name}");
        }
    }
}
