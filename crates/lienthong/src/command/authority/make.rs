//! Making an authority, and looking at it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use base::{Clock as _, Part, SystemClock, Ts};
use directory::Authority;
use directory::authority::{Options, RoleStatus, ValidityDays};
use serde_json::{Value, json};

use super::Place;
use crate::command::directory::view;
use crate::command::file;
use crate::command::passphrase::{self, Origin};
use crate::command::terminal::{Nearness, Table, until};

/// Arguments of `authority init`.
#[derive(clap::Args)]
pub struct Init {
    /// Thư mục, được tạo nếu chưa có / the folder, made when missing.
    #[arg(long)]
    dir: PathBuf,
    /// Môi trường mà danh bạ quản lý / the instance that the directory governs, for example `VN-DEMO`.
    #[arg(long)]
    instance: Part,
    /// Số khóa gốc / how many root keys there are, 1 to 16.
    #[arg(long, default_value_t = 3)]
    root_keys: u8,
    /// Số khóa gốc phải cùng ký / how many root keys must sign.
    #[arg(long, default_value_t = 2)]
    threshold: u8,
    /// Số ngày một bản công bố còn hiệu lực khi trung tâm ngừng hoạt động / days that a publication stays valid while
    /// the centre is down.
    #[arg(long, value_name = "DAYS", default_value_t = ValidityDays::default().timestamp)]
    valid_days: u16,
    #[command(flatten)]
    passphrase: passphrase::Source,
}

/// Arguments of `authority show`.
#[derive(clap::Args)]
pub struct Show {
    #[command(flatten)]
    place: Place,
    /// Kết quả dạng JSON / output as JSON.
    #[arg(long)]
    json: bool,
}

/// Makes an authority.
pub async fn init(args: Init) -> anyhow::Result<ExitCode> {
    let dir = &args.dir;
    if dir.join("authority.json").exists() {
        let dir = dir.display();
        anyhow::bail!(
            "đã có cơ quan quản lý danh bạ ở {dir}, không thay đổi gì / there is one already, nothing was changed"
        );
    }
    file::make_dir(dir)?;
    let (passphrase, origin) = args.passphrase.open_or_make(dir)?;
    let days =
        ValidityDays { snapshot: args.valid_days, timestamp: args.valid_days, ..ValidityDays::default() };
    let options = Options {
        instance: args.instance.clone(),
        root_keys: args.root_keys,
        threshold: args.threshold,
        days,
    };
    let made = Authority::create(dir, options, &passphrase, SystemClock.now()).await;
    let authority =
        made.with_context(|| format!("không lập được ở / cannot make it in {}", dir.display()))?;
    let (instance, shown) = (&args.instance, dir.display());
    println!("Đã lập cơ quan quản lý danh bạ / made the holder of the directory of {instance}: {shown}");
    if let Origin::Made(path) = &origin {
        let path = path.display();
        println!(
            "  Mật khẩu ngẫu nhiên ở / a random passphrase is in {path} (0600): cất riêng với khóa / keep it apart from the keys"
        );
    }
    println!(
        "  Khóa gốc / root keys: {} (ít nhất {} khóa phải ký / {} must sign) ở / in {shown}/keys/root-*.key: cất ở nơi \
         khác nhau, chỉ mang về khi đổi khóa / keep them in different places, they are needed to change keys only",
        args.root_keys, args.threshold, args.threshold
    );
    println!("  Tệp gốc tin cậy, trao trực tiếp cho mỗi nút / the trusted root file, handed to each node:");
    println!("    {}", authority.root_path().display());
    println!(
        "\nTiếp theo / next: authority add-authority, add-member, add-subsystem, add-certificate, add-node, publish, serve"
    );
    Ok(ExitCode::SUCCESS)
}

/// Shows what the authority holds.
pub fn show(args: &Show) -> anyhow::Result<ExitCode> {
    let authority = args.place.open()?;
    let (content, roles, now) = (authority.content(), authority.status()?, SystemClock.now());
    if args.json {
        let roles: Vec<Value> = roles.iter().map(role_facts).collect();
        println!("{:#}", json!({ "content": content, "roles": roles, "root": authority.root_path() }));
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "Danh bạ / directory {} — số / number {} ({})\n",
        content.instance, content.number, content.created
    );
    view::print(content, now);
    print_roles(&roles, now);
    println!("Tệp gốc tin cậy / trusted root: {}", authority.root_path().display());
    println!("Chưa công bố gì? / anything not published? lienthong authority publish --dry-run");
    Ok(ExitCode::SUCCESS)
}

fn print_roles(roles: &[RoleStatus], now: Ts) {
    let columns =
        ["", "Vai trò / role", "Phiên bản / version", "Hết hạn / expires", "Ký / sign", "Khóa / keys"];
    let mut table = Table::new("Vai trò / roles", columns);
    for role in roles {
        let (version, expires) = match role.published {
            Some((version, expires)) => (version.to_string(), until(expires, now)),
            None => ("-".into(), "chưa công bố / not published".into()),
        };
        // Snapshot and timestamp live for a week by design: they are near their end only when a day is left.
        let mark = match role.published {
            Some((_, expires)) if Nearness::of(expires, now) <= Nearness::Day => "✗",
            Some(_) => "✓",
            None => "!",
        };
        let key = |(id, label): &(String, Option<String>)| {
            label.clone().unwrap_or_else(|| format!("{}…(away)", &id[..8]))
        };
        let keys = role.keys.iter().map(key).collect::<Vec<_>>().join(" ");
        let needed = format!("{}/{}", role.threshold, role.keys.len());
        table.row([mark.into(), role.role.into(), version, expires, needed, keys]);
    }
    table.print();
}

fn role_facts(role: &RoleStatus) -> Value {
    let keys: Vec<Value> = role.keys.iter().map(|(id, label)| json!({ "id": id, "label": label })).collect();
    json!({
        "role": role.role,
        "version": role.published.map(|(version, _)| version),
        "expires": role.published.map(|(_, expires)| expires.to_string()),
        "threshold": role.threshold,
        "keys": keys,
    })
}
