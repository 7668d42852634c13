//! `lienthong source`: from a database that is there to a service that is offered.

pub mod entry;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use sources::check::Checked;
use sources::engine::{Guard, Table};
use sources::inspect::{Seen, inspect, look};
use sources::meaning::Personal;
use sources::{Address, Offer, Source, draft, passthrough, serve};

use super::file;
use crate::EXIT_CHECK_FAILED;
use crate::config::Config;

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
}

/// Where the database is.
#[derive(clap::Args)]
pub struct Place {
    /// Địa chỉ / address: `postgres://USER@HOST/DATABASE`, `mysql://…`, `mariadb://…`, `mssql://…`, `sqlite:PATH`.
    url: String,
    /// Tệp chứa mật khẩu / file with the password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
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
    /// Địa chỉ CSDL / address of the database, as for `source inspect`.
    #[arg(required_unless_present = "wsdl")]
    url: Option<String>,
    /// Tệp chứa mật khẩu / file with the password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Bảng hoặc khung nhìn / table or view.
    #[arg(long, required_unless_present = "wsdl")]
    table: Option<String>,
    /// Mô tả WSDL 1.1 của dịch vụ SOAP có sẵn, thay cho CSDL / WSDL 1.1 of an existing SOAP service, instead of a database.
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["url", "table", "key"], requires = "operation")]
    wsdl: Option<String>,
    /// Thao tác của WSDL / operation of the WSDL.
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
        Command::Check(args) => check_file(&args.file).await,
        Command::Publish(args) => publish(&args).await,
    }
}

impl Place {
    async fn open(&self) -> anyhow::Result<Source> {
        let mut address: Address = self.url.parse()?;
        if let Some(path) = &self.password_file {
            address = address.with_password(serve::password(path)?.trim_end())?;
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
    let key = if seen.key.is_empty() { "—".to_owned() } else { seen.key.join(", ") };
    println!(
        "{}   ~{rows} dòng / rows   khóa / key: {key}   phù hợp / worth: {}/100",
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
    if let (Some(wsdl), Some(operation)) = (&args.wsdl, &args.operation) {
        return write_wsdl_draft(args, (wsdl, operation), service).await;
    }
    let place =
        Place { url: args.url.clone().unwrap_or_default(), password_file: args.password_file.clone() };
    let wanted = args.table.as_deref().unwrap_or_default();
    let source = place.open().await?;
    let tables = source.tables().await?;
    let meant: Vec<&Table> = tables.iter().filter(|table| named(&table.full_name(), wanted)).collect();
    let table = match meant.as_slice() {
        [table] => (*table).clone(),
        [] => bail!("--table {wanted}: không có, xem `source inspect` / there is none, see `source inspect`"),
        more => {
            let names: Vec<_> = more.iter().map(|table| table.full_name()).collect();
            bail!("--table {wanted}: ghi rõ một bảng / name one of: {}", names.join(", "));
        }
    };
    let key = if args.key.is_empty() { table.key.clone() } else { args.key.clone() };
    let table = Table { key, ..table };
    let seen = look(&source, &table).await?;
    let mut definition = draft::draft(source.address(), &table, &seen, service).map_err(all_mistakes)?;
    if let Some(path) = definition.url.strip_prefix("sqlite:") {
        definition.url = format!("sqlite:{}", std::path::absolute(path)?.display());
    }
    definition.password_file = place.password_file.as_ref().map(std::path::absolute).transpose()?;
    if definition.password_file.is_none() && source.address().password().is_some() {
        println!(
            "Mật khẩu không ghi vào định nghĩa; thêm password_file / the password is not written: add password_file"
        );
    }
    written(args, &definition.text()?)
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
    let definition = Offer::parse(&file::read(path)?).map_err(all_mistakes)?;
    // Absolute, so that it means the same wherever it is published.
    let path = std::path::absolute(path)?;
    Ok(definition.placed(path.parent().unwrap_or(Path::new("/"))))
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

async fn check_file(path: &Path) -> anyhow::Result<ExitCode> {
    let definition = read(path)?;
    let checked = examine(&definition).await?;
    if checked.mistakes.is_empty() && matches!(definition, Offer::Existing(_)) {
        println!("Dùng được, dịch vụ gốc có trả lời / it can be used, the service behind answers");
        return Ok(ExitCode::SUCCESS);
    }
    if checked.mistakes.is_empty() {
        println!("Dùng được, đã đọc thử {0} dòng / it can be used; {0} rows were read", checked.rows);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{0} lỗi, chưa đưa ra dùng được / {0} mistakes: it cannot be published", checked.mistakes.len());
    Ok(ExitCode::from(EXIT_CHECK_FAILED))
}

async fn publish(args: &Publish) -> anyhow::Result<ExitCode> {
    let config = Config::read(&args.config)?;
    let section = config.sources.as_ref().with_context(|| {
        format!(
            "{}: thêm mục / add the section\n\n[sources]\nlisten = \"127.0.0.1:7491\"\n\nrồi chạy lại nút, một lần / and start the node again, once",
            args.config.display()
        )
    })?;
    let definition = read(&args.file)?;
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
