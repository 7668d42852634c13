//! Exports as Parquet, written as they go: what waits in memory is one group of rows.
//!
//! Every column may be empty. Decimals are texts, as in every other answer: what a database declares of their digits
//! differs from engine to engine, and a text loses nothing; who reads it casts it in one word. Times are microseconds:
//! what an engine keeps beyond them is cut.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::definition::{CodeList, Field};
use crate::encoding::Encoding;
use crate::engine::Seen;
use crate::error::SourceError;
use crate::shape::Unfit;
use crate::value::{Kind, boolean, days};

/// Rows of a group.
const GROUP_ROWS: usize = 20_000;
/// Bytes of values after which a group ends before it has all its rows: long texts must not fill the memory.
const GROUP_BYTES: usize = 16 << 20;

/// Writes one file.
pub(crate) struct Writer {
    file: SerializedFileWriter<Vec<u8>>,
    columns: Vec<Column>,
    /// The encoding of each field, where it is one of before Unicode.
    encodings: Vec<Option<Encoding>>,
    /// Which groups of columns are not empty in the row that is being taken.
    filled: Vec<bool>,
    rows: usize,
    bytes: usize,
}

/// A column of the file, and what waits of it until its group of rows is written.
struct Column {
    /// The field that it comes from.
    from: usize,
    part: Part,
    kind: Kind,
    /// The groups in which it lies, outermost first.
    above: Vec<usize>,
    values: Values,
    /// How deep each row is filled.
    levels: Vec<i16>,
}

/// What a column has of its field.
#[derive(Clone)]
enum Part {
    Value,
    Code,
    /// The name of a code, by the list.
    Name(Arc<BTreeMap<String, String>>),
    /// The same for every code: catalogue, version.
    Always(String),
}

enum Values {
    Texts(Vec<ByteArray>),
    Days(Vec<i32>),
    Numbers(Vec<i64>),
    Flags(Vec<bool>),
}

impl Writer {
    /// A file of these fields, in the form in which rows are given; `about` stands in its metadata.
    ///
    /// # Errors
    /// The names make no tree.
    pub(crate) fn new(
        fields: &[Field],
        code_lists: &[CodeList],
        about: &[(&str, String)],
    ) -> Result<Self, SourceError> {
        let mut tree = Tree { columns: Vec::new(), groups: 0 };
        let leaves: Vec<Leaf> =
            (0..).zip(fields).flat_map(|(at, field)| leaves(at, field, code_lists)).collect();
        let members = leaves.iter().map(|leaf| (&*leaf.name, leaf)).collect();
        let made = tree.fields(members, &[]).map_err(|error| broken(&error))?;
        let about = about.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(about.collect()));
        let schema = Type::group_type_builder("dong").with_fields(made).build();
        let file = schema.and_then(|schema| {
            SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties.build()))
        });
        let file = file.map_err(|error| broken(&error))?;
        let encodings = fields.iter().map(|field| field.encoding).collect();
        let filled = vec![false; tree.groups];
        Ok(Self { file, columns: tree.columns, encodings, filled, rows: 0, bytes: 0 })
    }

    /// Takes a row; its values beyond the fields are left out.
    ///
    /// # Errors
    /// A value is not what its field says. The file is then of no use.
    pub(crate) fn push(&mut self, row: Seen<'_>) -> Result<(), Unfit> {
        self.filled.fill(false);
        for column in self.columns.iter().filter(|column| row[column.from].is_some()) {
            column.above.iter().for_each(|group| self.filled[*group] = true);
        }
        for column in &mut self.columns {
            let groups = column.above.iter().take_while(|group| self.filled[**group]).count();
            let mut level = i16::try_from(groups).unwrap_or(i16::MAX);
            let stored = row[column.from].map(|text| match self.encodings[column.from] {
                Some(encoding) => encoding.convert(text).map(Cow::Owned),
                None => Some(Cow::Borrowed(text)),
            });
            let stored = stored.map(|text| text.ok_or(Unfit(column.from))).transpose()?;
            if let Some(text) = stored.as_deref().and_then(|text| column.part.of(text)) {
                self.bytes += text.len();
                column.values.push(column.kind, text).ok_or(Unfit(column.from))?;
                level += 1;
            }
            column.levels.push(level);
        }
        self.rows += 1;
        Ok(())
    }

    /// Whether a group of rows is full, so that [`part`](Self::part) has something to do.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= GROUP_ROWS || self.bytes >= GROUP_BYTES
    }

    /// Ends the group of rows: what of the file can be sent. Compresses, and so takes its time.
    ///
    /// # Errors
    /// The format has no room for this.
    pub(crate) fn part(&mut self) -> Result<Vec<u8>, SourceError> {
        self.write_group().map_err(|error| broken(&error))?;
        Ok(std::mem::take(self.file.inner_mut()))
    }

    /// The rest of the file: without it nobody can read it.
    ///
    /// # Errors
    /// The format has no room for this.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, SourceError> {
        self.write_group().and_then(|()| self.file.into_inner()).map_err(|error| broken(&error))
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            let (values, levels) = (&mut column.values, &mut column.levels);
            match values {
                Values::Texts(values) => write::<ByteArrayType>(&mut group, values, levels)?,
                Values::Days(values) => write::<Int32Type>(&mut group, values, levels)?,
                Values::Numbers(values) => write::<Int64Type>(&mut group, values, levels)?,
                Values::Flags(values) => write::<BoolType>(&mut group, values, levels)?,
            }
        }
        (self.rows, self.bytes) = (0, 0);
        group.close().map(|_| ())
    }
}

/// Writes what waits of the next column.
fn write<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &mut Vec<T::T>,
    levels: &mut Vec<i16>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("no such column".into()))?;
    column.typed::<T>().write_batch(values, Some(levels), None)?;
    values.clear();
    levels.clear();
    column.close()
}

/// What is known of a column before it has its place.
struct Leaf {
    name: String,
    from: usize,
    part: Part,
    kind: Kind,
}

/// The columns of a field: itself, or what is given of a code.
fn leaves(from: usize, field: &Field, code_lists: &[CodeList]) -> Vec<Leaf> {
    let leaf = |name: String, part: Part, kind: Kind| Leaf { name, from, part, kind };
    let Some(list) = code_lists.iter().find(|list| Some(&list.id) == field.code_list.as_ref()) else {
        return vec![leaf(field.name.clone(), Part::Value, field.kind)];
    };
    let parts = [
        ("ma", Part::Code),
        ("ten", Part::Name(Arc::new(list.values.clone()))),
        ("danhMuc", Part::Always(list.catalogue.clone())),
        ("phienBan", Part::Always(list.version.clone())),
    ];
    parts.into_iter().map(|(name, part)| leaf(format!("{}.{name}", field.name), part, Kind::Text)).collect()
}

impl Part {
    fn of<'a>(&'a self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Value => Some(text),
            Self::Code => Some(text.trim()),
            Self::Name(names) => names.get(text.trim()).map(String::as_str),
            Self::Always(text) => Some(text),
        }
    }
}

/// The tree of columns while it grows; columns are in the order of the file, which keeps those of a group together.
struct Tree {
    columns: Vec<Column>,
    groups: usize,
}

impl Tree {
    /// The columns of one group: what is left of their names.
    fn fields(&mut self, members: Vec<(&str, &Leaf)>, above: &[usize]) -> Result<Vec<TypePtr>, ParquetError> {
        let mut named: Vec<(&str, Vec<(&str, &Leaf)>)> = Vec::new();
        for (name, leaf) in members {
            let (first, rest) = name.split_once('.').unwrap_or((name, ""));
            match named.iter_mut().find(|(name, _)| *name == first) {
                Some((_, members)) => members.push((rest, leaf)),
                None => named.push((first, vec![(rest, leaf)])),
            }
        }
        let fields = named.into_iter().map(|(name, members)| {
            if let [("", leaf)] = *members {
                return self.leaf(name, leaf, above).map(Arc::new);
            }
            let above = [above, &[self.groups]].concat();
            self.groups += 1;
            let fields = self.fields(members, &above)?;
            let group = Type::group_type_builder(name).with_repetition(Repetition::OPTIONAL);
            group.with_fields(fields).build().map(Arc::new)
        });
        fields.collect()
    }

    fn leaf(&mut self, name: &str, leaf: &Leaf, above: &[usize]) -> Result<Type, ParquetError> {
        let (physical, logical) = types(leaf.kind);
        self.columns.push(Column {
            from: leaf.from,
            part: leaf.part.clone(),
            kind: leaf.kind,
            above: above.to_vec(),
            values: Values::of(physical),
            levels: Vec::new(),
        });
        Type::primitive_type_builder(name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
    }
}

/// How a value lies in the file, and what readers take it for.
fn types(kind: Kind) -> (Physical, Option<LogicalType>) {
    match kind {
        Kind::Text | Kind::Decimal => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::Json)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Boolean => (Physical::BOOLEAN, None),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Time => (Physical::INT64, Some(LogicalType::time(false, TimeUnit::MICROS))),
        Kind::Moment | Kind::LocalMoment => {
            (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
        }
    }
}

impl Values {
    fn of(physical: Physical) -> Self {
        match physical {
            Physical::BOOLEAN => Self::Flags(Vec::new()),
            Physical::INT32 => Self::Days(Vec::new()),
            Physical::INT64 => Self::Numbers(Vec::new()),
            _ => Self::Texts(Vec::new()),
        }
    }

    /// Takes the text of a value; nothing when it is not of its kind.
    fn push(&mut self, kind: Kind, text: &str) -> Option<()> {
        match self {
            Self::Texts(values) => values.push(kind.text(text)?.into_owned().into_bytes().into()),
            Self::Days(values) => values.push(days(text.trim())?),
            Self::Numbers(values) => values.push(kind.number(text)?),
            Self::Flags(values) => values.push(boolean(text.trim())?),
        }
        Some(())
    }
}

fn broken(error: &ParquetError) -> SourceError {
    SourceError::Other { what: format!("Parquet: {error}") }
}
