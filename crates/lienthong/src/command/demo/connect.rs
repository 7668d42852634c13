//! `demo --connect`: the demo's people take the whole road for a service that somebody published on the demo's node.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use hyper::Method;
use serde_json::{Value, json};

use super::office::Office;
use super::people::{self, MINISTRY, PROVINCE};
use super::{Args, READY_FILE, seed, story};
use crate::command::file;
use crate::command::source::entry;
use crate::config::Config;
use crate::sources_role;

/// Enters the service into the registry, asks for all its fields for the one-stop shop, and goes all steps until it is live.
pub async fn run(args: &Args, service: &str) -> anyhow::Result<ExitCode> {
    let ready = file::read(&args.data.join(READY_FILE))
        .context("bản demo phải đang chạy, cùng --data / the demo must be running, with the same --data")?;
    let facts: Value = serde_json::from_str(&ready)?;
    let fact = |pointer: &str| facts.pointer(pointer).and_then(Value::as_str).context("demo.json");
    let config = Config::read(Path::new(fact("/provider/config")?))?;
    let section = config.sources.as_ref().context("the demo's provider has a section [sources]")?;
    let found = sources_role::definitions(&section.dir)?.into_iter().find_map(|found| {
        let definition = found.definition.ok()?;
        let about = definition.about();
        (format!("{}/{}", about.subsystem, about.code) == service).then_some(definition)
    });
    let definition = found.with_context(|| {
        format!(
            "{service}: chưa có trong {0}; chạy `lienthong source publish` trước / is not in {0}: run `lienthong source publish` first",
            section.dir.display()
        )
    })?;
    let members: Vec<_> = people::read(&args.data)?.into_iter().filter(|m| m.id != people::GUEST).collect();
    println!("Mọi người đăng nhập… / everybody signs in…");
    let office = Office::open(fact("/registry/api")?.to_owned(), &members).await?;
    let id = format!("{}/{service}", config.node.owner);
    let document = entry::document(&definition, &id, seed::MINISTRY_CODE, (seed::BASIS, "mandatory"));
    let thing = format!("/services/{id}");
    office.makes(MINISTRY, Method::PUT, &thing, &document).await?;
    office
        .does(MINISTRY, (&thing, "/publish"), &json!({ "version": document["openapi"]["info"]["version"] }))
        .await?;
    let fields = seed::fields(&definition)?;
    let ask = seed::wish_of_the_one_stop(&id, &fields, story::a_year_from_now());
    let request = seed::asks(&office, PROVINCE, &ask).await?;
    let grant = seed::goes_live(&office, PROVINCE, &request).await?;
    println!("Đã kết nối: đăng ký {request}, quyền {grant} / connected: request {request}, grant {grant}");
    let look_up = definition.first_path();
    println!(
        "Gọi thử / try:\n  curl -s '{}/r1/{id}{look_up}' -H 'X-Road-Client: {}'",
        fact("/consumer/ask_base")?,
        seed::one_stop()
    );
    Ok(ExitCode::SUCCESS)
}
