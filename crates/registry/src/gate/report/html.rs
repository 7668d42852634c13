//! The report as one HTML file: no script, nothing from elsewhere, made to be printed on A4.

use std::fmt::Write as _;

use super::words::{self, Pair};
use super::{ConnectionRows, MachineCheck, Report, Row};

/// Everything that the page looks like. System fonts only: the file must look right without a network.
const STYLE: &str = r#"
:root { color-scheme: light; --line: #9aa3ad; --good: #1b6e34; --soon: #8a5a00; --bad: #a3171e; }
* { box-sizing: border-box; }
body { font: 15px/1.45 "Be Vietnam Pro", "Noto Sans", "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #14181d;
  background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h1 .en { font-size: 1rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
.en { display: block; color: #4b5661; font-size: .85em; font-weight: normal; }
.gate { font-weight: bold; border: 2px solid; border-radius: 4px; padding: .5rem .8rem; margin: .8rem 0; }
.good { color: var(--good); } .soon { color: var(--soon); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; } dt { font-weight: bold; } dd { margin: 0; }
table { border-collapse: collapse; width: calc(100% - 1px); table-layout: fixed; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: #eef1f4; } td p { margin: 0 0 .2rem; } .name { font-weight: 600; } .basis { font-size: .85em; font-style: italic; } .state { font-weight: bold; }
col.item { width: 36%; } col.state { width: 17%; } col.evidence { width: 31%; } col.tick { width: 16%; }
.evidence p { font-size: .87em; white-space: pre-line; } label { display: block; } input { width: 1rem; height: 1rem; vertical-align: -.15rem; }
.sign { display: grid; grid-template-columns: 1fr 1fr; text-align: center; margin-top: 2rem; min-height: 9rem; break-inside: avoid; } .sign p { margin: 0; }
@page { size: A4; margin: 15mm 14mm 16mm; }
@media print {
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; } a { color: inherit; }
  thead { display: table-header-group; } tr, .gate, dl { break-inside: avoid; } h2, h3 { break-after: avoid; }
  thead th { background: none; } .en { color: #333; } label { white-space: nowrap; } label small { display: none; }
  input { appearance: none; -webkit-appearance: none; border: 1pt solid #000; width: 10pt; height: 10pt; margin: 0 3pt 0 0; }
  input:checked { background: #000; }
}
"#;

impl Report {
    /// The report as a page: Vietnamese first, with boxes to tick, on screen or on paper.
    pub fn html(&self) -> String {
        let mut page = Page(String::with_capacity(16 * 1024));
        page.head(self);
        match &self.elsewhere {
            Some(elsewhere) => page.line("p", "", &(elsewhere.vi.clone(), elsewhere.en.clone())),
            None => page.papers(self),
        }
        page.title(2, &owned(words::MACHINE));
        if self.machine.is_empty() {
            page.line("p", "", &owned(words::NOTHING));
        } else {
            page.table(|page| self.machine.iter().for_each(|check| page.machine(check)));
        }
        page.sign();
        page.0.push_str("</body></html>\n");
        page.0
    }
}

fn owned((vi, en): (&str, &str)) -> Pair {
    (vi.to_owned(), en.to_owned())
}

/// Text with everything that HTML could take for markup made harmless, in elements and in attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Both languages; nothing for an English text that nobody wrote.
fn both((vi, en): &Pair) -> String {
    let en = if en.is_empty() || en == vi {
        String::new()
    } else {
        format!("<span class=\"en\" lang=\"en\">{}</span>", escaped(en))
    };
    format!("{}{en}", escaped(vi))
}

struct Page(String);

impl Page {
    /// What is written here is markup: whatever comes from outside went through [`escaped`] before.
    fn put(&mut self, markup: std::fmt::Arguments<'_>) {
        self.0.write_fmt(markup).expect("a string takes everything");
    }

    fn title(&mut self, level: u8, text: &Pair) {
        self.put(format_args!("<h{level}>{}</h{level}>\n", both(text)));
    }

    fn line(&mut self, element: &str, class: &str, text: &Pair) {
        self.put(format_args!("<{element} class=\"{class}\">{}</{element}>", both(text)));
    }

    fn head(&mut self, report: &Report) {
        let heading = words::heading();
        let name = escaped(&format!("{}: {}", heading.0, report.party));
        self.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{name}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style></head>\n<body>\n"
        ));
        self.title(1, &heading);
        let tone = if report.open { "good" } else { "bad" };
        self.line("div", &format!("gate {tone}"), &words::gate(report));
        self.0.push_str("<dl>");
        let party = match report.name.as_str() {
            "" => report.party.to_string(),
            name => format!("{name} ({})", report.party),
        };
        let checklist = both(&(report.checklist.vi.clone(), report.checklist.en.clone()));
        for (word, value) in [
            (words::PARTY, escaped(&party)),
            (words::MADE, escaped(&words::made(report))),
            (words::CHECKLIST, checklist),
            (words::BASIS, escaped(&report.legal_basis)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        {
            self.put(format_args!("<dt>{}</dt><dd>{value}</dd>\n", both(&owned(word))));
        }
        self.0.push_str("</dl>\n");
    }

    fn papers(&mut self, report: &Report) {
        self.title(2, &owned(words::OWN));
        self.rows(&report.rows);
        self.title(2, &owned(words::CONNECTIONS));
        if report.connections.is_empty() {
            self.line("p", "", &owned(words::NOTHING));
        }
        for connection in &report.connections {
            self.connection(connection);
        }
    }

    fn table(&mut self, rows: impl FnOnce(&mut Self)) {
        self.0.push_str(
            "<table><colgroup><col class=\"item\"><col class=\"state\"><col class=\"evidence\"><col class=\"tick\">\
             </colgroup><thead><tr>",
        );
        for column in words::COLUMNS {
            self.put(format_args!("<th scope=\"col\">{}</th>", both(&owned(column))));
        }
        self.0.push_str("</tr></thead><tbody>\n");
        rows(self);
        self.0.push_str("</tbody></table>\n");
    }

    fn rows(&mut self, rows: &[Row]) {
        if rows.is_empty() {
            return self.line("p", "", &owned(words::NOTHING));
        }
        self.table(|page| rows.iter().for_each(|row| page.row(row)));
    }

    fn connection(&mut self, connection: &ConnectionRows) {
        let ConnectionRows { request, consumer, service, rows, .. } = connection;
        self.title(3, &(format!("{request}: {consumer} → {service}"), String::new()));
        self.rows(rows);
    }

    fn row(&mut self, row: &Row) {
        self.0.push_str("<tr><td>");
        self.line("p", "name", &(row.title.vi.clone(), row.title.en.clone()));
        self.line("p", "proves", &(row.proves.vi.clone(), String::new()));
        self.line("p", "basis", &(row.legal_basis.clone(), String::new()));
        self.put(format_args!(
            "</td><td class=\"state {}\">{}</td>",
            words::tone(row.state),
            both(&words::state(row))
        ));
        self.0.push_str("<td class=\"evidence\">");
        for line in row.evidence.as_ref().map(words::evidence).unwrap_or_default() {
            self.line("p", "", &(line, String::new()));
        }
        if !row.note.vi.is_empty() {
            self.line("p", "note", &(row.note.vi.clone(), row.note.en.clone()));
        }
        self.0.push_str("</td>");
        self.ticks(&row.title.vi);
    }

    fn machine(&mut self, check: &MachineCheck) {
        self.0.push_str("<tr><td>");
        self.line("p", "name", &(check.title.vi.clone(), check.title.en.clone()));
        self.line("p", "basis", &(check.legal_basis.clone(), String::new()));
        let (outcome, tone) = words::outcome(check.outcome);
        self.put(format_args!(
            "</td><td class=\"state {tone}\">{}</td><td class=\"evidence\">",
            both(&outcome)
        ));
        self.line("p", "", &(check.detail.vi.clone(), check.detail.en.clone()));
        self.0.push_str("</td>");
        self.ticks(&check.title.vi);
    }

    fn ticks(&mut self, about: &str) {
        self.0.push_str("<td class=\"tick\">");
        for (vi, en) in words::TICKS {
            let name = escaped(&format!("{vi}: {about}"));
            self.put(format_args!(
                "<label><input type=\"checkbox\" aria-label=\"{name}\"> {vi} <small lang=\"en\">{en}</small></label>"
            ));
        }
        self.0.push_str("</td></tr>\n");
    }

    fn sign(&mut self) {
        self.0.push_str("<div class=\"sign\">");
        for who in [words::SIGN_OWNER, words::SIGN_INSPECTOR] {
            let (who, hint) = (both(&owned(who)), both(&owned(words::SIGN_HINT)));
            self.put(format_args!("<div><p><strong>{who}</strong></p><p><em>{hint}</em></p></div>"));
        }
        self.0.push_str("</div>\n");
    }
}
