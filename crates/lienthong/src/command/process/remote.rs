//! `lienthong process deploy | start | tasks | show | incidents …`: procedures of a running node, through its API and in the
//! name of a person who signed in.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use hyper::Method;
use serde_json::{Map, Value, json};

use super::args::{
    Because, Calendars, Command, Complete, Deploy, Hand, IncidentCommand, Instances, List, Message, Migrate,
    One, Set, Show, Signal, Start, TaskCommand, TaskError, Tasks, Variables, Worker,
};
use super::print;
use crate::command::api::{Answer, Content, Refused, SessionFile};
use crate::command::file;
use crate::process_role::workers::Workers;

impl Variables {
    fn map(&self) -> anyhow::Result<Map<String, Value>> {
        let text = match self.text.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("không đọc được / cannot read {path}"))?,
            None => self.text.clone(),
        };
        serde_json::from_str(&text).with_context(|| {
            format!("--vars {}: không phải một đối tượng JSON / not a JSON object", self.text)
        })
    }
}

/// What one command asks for.
struct Asked<'a> {
    kept: &'a SessionFile,
    method: Method,
    path: String,
    body: Option<Value>,
    key: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn get(kept: &'a SessionFile, path: String) -> Self {
        Self { kept, method: Method::GET, path, body: None, key: None }
    }

    fn post(kept: &'a SessionFile, path: String, body: Value) -> Self {
        Self { kept, method: Method::POST, path, body: Some(body), key: None }
    }

    async fn answer(self) -> anyhow::Result<Result<Answer, Refused>> {
        let content = self.body.as_ref().map_or(Content::Nothing, Content::Json);
        self.kept.open()?.send(self.method, &format!("/process{}", self.path), content, self.key).await
    }

    /// Asks, and shows the answer, or what was refused.
    async fn show(self, print: impl FnOnce(&Value)) -> anyhow::Result<ExitCode> {
        match self.answer().await? {
            Ok(answer) => {
                print(&if answer.body.is_empty() { Value::Null } else { answer.json()? });
                Ok(ExitCode::SUCCESS)
            }
            Err(refused) => Ok(refused.print()),
        }
    }
}

/// A query of what was given.
fn query<const N: usize>(given: [(&str, Option<String>); N]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in given {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    format!("?{}", query.finish())
}

/// One piece of a path.
fn piece(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// `INSTANCE/STEP` as a path.
fn step(task: &str) -> String {
    task.split('/').map(piece).collect::<Vec<_>>().join("/")
}

/// Carries a command out.
///
/// # Errors
/// Nobody is signed in, the node does not answer, or a file cannot be read.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Deploy(args) => deploy(args).await,
        Command::Models(list) => models(&list).await,
        Command::Start(args) => start(args).await,
        Command::Instances(args) => instances(args).await,
        Command::Show(args) => show(args).await,
        Command::Tasks(args) => tasks(args).await,
        Command::Task(command) => task(command).await,
        Command::Incidents(list) => incidents(&list).await,
        Command::Incident(command) => incident(command).await,
        Command::Message(args) => message(args).await,
        Command::Signal(Signal { name, variables, kept }) => {
            let body = json!({"name": name, "variables": variables.map()?});
            Asked::post(&kept, "/signals".to_owned(), body).show(print::done).await
        }
        Command::Set(Set { instance, variables, kept }) => {
            let path = format!("/instances/{}/variables", piece(&instance));
            Asked::post(&kept, path, json!({"variables": variables.map()?})).show(print::done).await
        }
        Command::Cancel(why) => because(why, "cancel").await,
        Command::Pause(why) => because(why, "pause").await,
        Command::Resume(why) => because(why, "resume").await,
        Command::Clocks(One { instance, kept }) => {
            let path = format!("/instances/{}/clocks", piece(&instance));
            Asked::get(&kept, path).show(print::clocks).await
        }
        Command::Calendars(args) => calendars(&args).await,
        Command::Worker(args) => worker(&args),
        Command::Migrate(args) => migrate(args).await,
    }
}

async fn deploy(args: Deploy) -> anyhow::Result<ExitCode> {
    let bytes = std::fs::read(&args.file)
        .with_context(|| format!("không đọc được / cannot read {}", args.file.display()))?;
    let path = format!("/process/models?dry={}", args.dry_run);
    let content = Content::Bytes("application/xml", bytes);
    match args.kept.open()?.send(Method::POST, &path, content, None).await? {
        Ok(answer) => print::deployed(&answer.json()?, args.dry_run),
        Err(refused) => return Ok(refused.print()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Query of a page, and how it is printed.
fn paged<const N: usize>(list: &List, given: [(&str, Option<String>); N]) -> String {
    let more = query([("limit", Some(list.limit.to_string())), ("after", list.after.clone())]);
    format!("{}&{}", query(given), &more[1..])
}

fn listed(list: &List, table: fn(&Value)) -> impl FnOnce(&Value) {
    let json = list.json;
    move |page: &Value| if json { println!("{page:#}") } else { table(page) }
}

async fn models(list: &List) -> anyhow::Result<ExitCode> {
    let path = format!("/models{}", paged(list, []));
    Asked::get(&list.kept, path).show(listed(list, print::models)).await
}

async fn start(args: Start) -> anyhow::Result<ExitCode> {
    let Start { model, agency, version, process, business_key, variables, key, kept } = args;
    let mut body = json!({"model": model, "agency": agency, "variables": variables.map()?});
    let given = [
        ("version", version.map(Value::from)),
        ("process", process.map(Value::from)),
        ("business_key", business_key.map(Value::from)),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            body[name] = value;
        }
    }
    let asked = Asked { key: key.as_deref(), ..Asked::post(&kept, "/instances".to_owned(), body) };
    asked.show(print::done).await
}

async fn instances(args: Instances) -> anyhow::Result<ExitCode> {
    let Instances { model, business_key, agency, open, list } = args;
    let open = open.then(|| "true".to_owned());
    let given = [("model", model), ("business_key", business_key), ("agency", agency), ("open", open)];
    let path = format!("/instances{}", paged(&list, given));
    Asked::get(&list.kept, path).show(listed(&list, print::instances)).await
}

async fn show(args: Show) -> anyhow::Result<ExitCode> {
    let whole = format!("/instances/{}", piece(&args.instance));
    if let Some(path) = &args.picture {
        match Asked::get(&args.kept, format!("{whole}/picture")).answer().await? {
            Ok(answer) => file::replace(path, &answer.body, file::PUBLIC)?,
            Err(refused) => return Ok(refused.print()),
        }
    }
    let mut shown = match Asked::get(&args.kept, whole.clone()).answer().await? {
        Ok(answer) => answer.json()?,
        Err(refused) => return Ok(refused.print()),
    };
    if !args.json {
        print::instance(&shown);
    }
    let mut changes = Vec::new();
    let mut code = ExitCode::SUCCESS;
    if args.history {
        code = history(&args.kept, &whole, args.json.then_some(&mut changes)).await?;
    }
    if args.json {
        if args.history {
            shown["history"] = changes.into();
        }
        println!("{shown:#}");
    }
    Ok(code)
}

/// All changes, page by page: printed, or kept.
async fn history(
    kept: &SessionFile,
    whole: &str,
    mut changes: Option<&mut Vec<Value>>,
) -> anyhow::Result<ExitCode> {
    let mut after = Some(String::from("0"));
    while let Some(number) = after {
        let path =
            format!("{whole}/history{}", query([("after", Some(number)), ("limit", Some("500".into()))]));
        let page = match Asked::get(kept, path).answer().await? {
            Ok(answer) => answer.json()?,
            Err(refused) => return Ok(refused.print()),
        };
        match &mut changes {
            Some(changes) => changes.extend(page["items"].as_array().into_iter().flatten().cloned()),
            None => print::history(&page),
        }
        after = page["next"].as_str().map(str::to_owned);
    }
    Ok(ExitCode::SUCCESS)
}

async fn tasks(args: Tasks) -> anyhow::Result<ExitCode> {
    let Tasks { role, agency, mine, instance, list } = args;
    let mine = mine.then(|| "true".to_owned());
    let given = [("role", role), ("agency", agency), ("mine", mine), ("instance", instance)];
    let path = format!("/tasks{}", paged(&list, given));
    Asked::get(&list.kept, path).show(listed(&list, print::tasks)).await
}

async fn task(command: TaskCommand) -> anyhow::Result<ExitCode> {
    let (task, verb, body) = match command {
        TaskCommand::Show(task) => {
            let path = format!("/tasks/{}", step(&task.task));
            return Asked::get(&task.kept, path).show(|whole| println!("{whole:#}")).await;
        }
        TaskCommand::Claim(task) => (task, "claim", json!({})),
        TaskCommand::Unclaim(task) => (task, "unclaim", json!({})),
        TaskCommand::Assign(Hand { task, to }) => (task, "assign", json!({"to": to})),
        TaskCommand::Delegate(Hand { task, to }) => (task, "delegate", json!({"to": to})),
        TaskCommand::Complete(Complete { task, variables }) => {
            (task, "complete", json!({"variables": variables.map()?}))
        }
        TaskCommand::Error(TaskError { task, code, variables }) => {
            (task, "error", json!({"code": code, "variables": variables.map()?}))
        }
    };
    let path = format!("/tasks/{}/{verb}", step(&task.task));
    Asked::post(&task.kept, path, body).show(print::done).await
}

async fn incidents(list: &List) -> anyhow::Result<ExitCode> {
    let path = format!("/incidents{}", paged(list, []));
    Asked::get(&list.kept, path).show(listed(list, print::incidents)).await
}

async fn incident(command: IncidentCommand) -> anyhow::Result<ExitCode> {
    let (task, verb, body) = match command {
        IncidentCommand::Retry(task) => (task, "retry", json!({})),
        IncidentCommand::Resolve(Complete { task, variables }) => {
            (task, "resolve", json!({"variables": variables.map()?}))
        }
        IncidentCommand::Own(Hand { task, to }) => (task, "own", json!({"owner": to})),
    };
    let path = format!("/incidents/{}/{verb}", step(&task.task));
    let mut goes_on = true;
    let done = |answer: &Value| {
        goes_on = answer["stopped"].as_u64().is_none_or(|count| count == 0);
        print::done(answer);
    };
    let code = Asked::post(&task.kept, path, body).show(done).await?;
    Ok(if goes_on { code } else { ExitCode::FAILURE })
}

async fn message(args: Message) -> anyhow::Result<ExitCode> {
    let Message { name, correlation, variables, keep_s, agency, key, kept } = args;
    let mut body = json!({"name": name, "variables": variables.map()?});
    if let Some(text) = correlation {
        body["correlation"] = serde_json::from_str(&text)
            .with_context(|| format!("--correlation {text}: không phải JSON / not JSON"))?;
    }
    if let Some(seconds) = keep_s {
        body["keep_s"] = seconds.into();
    }
    if let Some(code) = agency {
        body["agency"] = code.into();
    }
    let asked = Asked { key: key.as_deref(), ..Asked::post(&kept, "/messages".to_owned(), body) };
    asked.show(print::done).await
}

async fn migrate(args: Migrate) -> anyhow::Result<ExitCode> {
    let Migrate { instance, to, renamed, dry_run, kept } = args;
    let mut elements = Map::new();
    for pair in &renamed {
        let (old, new) = pair
            .split_once('=')
            .with_context(|| format!("--map {pair}: cần dạng CŨ=MỚI / an entry is OLD=NEW"))?;
        elements.insert(old.to_owned(), new.into());
    }
    let path = format!("/instances/{}/migrate", piece(&instance));
    let body = json!({"plan": {"to": to, "elements": elements}, "dry": dry_run});
    Asked::post(&kept, path, body).show(print::moves).await
}

async fn because(Because { instance, reason, kept }: Because, verb: &str) -> anyhow::Result<ExitCode> {
    let path = format!("/instances/{}/{verb}", piece(&instance));
    Asked::post(&kept, path, json!({"reason": reason})).show(print::done).await
}

async fn calendars(args: &Calendars) -> anyhow::Result<ExitCode> {
    let text = |path: &Path| {
        std::fs::read_to_string(path)
            .with_context(|| format!("không đọc được / cannot read {}", path.display()))
    };
    let country = args.country.as_deref().map(text).transpose()?;
    let agencies = args.agencies.as_deref().map(text).transpose()?;
    let body = json!({"calendar": country, "calendars": agencies});
    Asked::post(&args.kept, "/calendars/try".to_owned(), body).show(print::recalculated).await
}

/// Makes a token here; the node gets to know its hash only.
fn worker(args: &Worker) -> anyhow::Result<ExitCode> {
    let Worker { name, agency, topics, messages, file: to, renew } = args;
    ensure!(
        *renew || !(topics.is_empty() && messages.is_empty()),
        "cần ít nhất một --topic hoặc --message / give at least one --topic or --message"
    );
    let token = crypto::b64::encode(&crypto::hash::random::<32>());
    let sha256 = hex::encode(crypto::hash::sha256(&[token.as_bytes()]));
    let list = |names: &[String]| Value::from(names.to_vec()).to_string();
    let entry = format!(
        "[[worker]]\nname = {}\nagency = {}\ntopics = {}\nmessages = {}\ntoken_sha256 = \"{sha256}\"\n",
        json!(name),
        json!(agency),
        list(topics),
        list(messages)
    );
    let checked = |text: String| match Workers::parse(&text) {
        Ok(_) => Ok(text),
        Err(mistakes) => bail!("{}", mistakes.join("; ")),
    };
    if let Some(path) = to {
        file::edit(path, |old| {
            checked(if *renew { renewed(old, name, &sha256)? } else { [old, &*entry].join("\n") })
        })?;
    } else {
        let entry = checked(entry)?;
        eprintln!("Thêm vào tệp [process] workers / add to the file of [process] workers:\n\n{entry}");
    }
    eprintln!("Mã bí mật, chỉ hiện một lần / the token, shown once:");
    println!("{token}");
    Ok(ExitCode::SUCCESS)
}

/// The file with another hash for the worker of this name; everything else, comments too, stays as it is.
fn renewed(old: &str, name: &str, sha256: &str) -> anyhow::Result<String> {
    let workers = Workers::parse(old).map_err(|mistakes| anyhow::anyhow!("{}", mistakes.join("; ")))?;
    let before = workers.hash_of(name).with_context(|| {
        format!(
            "{name}: không có trong tệp, bỏ --renew để thêm / is not in the file; without --renew it is added"
        )
    })?;
    let at = old.to_ascii_lowercase().find(&before).context("token_sha256")?;
    Ok([&old[..at], sha256, &old[at + before.len()..]].concat())
}
