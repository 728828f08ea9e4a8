//! Long polling at `/socket/longpoll`, for clients that can open no WebSocket: what stands around the frames, which are the
//! same. A session's token, and who keeps it, are not of this file.
//!
//! What an answer means stands in its JSON: the library looks at no HTTP status.

use std::borrow::Cow;

use base64::Engine as _;
use serde::Serialize;

use super::open::BASE64;
use crate::json;

/// The most frames of one request: the library sends no more.
pub const LINES_MAX: usize = 100;

/// What a poll or a post is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollReply<'a> {
    /// To a poll: a session has begun, with this token. The library is open from now on.
    Opened(&'a str),
    /// To a poll: what has come for the session of this token; nothing within the time that a poll may take.
    Frames(&'a str, &'a [String]),
    /// To a post: it is on its way.
    Taken,
    /// There is no such session, or no longer: the library fails its connection, and opens another one.
    Gone,
    /// Nobody may come in so.
    Refused,
    /// To a post: this is no text, or more than [`LINES_MAX`] frames.
    Unreadable,
    /// To a post, or a frame of it.
    TooLarge,
    /// Nobody knows: the library fails its connection, and opens another one later.
    Failed,
}

#[derive(Serialize)]
struct Envelope<'a> {
    status: u16,
    token: Option<&'a str>,
    messages: &'a [String],
}

impl<'a> PollReply<'a> {
    /// As it stands on the wire.
    #[must_use]
    pub fn to_json(self) -> Vec<u8> {
        let (token, messages) = match self {
            Self::Opened(token) => (Some(token), &[][..]),
            Self::Frames(token, frames) => (Some(token), frames),
            _ => (None, &[][..]),
        };
        let mut json = Vec::new();
        json::write(&Envelope { status: self.status(), token, messages }, &mut json);
        json
    }

    /// A promise to clients. To a poll the library knows 200, 204, 403, 410 and 500 only.
    const fn status(self) -> u16 {
        match self {
            Self::Frames(_, []) => 204,
            Self::Frames(..) | Self::Taken => 200,
            Self::Opened(_) | Self::Gone => 410,
            Self::Refused => 403,
            Self::Unreadable => 400,
            Self::TooLarge => 413,
            Self::Failed => 500,
        }
    }
}

/// The tokens in a URL, the application's own and that of a session: both may be called `token`.
pub fn tokens(query: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let parameters = form_urlencoded::parse(query.as_bytes());
    parameters.filter(|(name, _)| name == "token").map(|(_, token)| token)
}

/// The frames of a post, each as [`polled_frame`] reads it. `None` if they are more than [`LINES_MAX`].
#[must_use]
pub fn lines(content_type: Option<&str>, body: String) -> Option<Vec<String>> {
    let is_lines = content_type.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("application/x-ndjson")
    });
    if !is_lines {
        return Some(vec![body]);
    }
    let lines: Vec<_> = body.lines().filter(|line| !line.is_empty()).take(LINES_MAX + 1).collect();
    (lines.len() <= LINES_MAX).then(|| lines.into_iter().map(str::to_owned).collect())
}

/// A frame of a client that polls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolledFrame<'a> {
    /// A text frame.
    Text(&'a str),
    /// A binary frame.
    Binary(Vec<u8>),
}

/// Reads a frame as it was posted: what begins as no frame of text does is base64 of a binary one, if it is that.
#[must_use]
pub fn polled_frame(line: &str) -> PolledFrame<'_> {
    if line.starts_with(['[', '{']) {
        return PolledFrame::Text(line);
    }
    BASE64.decode(line).map_or(PolledFrame::Text(line), PolledFrame::Binary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_what_the_library_reads() {
        let frames = [r#"[null,null,"room:42","shout",{}]"#.to_owned()];
        for (reply, json) in [
            (PollReply::Opened("t"), r#"{"status":410,"token":"t","messages":[]}"#),
            (PollReply::Frames("t", &[]), r#"{"status":204,"token":"t","messages":[]}"#),
            (
                PollReply::Frames("t", &frames),
                r#"{"status":200,"token":"t","messages":["[null,null,\"room:42\",\"shout\",{}]"]}"#,
            ),
            (PollReply::Taken, r#"{"status":200,"token":null,"messages":[]}"#),
            (PollReply::Gone, r#"{"status":410,"token":null,"messages":[]}"#),
            (PollReply::Refused, r#"{"status":403,"token":null,"messages":[]}"#),
            (PollReply::Unreadable, r#"{"status":400,"token":null,"messages":[]}"#),
            (PollReply::TooLarge, r#"{"status":413,"token":null,"messages":[]}"#),
            (PollReply::Failed, r#"{"status":500,"token":null,"messages":[]}"#),
        ] {
            assert_eq!(String::from_utf8(reply.to_json()).unwrap(), json);
        }
    }

    #[test]
    fn the_tokens_of_a_url_come_in_order() {
        let all: Vec<_> = tokens("token=a%2Bb&vsn=2.0.0&x=y&token=&token=s&tokens=no").collect();
        assert_eq!(all, ["a+b", "", "s"]);
        assert_eq!(tokens("vsn=2.0.0&").count(), 0);
    }

    #[test]
    fn a_post_is_one_frame_or_one_a_line() {
        let body = "[1]\n\r\n{\"topic\":\"x\"}\r\nAAEC\n";
        let ndjson = Some("Application/X-NDJSON; charset=utf-8");
        assert_eq!(lines(ndjson, body.to_owned()).unwrap(), ["[1]", "{\"topic\":\"x\"}", "AAEC"]);
        for other in [None, Some("application/json"), Some("text/plain")] {
            assert_eq!(lines(other, body.to_owned()).unwrap(), [body], "{other:?}");
        }
        assert_eq!(lines(ndjson, "[]\n".repeat(LINES_MAX)).unwrap().len(), LINES_MAX);
        assert_eq!(lines(ndjson, "[]\n".repeat(LINES_MAX + 1)), None);
        assert_eq!(lines(ndjson, "\n".repeat(1 << 20)).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_line_is_text_or_base64() {
        for (line, frame) in [
            ("[1]", PolledFrame::Text("[1]")),
            ("{}", PolledFrame::Text("{}")),
            ("AAEC", PolledFrame::Binary(vec![0, 1, 2])),
            ("AAE", PolledFrame::Binary(vec![0, 1])),
            ("no base64", PolledFrame::Text("no base64")),
            (" [1]", PolledFrame::Text(" [1]")),
        ] {
            assert_eq!(polled_frame(line), frame);
        }
    }
}
