//! Cells of tables that people open in a spreadsheet: none is computed, and what is read is what was written.

/// Whether a spreadsheet takes a cell that begins so for a formula; the last four are full-width forms.
fn starts_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// The text for a cell of a table; [`plain`] takes the apostrophe off again.
pub fn neutralised(text: impl Into<String>) -> String {
    let text = text.into();
    if starts_formula(text.trim_start_matches('\'')) { format!("'{text}") } else { text }
}

/// The text of a cell without the apostrophe that keeps spreadsheets from computing it.
pub fn plain(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if starts_formula(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_is_read_back_unchanged() {
        let texts =
            ["=1+1", "+84", "-1", "@x", "\tx", "\rx", "'=1", "''@x", "＝1", "'x", "x=1", "", "'", "Sở A"];
        for text in texts {
            let cell = neutralised(text);
            assert!(!starts_formula(&cell), "{text:?}");
            assert_eq!(plain(&cell), text);
        }
    }
}
