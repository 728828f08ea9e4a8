//! Sets the log up: on standard error, as text or as one JSON object a line. What is logged never holds a
//! token, a secret or the body of a message; what clients choose is escaped.
//!
//! Lines wait in a bounded queue for a thread that writes them: whoever reads standard error too slowly, or not at all,
//! holds nothing up. What does not fit is lost and counted.

use std::error::Error;
use std::io::{self, IsTerminal, Write};

use tracing::Subscriber;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::config::{Format, Log};
use crate::telemetry::Telemetry;

/// A log that is written; what waits is written when this is dropped, for a second at the most.
#[derive(Debug)]
#[must_use = "lines are lost that still wait when the process ends"]
pub(crate) struct Writing {
    /// Counts the lines that were lost.
    pub(crate) lost: ErrorCounter,
    _flush: WorkerGuard,
}

/// Starts to log, and to take steps of messages for traces. Called once a process.
///
/// # Errors
/// If the level cannot be understood, or the process logs already.
pub(crate) fn start(log: &Log, telemetry: &Telemetry) -> Result<Writing, Box<dyn Error + Send + Sync>> {
    let (queue, flush) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(log.queue_lines.get())
        .thread_name("log")
        .finish(io::stderr());
    let lost = queue.error_counter();
    let not_a_step = filter_fn(|about| about.target() != bus::STEP_TARGET);
    let filter = EnvFilter::try_new(&log.level)?.and(not_a_step);
    let lines = layer(log.format, queue).with_filter(filter);
    tracing_subscriber::registry().with(lines).with(telemetry.layer()).try_init()?;
    Ok(Writing { lost, _flush: flush })
}

fn layer<S, W>(format: Format, to: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: Send + Sync + 'static,
    OneLine<W>: for<'writer> MakeWriter<'writer>,
{
    let terminal = io::stderr().is_terminal();
    let as_text = match format {
        Format::Text => true,
        Format::Json => false,
        Format::Auto => terminal,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(OneLine { to, colours: as_text && terminal });
    if as_text {
        lines.with_ansi(terminal).boxed()
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    }
}

/// Writes each event as one line, whatever stands in it: who reads the log sees no line that nobody wrote, and a terminal
/// is not told what to do.
#[derive(Debug, Clone)]
struct OneLine<W> {
    to: W,
    /// True if the formatter colours lines.
    colours: bool,
}

impl<'a> MakeWriter<'a> for OneLine<NonBlocking> {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}

impl<W: Write> Write for OneLine<W> {
    /// Takes a whole event, with the end of its line: that is how the formatter hands it over.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        if line.contains(is_control) {
            let line = escaped(line, self.colours);
            self.to.write_all((line + end).as_bytes())?;
        } else {
            self.to.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// The same with every control character written out, except those of colours if there may be any.
fn escaped(line: &str, colours: bool) -> String {
    let mut escaped = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let colour = if colours { colour(rest) } else { "" };
        let taken = if colour.is_empty() { &rest[..letter.len_utf8()] } else { colour };
        match letter {
            _ if !colour.is_empty() => escaped.push_str(colour),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            letter if is_control(letter) => escaped.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => escaped.push(letter),
        }
        rest = &rest[taken.len()..];
    }
    escaped
}

/// What the text begins with if that only changes colours: `ESC [ 1 ; 31 m`.
fn colour(text: &str) -> &str {
    let Some(numbers) = text.strip_prefix("\u{1b}[") else { return "" };
    let end = numbers.find(|letter: char| !letter.is_ascii_digit() && letter != ';');
    match end {
        Some(end) if numbers[end..].starts_with('m') => &text[..end + 3],
        _ => "",
    }
}

/// A control character, or what somebody else may take for the end of a line.
fn is_control(letter: char) -> bool {
    letter.is_control() && letter != '\t' || matches!(letter, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Where the lines of a test go.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for OneLine<Page> {
        type Writer = Self;

        fn make_writer(&'a self) -> Self::Writer {
            self.clone()
        }
    }

    const HOSTILE: [&str; 6] = [
        "two\nlines",
        "{\"level\":\"ERROR\"}\r\n{\"level\":\"ERROR\",\"message\":\"forged\"}",
        "\u{2028}one\u{2029}two\u{85}three\u{b}four\u{c}",
        "\u{1b}[2J\u{1b}[31mred",
        "quote \" backslash \\ brace }",
        "nul \0 bell \u{7}",
    ];

    fn logged(format: Format) -> String {
        let page = Page::default();
        let subscriber = tracing_subscriber::registry().with(layer(format, page.clone()));
        tracing::subscriber::with_default(subscriber, || {
            for text in HOSTILE {
                tracing::info!(shown = %text, debugged = ?text, text, "{text}");
            }
        });
        String::from_utf8(page.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_stands_in_it() {
        for format in [Format::Json, Format::Text] {
            let log = logged(format);
            assert_eq!(log.matches(is_control).count(), HOSTILE.len(), "{log}");
            assert_eq!(log.lines().count(), HOSTILE.len());
        }
    }

    #[test]
    fn what_was_logged_can_be_read_back() {
        for (line, text) in logged(Format::Json).lines().zip(HOSTILE) {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!((&event["level"], &event["text"]), (&"INFO".into(), &text.into()), "{line}");
        }
    }

    #[test]
    fn a_terminal_is_coloured_and_told_nothing_else() {
        let red = "\u{1b}[1;31m";
        assert_eq!(
            escaped(&format!("{red}x\u{1b}[2J\u{1b}]0;y\u{7}"), true),
            format!("{red}x\\u001b[2J\\u001b]0;y\\u0007")
        );
        assert_eq!(escaped(red, false), "\\u001b[1;31m");
        assert_eq!(escaped("\u{1b}[\u{1b}", true), "\\u001b[\\u001b");
    }
}
