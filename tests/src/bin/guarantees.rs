//! Puts the rows that long experiments and broken builds have left into the tables of `docs/guarantees.md`.
//!
//! `cargo run -p town --bin guarantees`, which `./test --long` does at its end. Between its marks the page belongs to
//! this program; the rest is written by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;
use town::workspace;

/// A column: its head, the field of the row, and how the field is shown.
type Column = (&'static str, &'static str, fn(&Value) -> Option<String>);

const EXPERIMENTS: [Column; 15] = [
    ("experiment", "name", text),
    ("sent", "sends", count),
    ("acknowledged", "acknowledged", count),
    ("asked again", "repeats", count),
    ("came back", "returns", count),
    ("unknown", "unknown", count),
    ("lost", "lost", count),
    ("doubled", "doubled", count),
    ("out of order", "out_of_order", count),
    ("fault", "fault_s", seconds),
    ("recovery", "recovery_s", seconds),
    ("slowest answer", "answer_s", seconds),
    ("oldest when shown", "shown_s", seconds),
    ("commit", "commit", text),
    ("", "note", text),
];

const BREAKS: [Column; 5] = [
    ("promise", "promise", text),
    ("broken so", "how", text),
    ("caught by", "test", code),
    ("which said", "finding", text),
    ("outcome", "verdict", text),
];

fn main() -> Result<()> {
    let page = workspace().join("docs/guarantees.md");
    let rows = workspace().join("target/guarantees");
    let mut text = fs::read_to_string(&page).context("docs/guarantees.md")?;
    let experiments = read(&rows.join("experiments"))?;
    let origin = format!("{}\n\n{}", origin()?, table(&EXPERIMENTS, &experiments));
    text = between(&text, "experiments", &origin)?;
    text = between(&text, "breaks", &table(&BREAKS, &read(&rows.join("broken"))?))?;
    fs::write(&page, text)?;
    println!("{} experiments stand in {}", experiments.len(), page.display());
    Ok(())
}

/// All rows of a folder, by name.
fn read(folder: &Path) -> Result<Vec<Value>> {
    let files = fs::read_dir(folder).with_context(|| format!("there are no rows in {}", folder.display()))?;
    let mut paths = files.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let row = |path: &Path| -> Result<Value> { Ok(serde_json::from_str(&fs::read_to_string(path)?)?) };
    paths.iter().map(|path| row(path).with_context(|| path.display().to_string())).collect()
}

/// When it was tried, and on what.
fn origin() -> Result<String> {
    let (date, system) = (said("date", &["-u", "+%Y-%m-%d"])?, said("uname", &["-sr"])?);
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = processors.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models: Vec<&str> = models.map(|(_, model)| model.trim()).collect();
    let model = models.first().copied().unwrap_or("unknown processors");
    Ok(format!("{date}; {} × {model}, {system}.", models.len()))
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).current_dir(workspace()).output();
    Ok(String::from_utf8(output.with_context(|| program.to_owned())?.stdout)?.trim().to_owned())
}

fn table(columns: &[Column], rows: &[Value]) -> String {
    let mut table = String::new();
    let heads: Vec<&str> = columns.iter().map(|(head, _, _)| *head).collect();
    let _ = writeln!(table, "| {} |\n|{}", heads.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let cells = columns.iter().map(|(_, field, show)| show(&row[field]).unwrap_or_default());
        let mut cells: Vec<String> = cells.collect();
        if let (Some(last), Some(why)) = (cells.last_mut(), row["not_run"].as_str()) {
            *last = format!("**not run**: {why}");
        }
        let _ = writeln!(table, "| {} |", cells.join(" | "));
    }
    table
}

/// Replaces what stands between the two marks of a name.
fn between(page: &str, name: &str, content: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- {name} -->"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).with_context(|| format!("{begin} is missing"))?;
    let (_, after) = rest.split_once(&end).with_context(|| format!("{end} is missing"))?;
    Ok(format!("{before}{begin}\n{content}{end}{after}"))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.replace('|', "\\|"))
}

fn code(value: &Value) -> Option<String> {
    value.as_str().map(|text| format!("`{text}`"))
}

fn count(value: &Value) -> Option<String> {
    value.as_u64().map(|count| count.to_string())
}

fn seconds(value: &Value) -> Option<String> {
    value.as_f64().filter(|seconds| *seconds > 0.0).map(|seconds| {
        if seconds < 0.1 { format!("{:.0} ms", seconds * 1000.0) } else { format!("{seconds:.1} s") }
    })
}
