//! Puts what `benches/run` has measured into the tables and plots of `docs/performance.md`.
//!
//! `cargo run -p figures`, or `cargo run -p figures -- PAGE FOLDER` for another page and other figures. Between its
//! marks the page belongs to this program; the rest is written by hand. What is held to stands in [`topics`].

mod growth;
mod line;
mod measured;
mod page;
mod topics;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use growth::PLOTS;
use measured::Measured;
use topics::TOPICS;

fn main() -> Result<()> {
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = words.next().unwrap_or_else(|| root.join("docs/performance.md"));
    let measured = Measured::new(words.next().unwrap_or_else(|| root.join("target/performance")));
    fill(&page, &measured)?;
    println!("{} shows what is in {}", page.display(), measured.folder().display());
    Ok(())
}

/// Writes the tables into the page, and the plots into the folder `images` beside it.
fn fill(page: &Path, measured: &Measured) -> Result<()> {
    let mut text = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    for topic in &TOPICS {
        text = page::between(&text, topic.name, &topic.show(measured)?)?;
    }
    let images = page.with_file_name("images");
    fs::create_dir_all(&images)?;
    for plot in &PLOTS {
        if let Some(svg) = plot.draw(measured)? {
            fs::write(images.join(plot.file), svg)?;
        }
    }
    fs::write(page, text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page of this repository, and figures as the programs write them.
    fn filled() -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("performance.md");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(root.join("../../docs/performance.md"), &page).unwrap();
        let sample = Measured::new(root.join("sample"));
        fill(&page, &sample).unwrap();
        fill(&page, &sample).unwrap();
        let text = fs::read_to_string(&page).unwrap();
        (folder, text)
    }

    #[test]
    fn the_page_shows_what_is_held_missed_and_not_measured() {
        let (folder, text) = filled();
        for line in [
            "| One room × 10 000 | CPU µs a delivery | 6.80 | 7.10 | 0.95 (0.92 to 1.19) | ratio ≤ 1.15 | held |",
            "| 990 rooms × 10 | CPU µs a delivery | 11 | 7 | 1.57 (1.50 to 1.60) | ratio ≤ 1.4 | **missed** |",
            "| 19 000 idle clients in 1000 rooms | bytes a client | 2412 | | | ≤ 3072 | held |",
            "| One room × 1000, saturated | deliveries/s | | | | ≥ 1 200 000 | not measured |",
            "2026-11-20, commit 0123456, 2 × AMD EPYC, 24 GB of memory, Linux 6.18; `benches/run fan-out`.",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\nis not in\n{text}");
        }
        let plot = fs::read_to_string(folder.path().join("images/cost-by-room.svg")).unwrap();
        assert_eq!(plot.matches("<circle").count(), 4, "two rooms, two lines: {plot}");
        assert!(!folder.path().join("images/memory-by-rooms-a-client.svg").exists(), "nothing was measured");
    }

    #[test]
    fn the_script_measures_the_topics_of_the_page() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../run");
        let parsed = std::process::Command::new("bash").arg("-n").arg(&script).output().unwrap();
        assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
        let text = fs::read_to_string(&script).unwrap();
        let topics = text.lines().find_map(|line| line.strip_prefix("TOPICS=(")?.strip_suffix(')')).unwrap();
        assert_eq!(topics.split(' ').collect::<Vec<_>>(), TOPICS.each_ref().map(|topic| topic.name));
        for topic in &TOPICS {
            assert!(
                text.contains(&format!("\n{}() {{", topic.name)),
                "{} is not a function there",
                topic.name
            );
        }
    }
}
