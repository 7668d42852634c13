//! Encodings, limits, what a finding says.

use super::*;

const TASK: &str = "<task id=\"a\" name=\"Tiếp nhận\"/>";

fn utf16(text: &str, mark: bool, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    units.flat_map(unit).collect()
}

#[test]
fn a_file_is_read_in_each_encoding_that_it_may_have() {
    let text = process(TASK);
    let mut marked = vec![0xEF, 0xBB, 0xBF];
    marked.extend(text.as_bytes());
    let encodings = [
        text.as_bytes().to_vec(),
        marked,
        utf16(&text, true, u16::to_le_bytes),
        utf16(&text, true, u16::to_be_bytes),
        utf16(&text, false, u16::to_le_bytes),
        utf16(&text, false, u16::to_be_bytes),
    ];
    for bytes in encodings {
        let model = read(&bytes).expect("it has no fault");
        assert_eq!(&*model.node("a").name, "Tiếp nhận");
    }
}

#[test]
fn a_file_in_latin_1_is_read_as_it_declares() {
    let text = process("<task id=\"a\" name=\"#\"/>").replace("UTF-8", "ISO-8859-1");
    let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'#' { 0xE9 } else { byte }).collect();
    assert_eq!(&*read(&bytes).expect("it has no fault").node("a").name, "é");
}

#[test]
fn a_finding_names_line_element_and_remedy_in_both_languages() {
    let text = process("<task id=\"a\" name=\"Tiếp nhận\"\n  startQuantity=\"0\"/>");
    let faults = read(text.as_bytes()).unwrap_err();
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["dòng / line 5, a “Tiếp nhận”: `startQuantity` là `0`; phải là số nguyên từ 1 đến 1000000 / \
             `startQuantity` is `0`; it must be a whole number from 1 to 1000000 (number)"]
    );
}

#[test]
fn a_name_with_line_breaks_is_told_on_one_line() {
    let text = process("<task id=\"a\" name=\"Tiếp&#10;nhận\" startQuantity=\"0\"/>");
    assert_eq!(&*read(text.as_bytes()).unwrap_err()[0].name, "Tiếp nhận");
}

#[test]
fn a_finding_inside_an_element_without_id_names_the_element_around_it() {
    let text = around(
        "<exclusiveGateway id=\"a\"/><sequenceFlow id=\"f3\" name=\"có\" sourceRef=\"a\" targetRef=\"e\">
        <conditionExpression>1 +</conditionExpression></sequenceFlow>",
    );
    let faults = read(text.as_bytes()).unwrap_err();
    assert_eq!((&*faults[0].element, &*faults[0].name, faults[0].line), ("f3", "có", 7));
}

#[test]
fn all_faults_of_a_file_are_told_in_its_order() {
    let text = process(
        "<task id=\"a\" startQuantity=\"x\"/>
        <sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"nowhere\"/>
        <scriptTask id=\"b\" scriptFormat=\"javascript\"/>
        <task/>",
    );
    let (codes, _) = codes(text.as_bytes());
    assert_eq!(codes, [Code::Number, Code::DanglingReference, Code::Language, Code::MissingId]);
}

#[test]
fn a_name_may_be_as_long_as_the_limit() {
    let named = |bytes: usize| process(&format!("<task id=\"a\" name=\"{}\"/>", "x".repeat(bytes)));
    assert_eq!(codes(named(1024).as_bytes()), (vec![], false));
    assert_eq!(codes(named(1025).as_bytes()), (vec![Code::TooLong], true));
}

#[test]
fn elements_may_be_as_many_as_the_limit() {
    let tasks = |count: usize| {
        let tasks: Vec<String> = (0..count).map(|at| format!("<task id=\"t{at}\"/>")).collect();
        process(&tasks.concat())
    };
    assert!(!codes(tasks(20_000 - 2).as_bytes()).1);
    assert_eq!(codes(tasks(20_000 - 1).as_bytes()), (vec![Code::TooManyElements], true));
}

#[test]
fn a_document_of_many_attributes_or_levels_is_refused_before_it_is_parsed() {
    let attributes: Vec<String> = (0..100_000).map(|at| format!(" a{at}=\"\"")).collect();
    let attributes = attributes.concat();
    let levels = "<documentation>".repeat(100_000);
    assert_eq!(codes(format!("<a{attributes}/>").as_bytes()).0, [Code::TooManyAttributes]);
    assert_eq!(codes(levels.as_bytes()).0, [Code::TooDeep]);
}

#[test]
fn sub_processes_may_be_nested_as_deep_as_the_limit() {
    let nested = |levels: usize| {
        let open: Vec<String> = (0..levels).map(|at| format!("<subProcess id=\"s{at}\">")).collect();
        let open = open.concat();
        process(&format!("{open}<task id=\"t\"/>{}", "</subProcess>".repeat(levels)))
    };
    // Beside the root, the process and the task.
    assert!(!codes(nested(61).as_bytes()).1);
    assert_eq!(codes(nested(62).as_bytes()), (vec![Code::TooDeep], true));
}

#[test]
fn what_other_tools_add_and_what_is_drawn_has_no_effect() {
    let text = process(
        "<task id=\"a\" name=\"x\" xmlns:other=\"urn:other\" other:color=\"red\">
            <documentation textFormat=\"text/html\"><b xmlns=\"urn:html\">bold</b></documentation>
            <extensionElements><other:anything><other:deep/></other:anything></extensionElements>
        </task>
        <textAnnotation id=\"n\"><text>note</text></textAnnotation>
        <association id=\"as\" sourceRef=\"a\" targetRef=\"n\"/>
        <group id=\"g\"/>",
    )
    .replace(
        "</definitions>",
        "<d:BPMNDiagram xmlns:d=\"http://www.omg.org/spec/BPMN/20100524/DI\"><d:BPMNPlane bpmnElement=\"P\"/>
        </d:BPMNDiagram></definitions>",
    );
    let model = good(&text);
    assert_eq!(model.warnings, []);
    assert_eq!(model.program.nodes.len(), 1);
}
