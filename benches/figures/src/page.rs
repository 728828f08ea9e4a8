//! What a page is made of: marks, and tables between them.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

/// Replaces what stands between the two marks of a name.
///
/// # Errors
/// If one of them is missing.
pub(crate) fn between(page: &str, name: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).with_context(|| format!("{begin} is missing"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("{end} is missing"))?;
    Ok(format!("{before}{begin}\n{content}{end}{after}"))
}

/// A table.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut table = row(&heads.map(str::to_owned));
    let _ = writeln!(table, "|{}", "---|".repeat(N));
    for cells in rows {
        table += &row(&cells);
    }
    table
}

fn row(cells: &[String]) -> String {
    let mut row = String::from("|");
    for cell in cells {
        let cell = cell.replace('|', "\\|");
        let _ = if cell.is_empty() { write!(row, " |") } else { write!(row, " {cell} |") };
    }
    row + "\n"
}

/// A number that somebody has chosen.
pub(crate) fn round(value: f64) -> String {
    plot::number(value).replace('\u{202f}', " ")
}

/// A measured number with as many digits as say something, and its thousands apart.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        100.0.. => round(value),
        _ if value.fract() == 0.0 => format!("{value}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let page = "a\n<!-- x -->\nold\n<!-- end of x -->\nb\n";
        assert_eq!(between(page, "x", "new\n").unwrap(), "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n");
        assert!(between(page, "y", "").is_err());
    }

    #[test]
    fn a_table_has_no_bars_of_its_own_in_a_cell() {
        let rows = [["a|b".to_owned(), String::new()]];
        assert_eq!(table(["x", "y"], rows.into_iter()), "| x | y |\n|---|---|\n| a\\|b | |\n");
    }

    #[test]
    fn numbers_say_no_more_than_was_measured() {
        let shown = [0.951, 7.0, 15.26, 3072.0, 1_234_567.8].map(number);
        assert_eq!(shown, ["0.95", "7", "15.3", "3072", "1 234 568"]);
    }
}
