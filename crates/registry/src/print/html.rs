//! A report as one HTML file: no script, nothing from elsewhere, made to be printed on A4.

use std::fmt::Write as _;

use super::{Block, Cell, Document, Line, Look, SIGN_HINT, TICKS, Table, Tone};
use crate::text::Text;

/// Everything that the page looks like. System fonts only: the file must look right without a network.
const STYLE: &str = r#"
:root { color-scheme: light; --line: #9aa3ad; --good: #1b6e34; --soon: #8a5a00; --bad: #a3171e; }
* { box-sizing: border-box; }
body { font: 15px/1.45 "Be Vietnam Pro", "Noto Sans", "Segoe UI", Roboto, "DejaVu Sans", sans-serif; color: #14181d;
  background: #fff; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h1 .en { font-size: 1rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
.en { display: block; color: #4b5661; font-size: .85em; font-weight: normal; }
.verdict { font-weight: bold; border: 2px solid; border-radius: 4px; padding: .5rem .8rem; margin: .8rem 0; }
.good { color: var(--good); } .soon { color: var(--soon); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; } dt { font-weight: bold; } dd { margin: 0; }
table { border-collapse: collapse; width: calc(100% - 1px); table-layout: fixed; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: #eef1f4; } td p { margin: 0 0 .2rem; } .name { font-weight: 600; } .small { font-size: .87em; } .state { font-weight: bold; }
label { display: block; } input { width: 1rem; height: 1rem; vertical-align: -.15rem; }
.sign { display: grid; grid-template-columns: 1fr 1fr; text-align: center; margin-top: 2rem; min-height: 9rem; break-inside: avoid; } .sign p { margin: 0; }
@page { size: A4; margin: 15mm 14mm 16mm; }
@media print {
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; } a { color: inherit; }
  thead { display: table-header-group; } tr, .verdict, dl { break-inside: avoid; } h2, h3 { break-after: avoid; }
  thead th { background: none; } .en { color: #333; } label { white-space: nowrap; } label small { display: none; }
  input { appearance: none; -webkit-appearance: none; border: 1pt solid #000; width: 10pt; height: 10pt; margin: 0 3pt 0 0; }
  input:checked { background: #000; }
}
"#;

impl Document {
    /// The report as a page: Vietnamese first, with boxes to tick, on screen or on paper.
    pub fn html(&self) -> String {
        let mut page = Page(String::with_capacity(16 * 1024));
        let title = escaped(&format!("{}: {}", self.heading.vi, self.subject));
        page.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{STYLE}</style></head>\n<body>\n"
        ));
        page.title(1, &self.heading);
        for block in &self.blocks {
            page.block(block);
        }
        page.0.push_str("</body></html>\n");
        page.0
    }
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
fn both(Text { vi, en }: &Text) -> String {
    let en = if en.is_empty() || en == vi {
        String::new()
    } else {
        format!("<span class=\"en\" lang=\"en\">{}</span>", escaped(en))
    };
    format!("{}{en}", escaped(vi))
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Soon => "soon",
        Tone::Bad => "bad",
    }
}

struct Page(String);

impl Page {
    /// What is written here is markup: whatever comes from outside went through [`escaped`] before.
    fn put(&mut self, markup: std::fmt::Arguments<'_>) {
        self.0.write_fmt(markup).expect("a string takes everything");
    }

    fn title(&mut self, level: u8, text: &Text) {
        self.put(format_args!("<h{level}>{}</h{level}>\n", both(text)));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Verdict(text, is) => {
                self.put(format_args!("<div class=\"verdict {}\">{}</div>\n", tone(*is), both(text)));
            }
            Block::Facts(facts) => {
                self.0.push_str("<dl>");
                for (name, value) in facts {
                    self.put(format_args!("<dt>{}</dt><dd>{}</dd>\n", both(name), both(value)));
                }
                self.0.push_str("</dl>\n");
            }
            Block::Section(title) => self.title(2, title),
            Block::Heading(title) => self.title(3, title),
            Block::Paragraph(text) => self.put(format_args!("<p>{}</p>\n", both(text))),
            Block::Table(table) => self.table(table),
            Block::Signatures(who) => self.signatures(who),
        }
    }

    fn table(&mut self, table: &Table) {
        self.0.push_str("<table><colgroup>");
        for column in &table.columns {
            self.put(format_args!("<col style=\"width: {}%\">", column.percent));
        }
        self.0.push_str("</colgroup><thead><tr>");
        for column in &table.columns {
            let title = Text::from((column.vi, column.en));
            self.put(format_args!("<th scope=\"col\">{}</th>", both(&title)));
        }
        self.0.push_str("</tr></thead><tbody>\n");
        for row in &table.rows {
            self.0.push_str("<tr>");
            for cell in row {
                self.cell(cell);
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody></table>\n");
    }

    fn cell(&mut self, cell: &Cell) {
        self.0.push_str("<td>");
        for Line { text, look } in &cell.lines {
            let class = match look {
                Look::Name => "name".to_owned(),
                Look::Plain => "plain".to_owned(),
                Look::Small => "small".to_owned(),
                Look::State(is) => format!("state {}", tone(*is)),
            };
            self.put(format_args!("<p class=\"{class}\">{}</p>", both(text)));
        }
        for (vi, en) in cell.ticks.iter().flat_map(|_| TICKS) {
            let name = escaped(&format!("{vi}: {}", cell.ticks.as_deref().unwrap_or_default()));
            self.put(format_args!(
                "<label><input type=\"checkbox\" aria-label=\"{name}\"> {vi} <small lang=\"en\">{en}</small></label>"
            ));
        }
        self.0.push_str("</td>");
    }

    fn signatures(&mut self, who: &[Text; 2]) {
        self.0.push_str("<div class=\"sign\">");
        let hint = both(&SIGN_HINT.into());
        for who in who {
            let who = both(who);
            self.put(format_args!("<div><p><strong>{who}</strong></p><p><em>{hint}</em></p></div>"));
        }
        self.0.push_str("</div>\n");
    }
}
