//! What a node said of its procedures, as tables for a terminal.

use serde_json::Value;

use crate::command::terminal::Table;

/// Members that are moments; people read them by the clocks of Vietnam.
const MOMENTS: [&str; 9] = ["at", "begun", "created", "due", "ended", "new", "old", "since", "started"];

/// A member as a cell; nothing is a dash.
fn cell(row: &Value, name: &str) -> String {
    match &row[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) if MOMENTS.contains(&name) => local(text),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A moment as clocks in Vietnam show it.
fn local(text: &str) -> String {
    base::Ts::parse(text).map_or_else(|_| text.to_owned(), process::timer::shown)
}

fn rows<const N: usize>(page: &Value, title: &str, columns: [(&str, &str); N]) {
    let mut table = Table::new(title, columns.map(|(head, _)| head));
    for row in page["items"].as_array().into_iter().flatten() {
        table.row(columns.map(|(_, name)| cell(row, name)));
    }
    table.print();
    if let Some(next) = page["next"].as_str() {
        println!("còn nữa / more: --after {next}");
    }
}

/// What became of a model.
pub fn deployed(answer: &Value, dry: bool) {
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        eprintln!("{}", warning.as_str().unwrap_or_default());
    }
    if dry {
        println!("mô hình đúng, chưa ghi gì / the model is right; nothing was written");
        return;
    }
    let known =
        if answer["known"].as_bool() == Some(true) { ", đã có sẵn / was there already" } else { "" };
    println!("{} v{}{known}", cell(answer, "key"), cell(answer, "version"));
}

/// Models.
pub fn models(page: &Value) {
    let columns = [
        ("Số / number", "number"),
        ("Mô hình / model", "key"),
        ("Phiên bản / version", "version"),
        ("Lúc / at", "at"),
        ("Người / by", "who"),
    ];
    rows(page, "Mô hình / models", columns);
}

/// Instances.
pub fn instances(page: &Value) {
    let columns = [
        ("Hồ sơ / instance", "id"),
        ("Mã hồ sơ / business key", "business_key"),
        ("Mô hình / model", "model"),
        ("Cơ quan / agency", "agency"),
        ("Bắt đầu / begun", "begun"),
        ("Kết thúc / ended", "ended"),
        ("Kết quả / outcome", "outcome"),
    ];
    rows(page, "Hồ sơ / instances", columns);
}

/// Tasks.
pub fn tasks(page: &Value) {
    let columns = [
        ("Việc / task", "id"),
        ("Mã hồ sơ / business key", "business_key"),
        ("Tên / name", "name"),
        ("Vai / role", "role"),
        ("Loại việc / topic", "topic"),
        ("Cơ quan / agency", "agency"),
        ("Người nhận / taken by", "assignee"),
        ("Hạn / due", "due"),
    ];
    rows(page, "Việc / tasks", columns);
}

/// Incidents.
pub fn incidents(page: &Value) {
    let columns = [
        ("Bước / step", "id"),
        ("Mã hồ sơ / business key", "business_key"),
        ("Phần tử / element", "element"),
        ("Mã / code", "code"),
        ("Từ / since", "since"),
        ("Phụ trách / owner", "owner"),
        ("Vì sao / why", "why"),
    ];
    rows(page, "Sự cố / incidents", columns);
}

/// One instance as it stands.
pub fn instance(whole: &Value) {
    println!("{} {} v{}", cell(whole, "id"), cell(whole, "model"), cell(whole, "version"));
    for (what, name) in [
        ("mã / business key", "business_key"),
        ("cơ quan / agency", "agency"),
        ("bắt đầu / begun", "begun"),
        ("kết thúc / ended", "ended"),
        ("kết quả / outcome", "outcome"),
    ] {
        if !whole[name].is_null() {
            println!("  {what}: {}", cell(whole, name));
        }
    }
    let mut table = Table::new("Đang đứng ở / stands at", ["Bước / step", "Phần tử / element", "Tên / name"]);
    for step in whole["steps"].as_array().into_iter().flatten().filter(|step| !step["parent"].is_null()) {
        table.row([cell(step, "step"), cell(step, "element"), cell(step, "name")]);
    }
    table.print();
    let part = |name: &str| serde_json::json!({"items": whole[name]});
    tasks(&part("tasks"));
    if whole["incidents"].as_array().is_some_and(|all| !all.is_empty()) {
        incidents(&part("incidents"));
    }
    if let Some(variables) = whole["variables"].as_object() {
        println!("Biến / variables ({})", variables.len());
        variables.iter().for_each(|(name, value)| println!("  {name} = {value}"));
    }
}

/// What a history says of a command, in words.
const COMMAND: [(&str, &str); 8] = [
    ("exec", "bước / step "),
    ("to", "tới / to "),
    ("name", ""),
    ("message", ""),
    ("code", "mã / code "),
    ("version", "phiên bản / version "),
    ("owner", "phụ trách / owner "),
    ("reason", "lý do / reason "),
];

fn said(value: &Value, words: &str) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(format!(" {words}{text}")),
        other => Some(format!(" {words}{other}")),
    }
}

/// Changes of an instance.
pub fn history(page: &Value) {
    for change in page["items"].as_array().into_iter().flatten() {
        let act = change["command"]["act"].as_str().unwrap_or("-");
        let about: Vec<_> =
            COMMAND.iter().filter_map(|(name, words)| said(&change["command"][*name], words)).collect();
        let about = about.concat();
        println!("{} {} {} {act}{about}", cell(change, "number"), cell(change, "at"), cell(change, "who"));
        for step in change["steps"].as_array().into_iter().flatten() {
            let more = [said(&step["detail"], ""), said(&step["values"], "")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>();
            let more = more.concat();
            println!("    {} {} {}{more}", cell(step, "event"), cell(step, "element"), cell(step, "name"));
        }
    }
}

/// What was done.
pub fn done(answer: &Value) {
    if answer["kept"].as_bool() == Some(true) {
        println!("chưa ai chờ, đã giữ / nobody waits yet: it is kept");
    } else if let Some(count) = answer["reached"].as_u64() {
        println!("tới {count} hồ sơ / reaches {count} instances");
    } else if let Some(count) = answer["stopped"].as_u64().filter(|count| *count > 0) {
        let id = cell(answer, "instance");
        println!(
            "đã thử, hồ sơ còn bước dừng / tried, and steps of the instance have stopped: {count} — lienthong process show {id}"
        );
    } else if answer["instance"].is_string() {
        println!("{}", cell(answer, "instance"));
    } else {
        println!("xong / done");
    }
}

/// What a migration does.
pub fn moves(answer: &Value) {
    let mut table = Table::new("Bước đang mở / open steps", ["Bước / step", "Từ / from", "Đến / to"]);
    for step in answer["moves"].as_array().into_iter().flatten() {
        table.row([cell(step, "step"), cell(step, "from"), cell(step, "to")]);
    }
    table.print();
    if answer["dry"].as_bool() == Some(true) {
        println!("chuyển được, chưa ghi gì / it fits; nothing was written");
    } else {
        println!("đã chuyển / moved");
    }
}

/// Clocks of an instance.
pub fn clocks(all: &Value) {
    if all.is_null() {
        println!("quy trình không có thời hạn / nothing in the procedure has a limit");
        return;
    }
    if let Some(hold) = all["hold"].as_object() {
        println!("dừng từ / paused since {}: {}", cell(&all["hold"], "since"), hold["reason"]);
    }
    let columns =
        ["Đồng hồ / clock", "Hạn / limit", "Đến / due", "Đã dùng / used", "Còn / left", "Dừng / paused"];
    let mut table = Table::new("Đồng hồ / clocks", columns);
    let mut row = |name: String, clock: &Value| {
        let hours = |name: &str| match clock[name].as_i64() {
            None => "-".to_owned(),
            Some(seconds) => format!(
                "{}{} h {:02} min",
                if seconds < 0 { "-" } else { "" },
                seconds.abs() / 3600,
                seconds.abs() % 3600 / 60
            ),
        };
        let paused = if clock["paused"].as_bool() == Some(true) { "x" } else { "-" };
        let (limit, due) = (cell(clock, "limit"), cell(clock, "due"));
        table.row([name, limit, due, hours("used_s"), hours("left_s"), paused.to_owned()]);
    };
    row("hồ sơ / instance".to_owned(), &all["instance"]);
    for clock in all["agencies"].as_array().into_iter().flatten() {
        row(format!("cơ quan / agency {}", cell(clock, "agency")), clock);
    }
    for clock in all["steps"].as_array().into_iter().flatten() {
        row(format!("bước / step {} {}", cell(clock, "step"), cell(clock, "element")), clock);
    }
    table.print();
}

/// What other calendars would move.
pub fn recalculated(all: &Value) {
    println!(
        "lịch {0}: {1} hồ sơ, {2} có thay đổi, {3} thời điểm / calendars {0}: {1} instances, {2} of them change, {3} moments",
        cell(all, "version"),
        cell(all, "looked"),
        cell(all, "instances"),
        cell(all, "moments")
    );
    let mut table =
        Table::new("Sẽ dời / would move", ["Hồ sơ / instance", "Gì / what", "Cũ / old", "Mới / new"]);
    for moment in all["list"].as_array().into_iter().flatten() {
        table.row([cell(moment, "instance"), cell(moment, "what"), cell(moment, "old"), cell(moment, "new")]);
    }
    table.print();
}
