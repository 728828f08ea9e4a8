//! Requests to the gateway that keeps a session of long polling.

use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::text::Text;
use crate::{Ask, PollSession};

#[derive(Serialize, Deserialize)]
pub(super) struct PollWire {
    session: SessionWire,
}

#[derive(Serialize, Deserialize)]
pub(super) struct PostWire<'a> {
    session: SessionWire,
    #[serde(borrow)]
    lines: Vec<Text<'a>>,
}

/// 32 hexadecimal digits: JSON has no numbers of this size that everybody reads.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct SessionWire(String);

impl PollWire {
    pub(super) fn of(session: PollSession) -> Self {
        Self { session: session.into() }
    }

    pub(super) fn read(&self) -> Result<Ask, Unreadable> {
        Ok(Ask::Poll { session: self.session.read()? })
    }
}

impl<'a> PostWire<'a> {
    pub(super) fn of(session: PollSession, lines: &'a [String]) -> Self {
        Self { session: session.into(), lines: lines.iter().map(Text::of).collect() }
    }

    pub(super) fn read(&self) -> Result<Ask, Unreadable> {
        let lines = self.lines.iter().map(|line| line.as_str().to_owned()).collect();
        Ok(Ask::Post { session: self.session.read()?, lines })
    }
}

impl From<PollSession> for SessionWire {
    fn from(session: PollSession) -> Self {
        Self(format!("{:032x}", session.0))
    }
}

impl SessionWire {
    fn read(&self) -> Result<PollSession, Unreadable> {
        let digits = self.0.len() == 32 && self.0.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = if digits { u128::from_str_radix(&self.0, 16).ok() } else { None };
        number.map(PollSession).ok_or(Unreadable::Value("a session"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Answer;
    use crate::wire::{decode_answer, decode_ask, encode_answer, encode_ask};

    /// A file of `golden/v1`, without its line end.
    macro_rules! golden {
        ($name:literal) => {
            include_str!(concat!("../../golden/v1/", $name, ".json")).trim_end()
        };
    }

    fn lines() -> Vec<String> {
        let odd = "„hi“ \"\\\n\t\u{1}\u{7f}\u{2028} 👍 </script>";
        vec![r#"["1","1","room:42","phx_join",{}]"#.to_owned(), odd.to_owned(), String::new()]
    }

    #[test]
    fn what_is_asked_of_the_gateway_of_a_session_is_written_as_ever() {
        let (session, first) = (PollSession(u128::MAX - 1), PollSession(0x2a));
        for (golden, ask) in [
            (golden!("ask_poll"), Ask::Poll { session }),
            (golden!("ask_post"), Ask::Post { session: first, lines: lines() }),
        ] {
            assert_eq!(String::from_utf8_lossy(&encode_ask(&ask)), golden);
            assert_eq!(decode_ask(golden.as_bytes()), Ok(ask));
        }
        for (golden, answer) in [
            (golden!("answer_frames"), Answer::Frames(lines())),
            (golden!("answer_frames_none"), Answer::Frames(Vec::new())),
        ] {
            assert_eq!(String::from_utf8_lossy(&encode_answer(&answer)), golden);
            assert_eq!(decode_answer(golden.as_bytes()), Ok(answer));
        }
    }

    #[test]
    fn a_session_is_32_digits_and_nothing_else() {
        for bad in ["", "2a", "+000000000000000000000000000002a", &"0".repeat(33), &"é".repeat(16)] {
            let ask = format!(r#"{{"v":1,"poll":{{"session":"{bad}"}}}}"#);
            assert_eq!(decode_ask(ask.as_bytes()), Err(Unreadable::Value("a session")), "{bad:?}");
        }
    }
}
