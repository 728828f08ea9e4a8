//! Whatever comes in, in every dialect: no panic, marks and bodies within their bounds, and a refusal that can be said.
#![no_main]

use std::sync::LazyLock;

use dialect::{Command, DecodeLimits, Dialect, Frame, Mark, OpenRequest, Say, Settings, dialects};
use libfuzzer_sys::fuzz_target;

static DIALECTS: LazyLock<Vec<&dyn Dialect>> = LazyLock::new(|| {
    dialects(Settings { pusher: dialect::pusher::Settings::of_development(), ..Settings::default() })
});

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 100 };

fuzz_target!(|bytes: &[u8]| {
    for dialect in &*DIALECTS {
        hear(*dialect, Frame::Binary(bytes));
        if let Ok(text) = std::str::from_utf8(bytes) {
            hear(*dialect, Frame::Text(text));
            open(*dialect, text);
        }
    }
});

fn hear(dialect: &dyn Dialect, frame: Frame<'_>) {
    let mut commands = Vec::new();
    let mut said = Vec::new();
    if let Err(refusal) = dialect.decode(frame, &LIMITS, &mut commands) {
        dialect.farewell(&refusal, &mut said);
    }
    for command in &commands {
        match command {
            Command::Refuse { mark, alias, id, refusal } => {
                check(mark);
                dialect.say(&Say::Refused { mark, alias: alias.as_ref(), id: id.as_ref(), refusal }, &mut said);
            }
            Command::Ping { mark } => {
                check(mark);
                dialect.say(&Say::Pong { mark }, &mut said);
            }
            Command::Join { mark, .. } | Command::Leave { mark, .. } | Command::Send { mark, .. } => check(mark),
            Command::Enter { mark, .. } => check(mark),
            Command::Hello { mark, .. } | Command::History { mark, .. } | Command::Rooms { mark } => check(mark),
            Command::Attend { mark, .. } | Command::Who { mark, .. } | Command::Typing { mark, .. } => check(mark),
            Command::SignIn { mark, .. } | Command::TuneIn { mark, .. } | Command::TuneOut { mark, .. } => check(mark),
            Command::Whisper { mark, whisper, .. } | Command::Call { mark, whisper, .. } => {
                check(mark);
                assert!(whisper.data().len() <= LIMITS.body_bytes);
            }
        }
    }
    assert!(std::str::from_utf8(&said).is_ok());
}

fn check(mark: &Mark) {
    assert!(mark.as_str().len() <= Mark::BYTES_MAX);
}

/// Each line is another part of the request.
fn open(dialect: &dyn Dialect, text: &str) {
    let mut lines = text.lines();
    let request = OpenRequest {
        path: "/app/key",
        query: lines.next().unwrap_or_default(),
        authorization: lines.next(),
        jid: None,
        cookie: lines.next(),
        protocols: lines.collect(),
        query_token: true,
    };
    let _ = dialect.open(&request);
}
