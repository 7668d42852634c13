//! `lienthong source`: from a database that is there to a service that is offered.

mod compare;
mod duplicates;
pub mod entry;
mod quality;
mod seal;
mod status;
mod triggers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use base::PartyId;
use sources::check::Checked;
use sources::encoding::Encoding;
use sources::engine::{Guard, Table};
use sources::file::{self as source_file, Import};
use sources::inspect::{Seen, inspect};
use sources::meaning::Personal;
use sources::{Address, Definition, Offer, Source, draft, passthrough, password};

use super::{directory, file};
use crate::EXIT_CHECK_FAILED;
use crate::config::Config;
use crate::credentials::Unsealer;

/// Commands of data sources.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Xem CSDL có gì: bảng, khóa, số dòng, ý nghĩa các cột / look at a database: tables, keys, rows, what columns mean.
    Inspect(Inspect),
    /// Viết định nghĩa dịch vụ của một bảng, hoặc từ WSDL / write the definition of a service from a table, or from a WSDL.
    Draft(Draft),
    /// Đối chiếu định nghĩa với CSDL / hold a definition against the database.
    Check(Check),
    /// Đưa định nghĩa vào nút: có hiệu lực trong một giây / put a definition into a node; it counts within a second.
    Publish(Publish),
    /// Kiểm tra chất lượng dữ liệu theo các quy tắc của định nghĩa / hold the rules of a definition against every row.
    Quality(quality::Quality),
    /// Tìm người bị trùng trong một hay nhiều nguồn; chỉ báo, không gộp / find persons who are there more than once; only told,
    /// never merged.
    Duplicates(duplicates::Duplicates),
    /// Niêm phong mật khẩu của một nguồn để không nằm rõ trên đĩa / seal a source's password, so that it lies nowhere in the clear.
    Seal(seal::Seal),
    /// In bảng thay đổi và trigger để chủ CSDL đọc và chạy / print the table of changes and its triggers for the database's owner.
    Triggers(triggers::Triggers),
    /// So sánh các dòng với lần trước, để biết thay đổi / compare rows with the last time, to know what changed.
    Compare(compare::Compare),
    /// Tình trạng và tải của các nguồn trên nút đang chạy / how the sources of a running node are, and the load on them.
    Status(status::Status),
}

/// Where the database is.
#[derive(clap::Args)]
pub struct Place {
    /// Địa chỉ / address: `postgres://USER@HOST/DATABASE`, `mysql://…`, `mariadb://…`, `mssql://…`, `sqlite:PATH`, `csv:PATH`,
    /// `xlsx:PATH#SHEET` (.xlsx, .xls, .ods).
    #[arg(value_name = "URL")]
    url: Option<String>,
    /// Tệp chứa mật khẩu, rõ hoặc đã niêm phong / file with the password, in the clear or sealed.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Tệp: dòng tên cột, 0 nếu không có / files: line with the names of the columns, 0 if there is none.
    #[arg(long, value_name = "LINE")]
    header_row: Option<u64>,
    /// Tệp CSV: dấu phân cách / CSV files: what separates values.
    #[arg(long, value_name = "SIGN")]
    delimiter: Option<char>,
    /// Tệp: bảng mã / files: encoding: `utf8`, `tcvn3`, `vni`, `windows1258`, `utf16_le`, `utf16_be`.
    #[arg(long)]
    encoding: Option<Encoding>,
    #[command(flatten)]
    node: OfNode,
}

/// The node whose passphrase opens a sealed password.
#[derive(clap::Args)]
pub struct OfNode {
    /// Tệp cấu hình của nút, khi mật khẩu đã niêm phong / configuration of the node, when the password is sealed.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl OfNode {
    fn unsealer(&self) -> anyhow::Result<Option<Unsealer>> {
        self.config.as_ref().map(|path| Unsealer::new(&Config::read(path)?)).transpose()
    }
}

/// Arguments of `source inspect`.
#[derive(clap::Args)]
pub struct Inspect {
    #[command(flatten)]
    place: Place,
    /// Chỉ bảng này / only this table.
    #[arg(long)]
    table: Option<String>,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `source draft`.
#[derive(clap::Args)]
pub struct Draft {
    #[command(flatten)]
    place: Place,
    /// Bảng hoặc khung nhìn; không cần khi chỉ có một / table or view; not needed where there is one only.
    #[arg(long)]
    table: Option<String>,
    /// Mô tả WSDL 1.1 của dịch vụ SOAP có sẵn, thay cho CSDL / WSDL 1.1 of an existing SOAP service, instead of a database.
    #[arg(long, value_name = "FILE|URL", required_unless_present = "url", conflicts_with_all = ["url", "table", "key"])]
    wsdl: Option<String>,
    /// Thao tác của WSDL; không ghi thì liệt kê / operation of the WSDL; without it they are listed.
    #[arg(long, value_name = "NAME", requires = "wsdl")]
    operation: Option<String>,
    /// Cột phân biệt các dòng, khi bảng hoặc khung nhìn không có khóa / columns that tell rows apart, for a view or a table
    /// without key.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    key: Vec<String>,
    /// Dịch vụ: PHÂN-HỆ/MÃ / the service: SUBSYSTEM/CODE.
    #[arg(long, value_name = "SUBSYSTEM/CODE")]
    service: String,
    /// Tệp định nghĩa; không ghi đè / definition file; never overwrites.
    #[arg(short, long)]
    output: PathBuf,
}

/// Arguments of `source check`.
#[derive(clap::Args)]
pub struct Check {
    /// Tệp định nghĩa / definition file.
    file: PathBuf,
    #[command(flatten)]
    node: OfNode,
}

/// Arguments of `source publish`.
#[derive(clap::Args)]
pub struct Publish {
    /// Tệp định nghĩa / definition file.
    file: PathBuf,
    /// Tệp cấu hình của nút có mục [sources] / configuration of the node with the section [sources].
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
    #[command(flatten)]
    entry: entry::Entry,
}

/// Carries a command out.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Inspect(args) => look_at(&args).await,
        Command::Draft(args) => write_draft(&args).await,
        Command::Check(args) => check_file(&args).await,
        Command::Publish(args) => publish(&args).await,
        Command::Quality(args) => quality::run(&args).await,
        Command::Duplicates(args) => duplicates::run(&args).await,
        Command::Seal(args) => seal::run(&args),
        Command::Triggers(args) => triggers::run(&args),
        Command::Compare(args) => compare::run(&args).await,
        Command::Status(args) => status::run(&args).await,
    }
}

impl Place {
    async fn open(&self) -> anyhow::Result<Source> {
        let url = self
            .url
            .as_ref()
            .context("thiếu địa chỉ nguồn, xem --help / the source's address is missing, see --help")?;
        let address: Address = url.parse()?;
        let import = Import {
            header_row: self.header_row,
            delimiter: self.delimiter,
            encoding: self.encoding,
            ..Import::default()
        };
        let mut address = address.with_import(&import, BTreeMap::new());
        if let Some(path) = &self.password_file {
            let password = match self.node.unsealer()? {
                Some(unsealer) => unsealer.password(path)?,
                None => password::clear(path)?,
            };
            address = address.with(&password)?;
        }
        Ok(Source::open(&address, &Guard::default()).await?)
    }
}

async fn look_at(args: &Inspect) -> anyhow::Result<ExitCode> {
    let source = args.place.open().await?;
    let mut seen = inspect(&source).await?;
    if let Some(wanted) = &args.table {
        seen.retain(|seen| named(&seen.table, wanted));
        if seen.is_empty() {
            bail!("không có bảng / there is no table {wanted}");
        }
    }
    if args.json {
        println!("{:#}", serde_json::to_value(&seen)?);
    } else {
        println!("{}: {} bảng / tables\n", source.address(), seen.len());
        seen.iter().for_each(print_seen);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a table is meant: with its schema, or its name alone.
fn named(full: &str, wanted: &str) -> bool {
    full == wanted || full.rsplit('.').next() == Some(wanted)
}

fn print_seen(seen: &Seen) {
    let rows = seen.rows.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
    let about = if seen.rows_exact { "" } else { "~" };
    let key = if seen.key.is_empty() { "—".to_owned() } else { seen.key.join(", ") };
    println!(
        "{}   {about}{rows} dòng / rows   khóa / key: {key}   phù hợp / worth: {}/100",
        seen.table, seen.worth
    );
    let width = seen.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
    for column in &seen.columns {
        let meaning = column.guess.map(|guess| {
            let (vi, en) = guess.meaning.title();
            format!("{vi} / {en} {}%", guess.confidence)
        });
        let personal = match column.personal {
            Some(Personal::Basic) => "  [dữ liệu cá nhân / personal]",
            Some(Personal::Sensitive) => "  [dữ liệu cá nhân nhạy cảm / sensitive]",
            None => "",
        };
        let indexed = if column.indexed { "*" } else { " " };
        println!(
            "  {indexed} {:width$}  {:18} {}{personal}",
            column.name,
            column.type_name,
            meaning.unwrap_or_default()
        );
    }
    for remark in &seen.remarks {
        println!("    ! {} / {}", remark.vi, remark.en);
    }
    println!();
}

async fn write_draft(args: &Draft) -> anyhow::Result<ExitCode> {
    let service = args.service.split_once('/').context("--service: SUBSYSTEM/CODE")?;
    if let Some(wsdl) = &args.wsdl {
        let operation = args.operation.as_deref().unwrap_or_default();
        return write_wsdl_draft(args, (wsdl, operation), service).await;
    }
    let place = &args.place;
    let source = place.open().await?;
    let tables = source.tables().await?;
    let wanted = args.table.as_deref();
    let is_meant = |table: &&Table| wanted.is_none_or(|wanted| named(&table.full_name(), wanted));
    let meant: Vec<&Table> = tables.iter().filter(is_meant).collect();
    let wanted = wanted.unwrap_or("?");
    let table = match meant.as_slice() {
        [table] => *table,
        [] => bail!("--table {wanted}: không có, xem `source inspect` / there is none, see `source inspect`"),
        more => {
            let names: Vec<_> = more.iter().map(|table| table.full_name()).collect();
            bail!("--table {wanted}: ghi rõ một bảng / name one of: {}", names.join(", "));
        }
    };
    let drafted = draft::write(&source, table, &args.key, service).await.map_err(all_mistakes)?;
    for warning in &drafted.warnings {
        println!("  ? {warning}");
    }
    let mut definition = drafted.definition.clone();
    definition.url = source_file::placed(&definition.url, &std::env::current_dir()?);
    definition.password_file = place.password_file.as_ref().map(std::path::absolute).transpose()?;
    if definition.password_file.is_none() && source.address().password().is_some() {
        println!(
            "Mật khẩu không ghi vào định nghĩa; thêm password_file / the password is not written: add password_file"
        );
    }
    written(args, &drafted.commented(&definition.text()?))
}

/// A definition from the description of a SOAP service.
async fn write_wsdl_draft(
    args: &Draft,
    (wsdl, operation): (&str, &str),
    service: (&str, &str),
) -> anyhow::Result<ExitCode> {
    let is_url = wsdl.starts_with("http://") || wsdl.starts_with("https://");
    let wsdl = if is_url { wsdl.to_owned() } else { std::path::absolute(wsdl)?.display().to_string() };
    let drafted = passthrough::draft::draft(&wsdl, operation, service).await.map_err(all_mistakes)?;
    for part in &drafted.left_out {
        println!("  ? {part}: chưa đưa vào, tự thêm nếu cần / left out, add it where it is needed");
    }
    written(args, &drafted.definition.text()?)
}

fn written(args: &Draft, text: &str) -> anyhow::Result<ExitCode> {
    Offer::parse(text).map_err(all_mistakes)?;
    file::write_new(&args.output, text.as_bytes(), file::PUBLIC)?;
    println!("Đã viết / written: {}", args.output.display());
    println!("Đọc và sửa, rồi / read and correct it, then: lienthong source check {}", args.output.display());
    Ok(ExitCode::SUCCESS)
}

/// A definition of a file.
fn read(path: &Path) -> anyhow::Result<Offer> {
    // Absolute, so that it means the same wherever it is published.
    Offer::read(&std::path::absolute(path)?).map_err(all_mistakes)
}

/// A definition of a table.
fn read_table(path: &Path) -> anyhow::Result<Definition> {
    match read(path)? {
        Offer::Table(definition) => Ok(*definition),
        Offer::Existing(_) => bail!(
            "{0}: dịch vụ có sẵn không có dòng để đọc; lệnh này dành cho định nghĩa của bảng / is an existing service without rows: this command is for definitions of tables",
            path.display()
        ),
    }
}

fn all_mistakes(error: sources::SourceError) -> anyhow::Error {
    match error {
        sources::SourceError::Definition(mistakes) => {
            let lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
            anyhow::anyhow!(
                "EX-3010: định nghĩa có lỗi / the definition has mistakes:\n  {}",
                lines.join("\n  ")
            )
        }
        other => other.into(),
    }
}

async fn examine(definition: &Offer) -> anyhow::Result<Checked> {
    let checked = definition.check().await?;
    for warning in &checked.warnings {
        println!("  ? {warning}");
    }
    for mistake in &checked.mistakes {
        println!("  ✗ {mistake}");
    }
    Ok(checked)
}

async fn check_file(args: &Check) -> anyhow::Result<ExitCode> {
    let definition = read(&args.file)?;
    let definition = match args.node.unsealer()? {
        Some(unsealer) => unsealer.opened(definition).await?,
        None => definition,
    };
    let checked = examine(&definition).await?;
    if checked.mistakes.is_empty() && matches!(definition, Offer::Existing(_)) {
        println!("Dùng được, dịch vụ gốc có trả lời / it can be used, the service behind answers");
        return Ok(ExitCode::SUCCESS);
    }
    if checked.mistakes.is_empty() {
        let of = checked.of.map_or_else(|| "?".to_owned(), |rows| rows.to_string());
        println!(
            "Dùng được, đã đọc thử {0} dòng trong khoảng {of}; đọc hết: `lienthong source quality` / it can be used; {0} rows of about {of} were read; all of them: `lienthong source quality`",
            checked.rows
        );
        return Ok(ExitCode::SUCCESS);
    }
    println!("{0} lỗi, chưa đưa ra dùng được / {0} mistakes: it cannot be published", checked.mistakes.len());
    Ok(ExitCode::from(EXIT_CHECK_FAILED))
}

/// What nobody finds out before the first export.
pub fn tell_of_exports(definition: &Offer) {
    if let Offer::Table(table) = definition
        && table.service.export
    {
        println!(
            "  ? _export qua các nút bị cắt theo trường được cấp khi là NDJSON; ?format=parquet chỉ đi qua với quyền không kê trường / through the nodes _export is cut to granted fields as NDJSON; ?format=parquet passes with a grant without fields only (EX-0312)"
        );
    }
}

/// Nobody can ask a subsystem that the directory does not have.
async fn tell_of_the_directory(config: &Config, subsystem: &str) {
    let party = format!("{}/{subsystem}", config.node.owner);
    let Ok(known) = directory::look(config, directory::Source::Copy).await else { return };
    if party.parse().is_ok_and(|party: PartyId| !known.party_exists(&party)) {
        println!(
            "  ? danh bạ chưa có phân hệ {party}: chưa ai gọi được cho đến khi nó được ghi vào / the directory has no subsystem {party}: nobody can call it until it is entered there"
        );
    }
}

async fn publish(args: &Publish) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let section = config.sources.as_ref().with_context(|| {
        format!(
            "{}: thêm mục / add the section\n\n[sources]\nlisten = \"127.0.0.1:7491\"\n\nrồi chạy lại nút, một lần / and start the node again, once",
            args.config.display()
        )
    })?;
    let definition = Unsealer::new(&config)?.opened(read(&args.file)?).await?;
    if !examine(&definition).await?.mistakes.is_empty() {
        bail!("định nghĩa không khớp nguồn, xem trên / the definition does not fit the source, see above");
    }
    let service = definition.about();
    let name = format!("{}.{}.toml", service.subsystem, service.code);
    let place = section.dir.join(&name);
    for other in crate::sources_role::definitions(&section.dir)? {
        let same = other.definition.is_ok_and(|other| {
            let other = other.about();
            (other.subsystem, other.code) == (service.subsystem, service.code)
        });
        if same && other.path != place {
            bail!(
                "{0}: đã có dịch vụ này; xóa tệp đó trước / has this service already: remove it first",
                other.path.display()
            );
        }
    }
    file::make_dir(&section.dir)?;
    file::replace(&place, definition.text()?.as_bytes(), file::PUBLIC)?;
    let id = format!("{}/{}/{}", config.node.owner, service.subsystem, service.code);
    println!("Đã đưa vào {} / published: {id}", place.display());
    tell_of_exports(&definition);
    tell_of_the_directory(&config, service.subsystem).await;
    if config.registry.is_some() || config.registry_elsewhere.is_some() {
        args.entry.make(&config, &definition, &id).await?;
    } else {
        println!(
            "Cấp quyền trong / grant it in {}:\n\n[[grant]]\nto = \"INSTANCE/GOV/MEMBER/SUBSYSTEM\"\nservice = \"{}/{}\"",
            args.config.display(),
            service.subsystem,
            service.code
        );
    }
    Ok(ExitCode::SUCCESS)
}
