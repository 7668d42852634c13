//! Pictures of where an instance stands.

use std::collections::BTreeMap;

use process::model::read;
use process::picture::{Mark, NoPicture, svg};

#[test]
fn a_picture_shows_each_step_with_its_name_and_where_the_instance_stands() {
    let xml = include_str!("../../../../procedures/phieu-ly-lich-tu-phap.bpmn");
    let program = read(xml.as_bytes()).expect("a good model").program;
    let open = Mark { open: 2, since: "2026-03-02 <8:00>".to_owned(), ..Mark::default() };
    let done = Mark { done: 3, ..Mark::default() };
    let marks = BTreeMap::from([("LapPhieu".to_owned(), open), ("KiemTra".to_owned(), done)]);
    let picture = svg(xml, &program, &marks).expect("it is drawn");
    let drawing = roxmltree::Document::parse(&picture).expect("it is XML");
    let texts: Vec<_> =
        drawing.descendants().filter(roxmltree::Node::is_text).filter_map(|one| one.text()).collect();
    for wanted in ["2", "✓3", "2026-03-02 <8:00>", "Lập phiếu"] {
        assert!(texts.contains(&wanted), "{wanted}: {texts:?}");
    }
    // The insides of collapsed sub-processes have diagrams of their own.
    let drawn =
        xml.split("</bpmndi:BPMNDiagram>").next().unwrap_or_default().matches("<bpmndi:BPMNEdge").count();
    let lines = drawing.descendants().filter(|node| node.tag_name().name() == "polyline").count();
    assert_eq!(lines, drawn);
}

#[test]
fn a_model_without_a_drawing_has_no_picture() {
    let xml = crate::help::process(r#"<startEvent id="s"/>"#);
    let program = read(xml.as_bytes()).expect("a good model").program;
    assert_eq!(svg(&xml, &program, &BTreeMap::new()), Err(NoPicture::NotDrawn));
    assert_eq!(svg("<", &program, &BTreeMap::new()), Err(NoPicture::NotXml));
}
