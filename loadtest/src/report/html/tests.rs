//! The page: whole, of one piece, and true to the report.

use std::time::Duration;

use clap::Parser as _;

use super::*;
use crate::args::Cli;
use crate::effort::Efforts;
use crate::plan::Plan;
use crate::report::{Audit, Outcome};
use crate::tally::Timed;

const SECOND: Duration = Duration::from_secs(1);

/// A run of ten seconds with a message each 10 ms, and a stall in the fifth second.
fn tally() -> Tally {
    let mut tally = Tally::new();
    for message in 0..1000 {
        let at = 10 * Duration::from_millis(message);
        let late = Duration::from_millis(if (400..500).contains(&message) { 900 } else { 2 + message % 7 });
        tally.time(Timed::Delivery, at, late, true);
        tally.time(Timed::Acknowledgement, at, late / 2, true);
        tally.series.look(at, 40);
    }
    tally
}

fn report(more: &[&str], tally: Tally, audit: Audit) -> String {
    let line = ["parlor-loadtest", "--target", "ws://a<b>:1", "--secret", "s"];
    let cli = Cli::parse_from(line.iter().chain(more));
    let speech = cli.run.connect.dialect.speech().unwrap();
    let plan =
        Plan { speech, duration: 9 * SECOND, warm_up: SECOND, rate: 100.0, ..Plan::idle("r".into(), 40, 2) };
    let efforts = Efforts::of(std::iter::empty(), 0);
    let outcome = Outcome { tally, audit, efforts, processes: 1 };
    page(&Report::new(&plan, &cli.run, 10 * SECOND, &outcome), &outcome.tally)
}

/// The tags of a page that were opened and not closed.
fn open_tags(page: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for tag in page.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(closed), "closed in order");
        } else if !tag.ends_with('/') && !["!DOCTYPE", "meta", "br"].contains(&name) {
            open.push(name.to_owned());
        }
    }
    open
}

#[test]
fn the_page_is_whole_and_needs_nothing_else() {
    let page = report(&["--max-p99", "1ms"], tally(), Audit { received: 1000, ..Audit::default() });
    assert_eq!(open_tags(&page), [""; 0]);
    for foreign in ["<script", "<link", "<img", "@import", "url(", "http://", "https://", "NaN", "inf"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(page.contains("prefers-color-scheme: dark"));
}

#[test]
fn the_page_says_what_the_report_says() {
    let clean = report(&[], tally(), Audit::default());
    assert!(clean.contains("<h1>Clean</h1>") && clean.contains("Every subscription has everything"));
    let lossy = report(&[], tally(), Audit { lost: 12_345, ..Audit::default() });
    assert!(lossy.contains("<h1>Not clean</h1>") && lossy.contains("12345 receipts lost"));
    let late = report(&["--max-p99", "250ms", "--max-lost", "0"], tally(), Audit::default());
    assert!(late.contains("<h1>Threshold missed</h1>") && late.contains(" with --max-p99 250 ms"), "{late}");
    assert!(late.contains("<td class=\"good\">held</td>") && late.contains("<td class=\"bad\">missed</td>"));
}

#[test]
fn the_page_says_what_a_dialect_does_not_tell() {
    let native = report(&[], tally(), Audit::default());
    assert!(!native.contains("Not told"), "{native}");
    let phoenix = report(&["--dialect", "phoenix"], tally(), Audit::default());
    assert_eq!(open_tags(&phoenix), [""; 0]);
    assert!(phoenix.contains("<li>there are no positions"), "{phoenix}");
}

#[test]
fn what_others_have_written_is_no_markup() {
    let page = report(&[], tally(), Audit::default());
    assert!(page.contains("ws://a&lt;b&gt;:1") && !page.contains("a<b>"));
}

#[test]
fn a_run_in_which_nothing_happened_has_a_page_too() {
    let page = report(&[], Tally::new(), Audit::default());
    assert_eq!(open_tags(&page), [""; 0]);
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn a_plot_goes_on_after_the_plan_only_for_more_than_the_last_few() {
    let late = |messages| {
        let mut tally = tally();
        (0..messages).for_each(|_| tally.time(Timed::Delivery, 11 * SECOND, SECOND, true));
        report(&[], tally, Audit::default()).contains("after the last message")
    };
    assert_eq!([0, 3, 60].map(late), [false, false, true], "of 100 a second");
}
