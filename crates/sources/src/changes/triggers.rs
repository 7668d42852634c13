//! The table of changes and its triggers, written for the owner of a database to read and run: we never write to a source.

use crate::definition::{ChangeTable, Changes, Definition};
use crate::engine::Engine;
use crate::error::{Mistake, SourceError};

/// What makes a table of changes and keeps it, statement by statement.
///
/// Every change of a row is one row more, by the transaction that makes the change: what is rolled back leaves nothing.
///
/// # Errors
/// The definition does not tell changes by a table.
pub fn statements(definition: &Definition, engine: Engine) -> Result<Vec<String>, SourceError> {
    let Some(Changes::Table(table)) = &definition.changes else {
        let vi = "cần [changes] by = \"table\" và table = \"TÊN BẢNG THAY ĐỔI\"";
        let en = "wants [changes] by = \"table\" and table = \"NAME OF THE TABLE OF CHANGES\"";
        return Err(SourceError::Definition(vec![Mistake::new("changes", vi, en)]));
    };
    let ddl = Ddl { definition, table, engine };
    Ok(match engine {
        Engine::Postgres => ddl.postgres(),
        Engine::MySql => ddl.mysql(),
        Engine::Sqlite => ddl.sqlite(),
        Engine::SqlServer => {
            let (vi, en) = ("chưa có cho SQL Server", "is not there for SQL Server");
            return Err(SourceError::Definition(vec![Mistake::new("changes.by", vi, en)]));
        }
    })
}

/// The statements as a script for the engine's own command-line tool, with what its reader should know.
///
/// # Errors
/// As [`statements`].
pub fn script(definition: &Definition, engine: Engine) -> Result<String, SourceError> {
    let mut text = String::from(HEAD);
    if engine == Engine::MySql {
        text.push_str(HEAD_MYSQL);
    }
    for statement in statements(definition, engine)? {
        // A body with semicolons wants another end of the statement in the mysql tool.
        text += &if engine == Engine::MySql && statement.contains("BEGIN") {
            ["\nDELIMITER //\n", &statement, "//\nDELIMITER ;\n"].concat()
        } else {
            ["\n", &statement, ";\n"].concat()
        };
    }
    let grant = "\n-- Cho tài khoản đọc của nút / for the node's reading account: GRANT SELECT ON … TO …;\n";
    text.push_str(if engine == Engine::Sqlite { "" } else { grant });
    Ok(text)
}

const HEAD: &str = "\
-- Bảng thay đổi và trigger cho Liên Thông. Người quản trị CSDL đọc, sửa nếu cần, rồi chạy bằng tài khoản chủ bảng.
-- Table of changes and triggers for Liên Thông: for the database administrator to read and to run as the table's owner.
-- Dòng cũ hơn hạn mà bên nhận cần thì xóa được / rows older than any consumer needs may be deleted.
";
const HEAD_MYSQL: &str = "\
-- TRUNCATE và khóa ngoại ON DELETE CASCADE không chạy trigger / TRUNCATE and cascades of foreign keys fire no triggers.
";

struct Ddl<'a> {
    definition: &'a Definition,
    table: &'a ChangeTable,
    engine: Engine,
}

impl Ddl<'_> {
    fn quoted(&self, name: &str) -> String {
        self.engine.quoted(name)
    }

    /// A name with its schema.
    fn full(&self, name: &str) -> String {
        name.split('.').map(|part| self.quoted(part)).collect::<Vec<_>>().join(".")
    }

    /// Another object beside the table of changes, in its schema.
    fn beside(&self, ending: &str) -> String {
        self.full(&format!("{}_{ending}", self.table.table))
    }

    /// As [`beside`](Self::beside), for what has no schema of its own.
    fn beside_bare(&self, ending: &str) -> String {
        let name = self.table.table.rsplit('.').next().unwrap_or_default();
        self.quoted(&format!("{name}_{ending}"))
    }

    /// Columns of the table of changes with their types.
    fn keys_with_types(&self) -> String {
        let types = &self.definition.entity.key_types;
        let keys = self.table.keys(&self.definition.entity).iter().zip(types);
        keys.map(|(key, kind)| format!("    {} {kind} NOT NULL", self.quoted(key)))
            .collect::<Vec<_>>()
            .join(",\n")
    }

    fn keys(&self) -> String {
        let keys = self.table.keys(&self.definition.entity);
        keys.iter().map(|key| self.quoted(key)).collect::<Vec<_>>().join(", ")
    }

    /// The key of the row before or after the change.
    fn of(&self, row: &str) -> String {
        let columns = self.definition.entity.key.iter();
        columns.map(|column| format!("{row}.{}", self.quoted(column))).collect::<Vec<_>>().join(", ")
    }

    fn insert(&self, operation: char, row: &str) -> String {
        let (table, column) = (self.full(&self.table.table), self.quoted(&self.table.operation));
        format!("INSERT INTO {table} ({column}, {}) VALUES ('{operation}', {})", self.keys(), self.of(row))
    }

    /// Whether the key itself became another; `differ` is the engine's sign for that.
    fn key_differs(&self, differ: impl Fn(String, String) -> String) -> String {
        let pairs = self.definition.entity.key.iter().map(|column| {
            let column = self.quoted(column);
            differ(format!("OLD.{column}"), format!("NEW.{column}"))
        });
        pairs.collect::<Vec<_>>().join(" OR ")
    }

    fn postgres(&self) -> Vec<String> {
        let (entity, table) = (self.full(&self.definition.entity.table), self.full(&self.table.table));
        let (so, operation, time) = self.columns();
        let transaction = self.quoted(&self.table.transaction);
        let (function, emptied) = (self.beside("ghi"), self.beside("xoa_het"));
        let differs = self.key_differs(|old, new| format!("{old} IS DISTINCT FROM {new}"));
        let all: Vec<_> = self.definition.entity.key.iter().map(|key| self.quoted(key)).collect();
        vec![
            format!(
                "CREATE TABLE {table} (\n    {so} bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    {transaction} bigint NOT NULL DEFAULT txid_current(),\n    {operation} char(1) NOT NULL,\n    {time} timestamptz NOT NULL DEFAULT clock_timestamp(),\n{}\n)",
                self.keys_with_types()
            ),
            format!("CREATE INDEX ON {table} ({transaction}, {so})"),
            format!(
                "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $ghi$\nBEGIN\n    IF TG_OP = 'INSERT' THEN\n        {};\n    ELSIF TG_OP = 'DELETE' THEN\n        {old};\n    ELSE\n        IF {differs} THEN\n            {old};\n        END IF;\n        {};\n    END IF;\n    RETURN NULL;\nEND $ghi$",
                self.insert('I', "NEW"),
                self.insert('U', "NEW"),
                old = self.insert('D', "OLD"),
            ),
            format!(
                "CREATE FUNCTION {emptied}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $ghi$\nBEGIN\n    INSERT INTO {table} ({operation}, {}) SELECT 'D', {} FROM {entity};\n    RETURN NULL;\nEND $ghi$",
                self.keys(),
                all.join(", ")
            ),
            format!(
                "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {entity} FOR EACH ROW EXECUTE FUNCTION {function}()",
                self.beside_bare("ghi")
            ),
            format!(
                "CREATE TRIGGER {} BEFORE TRUNCATE ON {entity} FOR EACH STATEMENT EXECUTE FUNCTION {emptied}()",
                self.beside_bare("xoa_het")
            ),
        ]
    }

    /// The columns' types come from the table itself, with the order of its characters.
    fn mysql(&self) -> Vec<String> {
        let (entity, table) = (self.full(&self.definition.entity.table), self.full(&self.table.table));
        let (so, operation, time) = self.columns();
        let as_keys = self.definition.entity.key.iter().zip(self.table.keys(&self.definition.entity));
        let as_keys: Vec<_> =
            as_keys.map(|(column, key)| format!("{} AS {}", self.quoted(column), self.quoted(key))).collect();
        let differs = self.key_differs(|old, new| format!("NOT ({old} <=> {new})"));
        let trigger = |event: &str, ending: &str, body: String| {
            format!("CREATE TRIGGER {} AFTER {event} ON {entity} FOR EACH ROW {body}", self.beside(ending))
        };
        let changed = format!(
            "BEGIN\n    IF {differs} THEN\n        {};\n    END IF;\n    {};\nEND",
            self.insert('D', "OLD"),
            self.insert('U', "NEW")
        );
        vec![
            format!(
                "CREATE TABLE {table} (\n    {so} bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,\n    {operation} char(1) NOT NULL DEFAULT 'U',\n    {time} timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)\n) ENGINE = InnoDB SELECT {} FROM {entity} WHERE FALSE",
                as_keys.join(", ")
            ),
            trigger("INSERT", "them", self.insert('I', "NEW")),
            trigger("UPDATE", "sua", changed),
            trigger("DELETE", "xoa", self.insert('D', "OLD")),
        ]
    }

    fn sqlite(&self) -> Vec<String> {
        let (entity, table) = (self.full(&self.definition.entity.table), self.full(&self.table.table));
        let (so, operation, time) = self.columns();
        let differs = self.key_differs(|old, new| format!("{old} IS NOT {new}"));
        let trigger = |event: &str, ending: &str, body: &str| {
            let name = self.beside(ending);
            format!("CREATE TRIGGER {name} AFTER {event} ON {entity} FOR EACH ROW {body};\nEND")
        };
        let begin = |body: String| format!("BEGIN\n    {body}");
        vec![
            format!(
                "CREATE TABLE {table} (\n    {so} INTEGER PRIMARY KEY AUTOINCREMENT,\n    {operation} TEXT NOT NULL,\n    {time} TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),\n{}\n)",
                self.keys_with_types()
            ),
            trigger("INSERT", "them", &begin(self.insert('I', "NEW"))),
            trigger("UPDATE", "doi_khoa", &format!("WHEN {differs} {}", begin(self.insert('D', "OLD")))),
            trigger("UPDATE", "sua", &begin(self.insert('U', "NEW"))),
            trigger("DELETE", "xoa", &begin(self.insert('D', "OLD"))),
        ]
    }

    fn columns(&self) -> (String, String, String) {
        let ChangeTable { sequence, operation, time, .. } = self.table;
        (self.quoted(sequence), self.quoted(operation), self.quoted(time))
    }
}
