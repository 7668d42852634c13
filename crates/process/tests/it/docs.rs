//! The page that says what becomes of each element is held against the table and the tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use process::model::{Class, Element};

#[test]
fn the_page_has_each_element_with_its_class_and_a_test_that_there_is() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../../docs/process.md")).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let rows: BTreeMap<_, _> = rows
        .map(|line| {
            let cells: Vec<_> =
                line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
            (cells[0], (cells[1], *cells.last().expect("a row has cells")))
        })
        .collect();
    let tests: String = ["tests/it", "src/model/tests"]
        .iter()
        .flat_map(|folder| fs::read_dir(here.join(folder)).expect("tests"))
        .map(|file| file.expect("a file").path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).expect("a text"))
        .collect();
    for element in Element::all() {
        let class = match element.class {
            Class::Executed => "executed",
            Class::Inert => "inert",
            Class::Refused => "refused",
        };
        let (said, test) =
            rows.get(element.name).unwrap_or_else(|| panic!("{} is not on the page", element.name));
        assert_eq!(*said, class, "{}", element.name);
        let named = tests.contains(&format!("fn {test}("));
        assert!(named || class == "inert", "{}: there is no test {test}", element.name);
    }
    assert_eq!(rows.len(), Element::all().count());
}
