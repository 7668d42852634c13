//! Prints what becomes of each element of BPMN 2.0, as a table in Markdown.

fn main() {
    print!("{}", process::model::Element::markdown());
}
