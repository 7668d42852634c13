//! The models that are measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// Four tasks, one choice, one split and join: what `SpiffWorkflow` runs too. Its only condition means the same in both languages.
const DOSSIER: &str = include_str!("ho-so.bpmn");
/// One task, again and again.
const LOOP: &str = include_str!("lap.bpmn");
/// Waits for a moment.
const WAITS: &str = include_str!("cho.bpmn");

/// Elements of one block of the large model.
const BLOCK_ELEMENTS: u32 = 9;
/// Elements of the large model that are in no block: process, start, its flow, end.
const OTHER_ELEMENTS: u32 = 4;

/// Writes all of them.
pub fn write(folder: &Path, elements: u32) -> Result<()> {
    let soon = WAITS.replace("id=\"cho\"", "id=\"sap\"").replace("id=\"Cho\"", "id=\"Sap\"");
    let large = large(elements);
    for (name, text) in [("ho-so", DOSSIER), ("lap", LOOP), ("cho", WAITS), ("sap", &soon), ("lon", &large)] {
        fs::write(folder.join(format!("{name}.bpmn")), text)?;
    }
    Ok(())
}

/// A model of at least so many elements: choices between two tasks, one after another.
fn large(elements: u32) -> String {
    let blocks = elements.saturating_sub(OTHER_ELEMENTS).div_ceil(BLOCK_ELEMENTS);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions \
         xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"lon\" targetNamespace=\"urn:lienthong:bench\">\n\
         <process id=\"Lon\" isExecutable=\"true\">\n<startEvent id=\"Nop\"/>\n",
    );
    let _ = writeln!(text, "<sequenceFlow id=\"f\" sourceRef=\"Nop\" targetRef=\"c0\"/>"); // Writing to a string cannot fail.
    for nth in 0..blocks {
        let next = if nth + 1 == blocks { "Xong".to_owned() } else { format!("c{}", nth + 1) };
        let _ = write!(
            text,
            "<exclusiveGateway id=\"c{nth}\" name=\"Bước {nth}\" default=\"f{nth}-b\"/>\n\
             <userTask id=\"a{nth}\" name=\"Thẩm tra {nth}\"/>\n<userTask id=\"b{nth}\" name=\"Trả lại {nth}\"/>\n\
             <exclusiveGateway id=\"g{nth}\"/>\n\
             <sequenceFlow id=\"f{nth}-a\" sourceRef=\"c{nth}\" targetRef=\"a{nth}\"><conditionExpression>tong &gt; {nth} and \
             loai = \"L{nth}\"</conditionExpression></sequenceFlow>\n\
             <sequenceFlow id=\"f{nth}-b\" sourceRef=\"c{nth}\" targetRef=\"b{nth}\"/>\n\
             <sequenceFlow id=\"f{nth}-c\" sourceRef=\"a{nth}\" targetRef=\"g{nth}\"/>\n\
             <sequenceFlow id=\"f{nth}-d\" sourceRef=\"b{nth}\" targetRef=\"g{nth}\"/>\n\
             <sequenceFlow id=\"f{nth}-e\" sourceRef=\"g{nth}\" targetRef=\"{next}\"/>\n"
        );
    }
    text + "<endEvent id=\"Xong\"/>\n</process>\n</definitions>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_model_has_at_least_as_many_elements_as_were_asked_for() {
        let text = large(5_000);
        let of = |name: &str| text.matches(&format!("<{name} ")).count();
        let all =
            ["process", "startEvent", "endEvent", "userTask", "exclusiveGateway", "sequenceFlow"].map(of);
        assert!((5_000..5_010).contains(&all.iter().sum::<usize>()), "{all:?}");
    }
}
