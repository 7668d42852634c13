//! A drawing of a model with where an instance stands: SVG from the diagram that the file brings along.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use roxmltree::{Document, Node};

use crate::model::{Kind, Program, Task, Trigger};

/// Namespace of the elements of a BPMN diagram.
const DRAWING: &str = "http://www.omg.org/spec/BPMN/20100524/DI";
/// Space around the drawing.
const MARGIN: f64 = 20.0;
/// Letters in a line of a label, for a shape of the usual width.
const LETTERS: f64 = 6.2;

/// What is shown at an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// How many of its steps are open.
    pub open: u32,
    /// How many were completed.
    pub done: u32,
    /// Whether one of them stopped.
    pub failed: bool,
    /// When it began last, in words.
    pub since: String,
}

/// Why there is no picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPicture {
    /// The file is no XML.
    #[error("tệp không phải XML / the file is not XML")]
    NotXml,
    /// The file has no diagram.
    #[error(
        "mô hình không có hình vẽ (BPMNDiagram); hãy lưu lại bằng một trình vẽ BPMN / the model has no drawing: save it with a BPMN modeller"
    )]
    NotDrawn,
}

/// Where a shape stands.
#[derive(Clone, Copy)]
struct Bounds {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Draws a model. `marks` by element id.
///
/// # Errors
/// The file is no XML, or brings no diagram along.
pub fn svg(xml: &str, program: &Program, marks: &BTreeMap<String, Mark>) -> Result<String, NoPicture> {
    let document = Document::parse(xml).map_err(|_| NoPicture::NotXml)?;
    // Further diagrams are the insides of collapsed sub-processes, drawn over the same place.
    let first = document.descendants().find(|node| node.has_tag_name((DRAWING, "BPMNDiagram")));
    let first = first.ok_or(NoPicture::NotDrawn)?;
    let parts = || first.descendants().filter(|node| node.tag_name().namespace() == Some(DRAWING));
    let shapes: Vec<_> = parts().filter(|node| node.has_tag_name((DRAWING, "BPMNShape"))).collect();
    let drawn: Vec<_> =
        shapes.iter().filter_map(|shape| Some((shape.attribute("bpmnElement")?, bounds(*shape)?))).collect();
    if drawn.is_empty() {
        return Err(NoPicture::NotDrawn);
    }
    let mut body = String::new();
    for (id, at) in &drawn {
        shape(&mut body, program, id, *at);
    }
    let names: HashMap<_, _> = document.descendants().filter_map(flow_name).collect();
    for edge in parts().filter(|node| node.has_tag_name((DRAWING, "BPMNEdge"))) {
        let name = edge.attribute("bpmnElement").and_then(|id| names.get(id));
        line(&mut body, edge, name.copied().unwrap_or_default());
    }
    for (id, at) in &drawn {
        if let Some(mark) = marks.get(*id) {
            token(&mut body, *at, mark);
        }
    }
    // A line may lead around everything.
    let turns = corners(first).map(|(x, y)| Bounds { x, y, width: 0.0, height: 0.0 });
    Ok(framed(&body, &drawn.iter().map(|(_, at)| *at).chain(turns).collect::<Vec<_>>()))
}

/// The points between which lines are drawn.
fn corners<'a>(diagram: Node<'a, 'a>) -> impl Iterator<Item = (f64, f64)> {
    let points = diagram.descendants().filter(|node| node.tag_name().name() == "waypoint");
    points.filter_map(|point| Some((number(point, "x")?, number(point, "y")?)))
}

fn framed(body: &str, drawn: &[Bounds]) -> String {
    let least = |of: fn(&Bounds) -> f64| drawn.iter().map(of).fold(f64::MAX, f64::min);
    let most = |of: fn(&Bounds) -> f64| drawn.iter().map(of).fold(f64::MIN, f64::max);
    // The name of an event is wider than the event.
    let (x, y) = (least(|at| at.x) - 2.0 * MARGIN, least(|at| at.y) - MARGIN);
    let width = most(|at| at.x + at.width) + 2.0 * MARGIN - x;
    let height = most(|at| at.y + at.height) + 2.0 * MARGIN - y;
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x} {y} {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="11">
<defs><marker id="arrow" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="#444"/></marker></defs>
<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#fff"/>
{body}</svg>
"##
    )
}

fn number(node: Node<'_, '_>, name: &str) -> Option<f64> {
    node.attribute(name)?.parse().ok().filter(|value: &f64| value.is_finite())
}

fn bounds(shape: Node<'_, '_>) -> Option<Bounds> {
    let at = shape.children().find(|node| node.tag_name().name() == "Bounds")?;
    let part = |name| number(at, name);
    Some(Bounds { x: part("x")?, y: part("y")?, width: part("width")?, height: part("height")? })
}

/// The name of a sequence flow, by its id: what leads where from a gateway.
fn flow_name<'a>(node: Node<'a, 'a>) -> Option<(&'a str, &'a str)> {
    let is_flow = node.tag_name().name() == "sequenceFlow";
    is_flow.then(|| Some((node.attribute("id")?, node.attribute("name")?)))?
}

fn line(out: &mut String, edge: Node<'_, '_>, name: &str) {
    let points: Vec<_> = corners(edge).collect();
    if let ([(x, y), (_, next), ..], false) = (points.as_slice(), name.is_empty()) {
        // Beside the begin of the line, whether it goes on or down.
        let (x, y, name) = (x + 4.0, if next > y { y + 14.0 } else { y - 5.0 }, escaped(name));
        put(out, format_args!("<text x=\"{x}\" y=\"{y}\" fill=\"#444\" font-size=\"10\">{name}</text>\n"));
    }
    let points: Vec<_> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    put(
        out,
        format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#444\" marker-end=\"url(#arrow)\"/>\n",
            points.join(" ")
        ),
    );
}

fn shape(out: &mut String, program: &Program, id: &str, at: Bounds) {
    let Bounds { x, y, width, height } = at;
    let (cx, cy) = (x + width / 2.0, y + height / 2.0);
    let Some(node) = program.find(id).map(|found| program.node(found)) else {
        // A pool, a lane, a note: an outline.
        return put(
            out,
            format_args!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"#bbb\"/>\n"
            ),
        );
    };
    let title = if node.name.is_empty() { id } else { &node.name };
    let sign = match &node.kind {
        Kind::Start { .. } | Kind::Catch(_) | Kind::Throw(_) | Kind::End(_) | Kind::Boundary { .. } => {
            event(out, &node.kind, (cx, cy, width / 2.0));
            return below(out, (cx, y + height), &wrapped(&node.name, 90.0));
        }
        Kind::Exclusive => "×",
        Kind::Parallel => "+",
        Kind::Inclusive => "○",
        Kind::Complex(_) => "✳",
        Kind::EventBased { .. } => "◎",
        Kind::Task(task) => {
            let stroke = if matches!(task, Task::User | Task::Manual) { "#1a4480" } else { "#444" };
            put(
                out,
                format_args!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#f7f9fc\" stroke=\"{stroke}\"/>\n"
                ),
            );
            return label(out, (cx, cy), &wrapped(title, width));
        }
        Kind::SubProcess(_) | Kind::Call(_) => {
            put(
                out,
                format_args!(
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"none\" stroke=\"#444\" stroke-dasharray=\"6 3\"/>\n"
                ),
            );
            return label(out, (cx, y + 14.0), &wrapped(title, width));
        }
    };
    put(
        out,
        format_args!(
            "<polygon points=\"{cx},{y} {},{cy} {cx},{} {x},{cy}\" fill=\"#fff\" stroke=\"#444\"/>\n",
            x + width,
            y + height
        ),
    );
    label(out, (cx, cy), &[sign.to_owned()]);
    below(out, (cx, y + height), &wrapped(&node.name, 110.0));
}

/// A circle, or two, dashed where it does not interrupt, with a sign of what it waits for or tells.
fn event(out: &mut String, kind: &Kind, (x, y, r): (f64, f64, f64)) {
    let (strong, inner) = match kind {
        Kind::End(_) => (3, false),
        Kind::Start { .. } => (1, false),
        _ => (1, true),
    };
    let goes_on =
        matches!(kind, Kind::Start { interrupting: false, .. } | Kind::Boundary { interrupting: false, .. });
    let dashes = if goes_on { " stroke-dasharray=\"4 3\"" } else { "" };
    let mut circle = |r: f64, fill: &str, strong: u8| {
        put(
            out,
            format_args!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\" stroke=\"#444\" stroke-width=\"{strong}\"{dashes}/>\n"
            ),
        );
    };
    circle(r, "#fff", strong);
    if inner {
        circle(r - 3.0, "none", 1);
    }
    let list = match kind {
        Kind::Start { on, .. } | Kind::Catch(on) | Kind::Boundary { on, .. } => on.list.as_slice(),
        Kind::Throw(list) | Kind::End(list) => list,
        _ => &[],
    };
    let sign = match list {
        [] => return,
        [Trigger::Timer(..)] => "◷",
        [Trigger::Message(_)] => "✉",
        [Trigger::Signal(_)] => "△",
        [Trigger::Error(_)] => "↯",
        [Trigger::Escalation(_)] => "⇑",
        [Trigger::Condition(_)] => "≡",
        [Trigger::Compensation { .. }] => "«",
        [Trigger::Link(_)] => "→",
        [Trigger::Cancel] => "✕",
        [Trigger::Terminate] => "●",
        _ => "⬠",
    };
    label(out, (x, y), &[sign.to_owned()]);
}

/// A circle with how many are open, and since when; a check where all is done.
fn token(out: &mut String, at: Bounds, mark: &Mark) {
    let (x, y) = (at.x + at.width, at.y);
    let (fill, text) = match mark {
        Mark { failed: true, .. } => ("#b3261e", "!".to_owned()),
        // It was begun, and something else took over.
        Mark { open: 0, done: 0, .. } => ("#6b6b6b", "✗".to_owned()),
        Mark { open: 0, done, .. } => {
            ("#2e7d32", if *done > 1 { format!("✓{done}") } else { "✓".to_owned() })
        }
        Mark { open, .. } => ("#c25e00", open.to_string()),
    };
    put(
        out,
        format_args!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"10\" fill=\"{fill}\"/><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" fill=\"#fff\">{text}</text>\n",
            y + 4.0
        ),
    );
    if mark.open > 0 || mark.failed {
        put(
            out,
            format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{fill}\" font-size=\"9\">{}</text>\n",
                x - 12.0,
                y - 4.0,
                escaped(&mark.since)
            ),
        );
    }
}

/// Lines around a point.
fn label(out: &mut String, (x, y): (f64, f64), lines: &[String]) {
    let rows = u8::try_from(lines.len()).unwrap_or(u8::MAX);
    written(out, (x, y + 4.0 - f64::from(rows.saturating_sub(1)) * 6.5), lines);
}

/// Lines below a shape.
fn below(out: &mut String, (x, y): (f64, f64), lines: &[String]) {
    written(out, (x, y + 13.0), lines);
}

fn written(out: &mut String, (x, first): (f64, f64), lines: &[String]) {
    for (text, row) in lines.iter().zip(0_u8..) {
        let y = first + f64::from(row) * 13.0;
        put(
            out,
            format_args!(
                "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" fill=\"#222\">{}</text>\n",
                escaped(text)
            ),
        );
    }
}

/// Words in lines that fit a width.
fn wrapped(text: &str, width: f64) -> Vec<String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width is some hundred at most"
    )]
    let letters = ((width / LETTERS).max(8.0)) as usize;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(last) if last.chars().count() + word.chars().count() < letters => {
                last.push(' ');
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}
