//! `demo --connect`: the demo's people take the whole road for a service that somebody published on the demo's node.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use base::{Clock as _, SystemClock};
use registry::state::vietnam_day;
use serde_json::Value;
use sources::offer::{FirstCall, VALUE};

use super::office::Office;
use super::people::{self, MINISTRY, PROVINCE};
use super::{Args, seed, story};
use crate::command::source::{entry, tell_of_exports};
use crate::config::Config;
use crate::sources_role;

/// What the one-stop shop asks for, where its request must say it.
const PURPOSE: &str = "giai-quyet-tthc";

/// Enters the service into the registry, asks for all its fields for the one-stop shop, and goes all steps until it is live.
pub async fn run(args: &Args, service: &str) -> anyhow::Result<ExitCode> {
    let facts = super::running(&args.data)?
        .context("bản demo phải đang chạy, cùng --data / the demo must be running, with the same --data")?;
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
    let known = office.seen(&format!("/services/{id}")).await?;
    // Who entered it chose its terms.
    let term = |pointer: &str| known.as_ref().and_then(|known| known.pointer(pointer)?.as_str());
    let terms = (term("/legal_basis").unwrap_or(seed::BASIS), term("/shown/sharing").unwrap_or("mandatory"));
    let document = entry::document(&definition, &id, seed::MINISTRY_CODE, terms);
    let today = vietnam_day(SystemClock.now());
    let entered = entry::enter(&office, office.token(MINISTRY)?, &document, Some(today)).await?;
    println!("{}", entered.told());
    let fields = seed::fields(&definition)?;
    tell_of_exports(&definition);
    let purpose = (terms.1 != "mandatory").then_some(PURPOSE);
    let purpose = connect(&office, (&id, purpose), &fields).await?;
    print_call(
        &format!("{}/r1/{id}", fact("/consumer/ask_base")?),
        &definition.first_call(),
        purpose.as_deref(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Goes the road from where it stands: a grant that is in force is left as it is, a request that is open goes on. Gives the
/// purpose that calls have to name, where the grant is for one.
async fn connect(
    office: &Office,
    (id, purpose): (&str, Option<&str>),
    fields: &[String],
) -> anyhow::Result<Option<String>> {
    let consumer = seed::one_stop();
    let grants = office.get(&format!("/grants?consumer={consumer}&service={id}&state=in_force")).await?.body;
    if let Some(grant) = grants["items"].as_array().and_then(|all| all.first()).map(|row| &row["grant"]) {
        let number = grant["id"].as_str().unwrap_or_default();
        println!("Đã có quyền / the grant is in force: {number}");
        // Without fields it is for everything.
        let granted = grant["terms"]["fields"].as_array().filter(|granted| !granted.is_empty());
        let is_granted = |field: &&String| granted.is_none_or(|all| all.iter().any(|one| one == *field));
        let missing: Vec<&str> =
            fields.iter().filter(|field| !is_granted(field)).map(|field| &**field).collect();
        if !missing.is_empty() {
            println!(
                "  ? chưa cấp, sẽ bị cắt khỏi trả lời / not granted, and cut out of answers: {}",
                missing.join(", ")
            );
        }
        return Ok(grant.pointer("/terms/purposes/0").and_then(Value::as_str).map(str::to_owned));
    }
    let requests = office.get("/requests?state=open&limit=500").await?.body;
    let is_ours = |request: &&Value| request["service"] == id && request["consumer"] == *consumer;
    let open = requests["items"].as_array().and_then(|all| all.iter().find(is_ours)).map(|row| &row["id"]);
    let request = if let Some(open) = open {
        open.as_str().context("a request has a number")?.to_owned()
    } else {
        let mut ask = seed::wish_of_the_one_stop(id, fields, story::a_year_from_now());
        ask["terms"]["purposes"] = purpose.into_iter().collect();
        seed::asks(office, PROVINCE, &ask).await?
    };
    let grant = seed::goes_live(office, PROVINCE, &request).await?;
    println!("Đã kết nối: đăng ký {request}, quyền {grant} / connected: request {request}, grant {grant}");
    Ok(purpose.map(str::to_owned))
}

fn print_call(service: &str, call: &FirstCall, purpose: Option<&str>) {
    let consumer = seed::one_stop();
    let purpose = purpose.map_or_else(String::new, |purpose| format!(" -H 'Lienthong-Purpose: {purpose}'"));
    println!(
        "Gọi thử / try:\n  curl -s '{service}{}' -H 'X-Road-Client: {consumer}'{purpose}{}",
        call.path,
        sent(call)
    );
    let is_open =
        call.path.contains(VALUE) || call.body.as_ref().is_some_and(|body| body.to_string().contains(VALUE));
    if is_open {
        println!("  thay {VALUE} bằng giá trị có trong nguồn / put a value that the source has for {VALUE}");
    }
}

/// What a call sends, as curl takes it.
fn sent(call: &FirstCall) -> String {
    let Some(body) = &call.body else { return String::new() };
    // Names are letters, digits and dots: nothing in it ends the quotes.
    format!(" -H 'Content-Type: application/json' -d '{body}'")
}
