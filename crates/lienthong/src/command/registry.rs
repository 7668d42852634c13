//! `lienthong registry`: what an operator does on the machine of the registry.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use base::{Clock as _, SystemClock};
use registry::agency::AgencyCode;
use registry::inventory::Format;
use registry::people::{Act, People, Person, Post, Role};
use registry::publish::{self, Origin};
use registry::security_report::security_report;
use registry::state::vietnam_day;
use registry::{Event, Moment, Registry, RegistryError, State, agency, incident, inventory};

use super::file;
use crate::bridges::directory::{SUBJECT, open as open_authority};
use crate::config::{Config, RegistrySection};
use crate::registry_role;

/// Commands of the registry.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Thêm một người được đăng nhập vào people.toml / add somebody who may sign in to people.toml.
    Person(NewPerson),
    /// Nạp cơ quan: tệp CSV, hoặc mã cấp 1 có sẵn / load agencies: a CSV file, or the built-in codes of level 1.
    Agencies(Agencies),
    /// Nạp kiểm kê CSDL, hệ thống từ CSV, Excel, JSON / load the inventory from CSV, Excel or JSON.
    Inventory(Inventory),
    /// Lập báo cáo an ninh mạng hằng năm / make the yearly report on cybersecurity.
    SecurityReport(SecurityReportArgs),
    /// Nhận vào sổ những sửa đổi danh bạ đã công bố ngoài sổ / take in what was changed in the directory, and published,
    /// past the registry.
    TakeDirectory(Load),
    /// Số liệu tóm tắt / a summary in figures.
    Show(Where),
    /// Đọc lại toàn bộ nhật ký và chứng minh không ai sửa / read the journal again and prove that nobody rewrote it.
    Audit(Where),
}

/// Which registry.
#[derive(clap::Args)]
pub struct Where {
    /// Tệp cấu hình của nút có mục [registry] / configuration of the node with the section [registry].
    #[arg(long, default_value = "lienthong.toml")]
    config: PathBuf,
}

/// Arguments of `registry person`.
#[derive(clap::Args)]
pub struct NewPerson {
    #[command(flatten)]
    place: Where,
    /// Tên đăng nhập / sign-in name: a-z 0-9 . - _ @.
    id: String,
    /// Họ tên / the name to show.
    #[arg(long)]
    name: String,
    /// Vai trò, có thể kèm cơ quan: VAI-TRÒ@MÃ-CƠ-QUAN (nhiều lần được) / role, with the agency where it holds; may be
    /// repeated: `platform_operator`, `agency_administrator`, `data_owner`, `security_officer`, `auditor`, `leader`, `officer`. Cán
    /// bộ chỉ làm một số nhóm việc / an officer for some groups of work only: `officer@H17.11:mot-cua-xa,tu-phap-ho-tich`.
    #[arg(long = "role", value_name = "ROLE[@AGENCY[:GROUP,…]]", required = true)]
    roles: Vec<String>,
    /// Tệp chứa mật khẩu, từ 12 ký tự / file with the password, 12 characters or more.
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
}

/// Arguments of `registry agencies`.
#[derive(clap::Args)]
pub struct Agencies {
    #[command(flatten)]
    load: Load,
    /// Tệp CSV; không có thì nạp mã cấp 1 có sẵn / CSV file; without it the built-in codes of level 1.
    file: Option<PathBuf>,
}

/// Arguments of `registry inventory`.
#[derive(clap::Args)]
pub struct Inventory {
    #[command(flatten)]
    load: Load,
    /// Tệp .csv, .xlsx hoặc .json / file that ends in .csv, .xlsx or .json.
    file: PathBuf,
}

/// Arguments of `registry security-report`.
#[derive(clap::Args)]
pub struct SecurityReportArgs {
    #[command(flatten)]
    place: Where,
    /// Mã cơ quan; gồm cả đơn vị cấp dưới / code of the agency; those below it are included.
    #[arg(long)]
    agency: AgencyCode,
    /// Năm báo cáo: số liệu từ 15/12 năm trước đến 14/12 / year of the report: 15 December before to 14 December.
    #[arg(long)]
    year: i16,
    /// Tệp kết quả .pdf, .html, .json hoặc .csv (danh sách hệ thống) / file to write: .pdf, .html, .json or .csv (systems).
    #[arg(short, long)]
    output: PathBuf,
}

/// In whose name something is loaded.
#[derive(clap::Args)]
pub struct Load {
    #[command(flatten)]
    place: Where,
    /// Người chịu trách nhiệm, có trong people.toml / in whose name; somebody of people.toml.
    #[arg(long = "as", value_name = "PERSON")]
    by: String,
    /// Chỉ kiểm tra, không ghi / only check, write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// Carries a command out.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Person(args) => new_person(&args),
        Command::Agencies(args) => agencies(&args).await,
        Command::Inventory(args) => load_inventory(&args).await,
        Command::SecurityReport(args) => make_security_report(&args).await,
        Command::TakeDirectory(args) => take_directory(&args).await,
        Command::Show(place) => show(&place).await,
        Command::Audit(place) => audit(&place).await,
    }
}

impl Where {
    fn section(&self) -> anyhow::Result<RegistrySection> {
        Config::read(&self.config)?.registry.with_context(|| {
            format!("{}: không có mục [registry] / there is no section [registry]", self.config.display())
        })
    }

    /// Opens a registry that is there: an empty one in place of one that is gone would look whole.
    async fn open_existing(&self) -> anyhow::Result<(RegistrySection, Registry)> {
        let section = self.section()?;
        if let Some(path) = section.store.strip_prefix("sqlite:").filter(|path| !Path::new(path).exists()) {
            bail!(
                "[registry] store {path}: không có tệp; khôi phục từ bản sao lưu / there is no such file: restore it from a backup"
            );
        }
        self.open().await
    }

    async fn open(&self) -> anyhow::Result<(RegistrySection, Registry)> {
        let section = self.section()?;
        let registry = registry_role::open(&section, Arc::new(SystemClock)).await?;
        Ok((section, registry))
    }
}

fn new_person(args: &NewPerson) -> anyhow::Result<ExitCode> {
    let path = args.place.section()?.people;
    let posts = args.roles.iter().map(|text| post(text)).collect::<anyhow::Result<Vec<_>>>()?;
    let password = zeroize::Zeroizing::new(file::read(&args.password_file)?);
    let (entry, address) = People::new_entry(&args.id, &args.name, password.trim_end(), &posts)?;
    file::edit(&path, |old| {
        let text = if old.is_empty() { entry } else { format!("{}\n\n{entry}", old.trim_end()) };
        // What is written must be readable: a second person of the same name, for example, is found here.
        People::parse(&text)?;
        Ok(text)
    })?;
    println!("Đã thêm vào / added to {}", path.display());
    println!(
        "Quét vào ứng dụng xác thực, chỉ hiện lần này / for the authenticator, shown this once:\n  {address}"
    );
    println!("Có hiệu lực khi chạy lại nút / counts when the node starts again");
    Ok(ExitCode::SUCCESS)
}

fn post(text: &str) -> anyhow::Result<Post> {
    let (role, agency) = text.split_once('@').map_or((text, None), |(role, agency)| (role, Some(agency)));
    let role: Role = serde_json::from_value(role.into())
        .with_context(|| format!("--role {text}: không có vai trò này / there is no such role"))?;
    let (agency, groups) = match agency.map(|agency| agency.split_once(':').unwrap_or((agency, ""))) {
        Some((agency, groups)) => (Some(agency), groups),
        None => (None, ""),
    };
    let agency = agency.map(str::parse).transpose().with_context(|| format!("--role {text}"))?;
    let groups = groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect();
    Ok(Post { role, agency, groups })
}

async fn agencies(args: &Agencies) -> anyhow::Result<ExitCode> {
    let csv = args.file.as_deref().map(std::fs::read).transpose();
    let csv = csv.with_context(|| format!("{:?}", args.file))?;
    args.load
        .load(Act::AgencyPut, "agencies", |state, moment| match &csv {
            Some(csv) => agency::table::import_csv(state, moment, csv),
            None => agency::import(state, moment, agency::built_in()),
        })
        .await
}

async fn load_inventory(args: &Inventory) -> anyhow::Result<ExitCode> {
    let format = match args.file.extension().and_then(|end| end.to_str()) {
        Some("csv") => Format::Csv,
        Some("xlsx") => Format::Xlsx,
        Some("json") => Format::Json,
        _ => bail!("{}: cần .csv, .xlsx hoặc .json / .csv, .xlsx or .json is needed", args.file.display()),
    };
    let bytes = std::fs::read(&args.file).with_context(|| args.file.display().to_string())?;
    args.load
        .load(Act::InventoryPut, "inventory", |state, moment| {
            inventory::import(state, moment, format, &bytes)
        })
        .await
}

async fn make_security_report(args: &SecurityReportArgs) -> anyhow::Result<ExitCode> {
    let end = args.output.extension().and_then(|end| end.to_str()).unwrap_or_default();
    if !["pdf", "html", "json", "csv"].contains(&end) {
        let path = args.output.display();
        bail!("{path}: cần .pdf, .html, .json hoặc .csv / .pdf, .html, .json or .csv is needed");
    }
    let (_, registry) = args.place.open_existing().await?;
    let (now, rules) = (registry.now(), registry.rules());
    let made = registry.read(|state| security_report(state, rules, (&args.agency, args.year), now));
    let report = made.map_err(all_mistakes)?;
    let bytes = match end {
        "pdf" => report.pdf()?,
        "html" => report.html().into_bytes(),
        "csv" => report.csv(),
        _ => serde_json::to_vec_pretty(&report)?,
    };
    // It says where an agency is weak: for the eyes of who made it.
    file::replace(&args.output, &bytes, file::PRIVATE)?;
    let (systems, incidents) = (report.systems.len(), report.incidents.len());
    println!("Đã ghi / wrote {}", args.output.display());
    println!("  {systems} hệ thống / systems, {incidents} sự cố trong kỳ / incidents of the period");
    Ok(ExitCode::SUCCESS)
}

impl Load {
    /// Loads what `decide` makes of a file, all of it or nothing, and says how much it was.
    async fn load(
        &self,
        act: Act,
        subject: &str,
        decide: impl Fn(&State, &Moment) -> Result<Vec<Event>, RegistryError>,
    ) -> anyhow::Result<ExitCode> {
        let (section, registry) = self.place.open().await?;
        let person = self.person(&section)?;
        registry.may(&person, act, None)?;
        if self.dry_run {
            let moment = Moment::new(registry.now(), person.id.clone());
            let count = registry.read(|state| decide(state, &moment)).map_err(all_mistakes)?.len();
            println!(
                "Đọc được, {count} mục nhật ký sẽ được ghi / it can be loaded, {count} entries would be written"
            );
            return Ok(ExitCode::SUCCESS);
        }
        let receipt = registry.act(&person, act, None, subject, decide).await.map_err(all_mistakes)?;
        println!(
            "Đã ghi {} mục nhật ký / wrote {} entries",
            receipt.to - receipt.from,
            receipt.to - receipt.from
        );
        Ok(ExitCode::SUCCESS)
    }

    fn person(&self, section: &RegistrySection) -> anyhow::Result<Person> {
        let people = People::read(&section.people)?;
        let id = self.by.parse()?;
        let today = vietnam_day(SystemClock.now());
        people
            .person(&id, today)
            .with_context(|| format!("--as {id}: không có trong {} / is not there", section.people.display()))
    }
}

async fn take_directory(args: &Load) -> anyhow::Result<ExitCode> {
    let (section, registry) = args.place.open_existing().await?;
    let authority = section.authority.as_ref().context(
        "không có mục [registry.authority]: sổ này không công bố danh bạ / there is no section [registry.authority]: this registry does not publish the directory",
    )?;
    let person = args.person(&section)?;
    registry.may(&person, Act::DirectoryApprove, None)?;
    let content = open_authority(authority).await?.content().clone();
    match registry.read(|state| publish::origin(state, &content))? {
        Origin::Ours(_) => {
            println!("Không có gì bị sửa ngoài sổ / nothing was changed past the registry");
            return Ok(ExitCode::SUCCESS);
        }
        Origin::ByHand(changes) => changes.iter().for_each(|change| {
            let summary = change.summary();
            println!("  {} / {}", summary.vi, summary.en);
        }),
    }
    if args.dry_run {
        return Ok(ExitCode::SUCCESS);
    }
    let decide = |state: &State, _: &Moment| publish::take_in(state, &content);
    registry.act(&person, Act::DirectoryApprove, None, SUBJECT, decide).await.map_err(all_mistakes)?;
    println!("Đã nhận vào sổ danh bạ số / took in the directory number {}", content.number);
    Ok(ExitCode::SUCCESS)
}

/// The error with every mistake on a line of its own.
fn all_mistakes(error: RegistryError) -> anyhow::Error {
    let (RegistryError::Invalid(mistakes) | RegistryError::Import(mistakes)) = &error else {
        return error.into();
    };
    let lines = mistakes.iter().map(|m| format!("\n  {}: {} / {}", m.place, m.vi, m.en));
    let lines: String = lines.collect();
    anyhow::anyhow!("{error}{lines}")
}

async fn show(place: &Where) -> anyhow::Result<ExitCode> {
    let (_, registry) = place.open_existing().await?;
    let now = registry.now();
    let today = vietnam_day(now);
    registry.read(|state| {
        let offered = state.services.iter().filter(|service| service.is_on_offer(today)).count();
        let pending = state.requests.iter().filter(|request| request.status.is_pending()).count();
        let incidents = state.incidents.iter().filter(|incident| incident.is_open()).count();
        for (what, count) in [
            ("CSDL, hệ thống / databases and systems", state.inventory.iter().count()),
            ("dịch vụ đang cung cấp / services on offer", offered),
            ("đăng ký kết nối đang xử lý / requests pending", pending),
            ("quyền khai thác / grants", state.grants.iter().count()),
            ("sự cố đang xử lý / incidents open", incidents),
            (
                "nghĩa vụ báo cáo sự cố quá hạn / obligations past their end",
                incident::overdue(state, now).len(),
            ),
        ] {
            println!("{count:>8}  {what}");
        }
        println!("{:>8}  mục nhật ký / entries of the journal", state.seq);
    });
    Ok(ExitCode::SUCCESS)
}

async fn audit(place: &Where) -> anyhow::Result<ExitCode> {
    let (_, registry) = place.open_existing().await?;
    let tree = registry.journal().check(&[]).await?;
    println!("Nhật ký nguyên vẹn / the journal is whole: {} mục / entries", tree.size);
    println!("  gốc / root {}", hex::encode(tree.root));
    Ok(ExitCode::SUCCESS)
}
