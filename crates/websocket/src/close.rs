//! The payload of a close frame.

use crate::{CloseFrame, Violation};

/// The longest reason that fits a close frame, in bytes.
pub const REASON_BYTES_MAX: usize = 123;

/// Reads the payload of a close frame.
pub(crate) fn parse(payload: &[u8]) -> Result<Option<CloseFrame<'_>>, Violation> {
    if payload.is_empty() {
        return Ok(None);
    }
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return Err(Violation::protocol("half a close code"));
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::protocol("a close code that may not be sent"));
    }
    let reason = simdutf8::basic::from_utf8(reason).map_err(|_| Violation::NOT_UTF8)?;
    Ok(Some(CloseFrame { code, reason }))
}

/// 1004 is reserved; 1005, 1006 and 1015 only say what happened and never travel; 1016–2999 belong to later
/// versions of the protocol.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Writes the payload of a close frame: the code and as much of the reason as fits, cut between characters.
#[must_use]
pub fn close_payload(code: u16, reason: &str) -> Vec<u8> {
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    [&code.to_be_bytes(), reason.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_says_what_was_written() {
        let payload = close_payload(4010, "too_slow");
        assert_eq!(parse(&payload), Ok(Some(CloseFrame { code: 4010, reason: "too_slow" })));
        assert_eq!(parse(&[]), Ok(None));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let payload = close_payload(1000, &"é".repeat(80));
        assert_eq!(payload.len(), 2 + 122);
        assert!(parse(&payload).is_ok());
    }
}
