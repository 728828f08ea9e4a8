//! Frames as they go out. Every one is whole: nothing here fragments.

use bytes::Bytes;

use crate::close_payload;
use crate::header::{HEADER_BYTES_MAX, HeaderBytes, Opcode};
use crate::mask::Mask;

/// The header of a server's frame of 126–65535 bytes: what most messages are, so that their payload need not move.
const HEADER_BYTES_LIKELY: usize = 4;

/// A frame of a server: not masked, so that the same bytes serve every listener.
///
/// A close, ping or pong must have at most 125 bytes; the other side would refuse it otherwise.
#[must_use]
pub fn frame(opcode: Opcode, payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(HEADER_BYTES_MAX + payload.len());
    frame_into(&mut out, opcode, payload);
    out.into()
}

/// Adds a frame of a server to the end of `out`.
pub fn frame_into(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.extend_from_slice(HeaderBytes::new(opcode, payload.len(), None).as_slice());
    out.extend_from_slice(payload);
}

/// A text frame of a server whose payload `write` appends to the buffer that it is given.
#[must_use]
pub fn text(write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
    let mut out = Vec::new();
    text_into(&mut out, write);
    out.into()
}

/// Adds a text frame of a server to the end of `out`: `write` appends the payload, UTF-8, right behind the place
/// that is kept for the header. Only a payload under 126 or over 65 535 bytes is moved, by two or six bytes.
///
/// # Panics
/// If `write` takes away from `out` instead of adding to it.
pub fn text_into(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let payload = start + HEADER_BYTES_LIKELY;
    out.resize(payload, 0);
    write(out);
    let header = HeaderBytes::new(Opcode::Text, out.len().saturating_sub(payload), None);
    out.splice(start..payload, header.as_slice().iter().copied());
}

/// A close frame of a server; a reason over [`crate::REASON_BYTES_MAX`] bytes is cut between characters.
#[must_use]
pub fn close_frame(code: u16, reason: &str) -> Bytes {
    frame(Opcode::Close, &close_payload(code, reason))
}

/// A frame of a client, masked with `key`, which should be a new random one for each frame.
#[must_use]
pub fn masked_frame(opcode: Opcode, payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES_MAX + payload.len());
    masked_frame_into(&mut out, opcode, payload, key);
    out
}

/// Adds a frame of a client to the end of `out`.
pub fn masked_frame_into(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], key: [u8; 4]) {
    out.extend_from_slice(HeaderBytes::new(opcode, payload.len(), Some(key)).as_slice());
    let start = out.len();
    out.extend_from_slice(payload);
    Mask::new(key).apply(&mut out[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_the_shortest_way() {
        for (payload, header) in [
            (0, &[0x82, 0][..]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (65_535, &[0x82, 126, 0xff, 0xff]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = frame(Opcode::Binary, &vec![7; payload]);
            assert_eq!(&frame[..header.len()], header);
            assert_eq!(frame.len(), header.len() + payload);
        }
    }

    #[test]
    fn text_written_in_place_is_the_frame_of_that_text_behind_what_was_there() {
        for bytes in [0, 1, 125, 126, 1000, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; bytes];
            let mut out = b"before".to_vec();
            text_into(&mut out, |out| out.extend_from_slice(&payload));
            assert_eq!(&out[..6], b"before");
            assert_eq!(&out[6..], &frame(Opcode::Text, &payload), "{bytes} bytes");
        }
    }

    #[test]
    fn the_masked_hello_of_the_rfc() {
        let hello = masked_frame(Opcode::Text, b"Hello", [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(hello, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}
