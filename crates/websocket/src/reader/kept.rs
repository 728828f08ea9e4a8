//! What a reader keeps between two reads: the beginning of a header, of a frame, or of a message.
//!
//! Owned by the reader, made when something is cut and dropped as soon as nothing is. Bound: a header, a control
//! frame, and a message of the reader's limit.

use crate::header::{HEADER_BYTES_MAX, Header, Opcode};
use crate::mask::Mask;
use crate::{Role, Violation};

/// The unfinished business of a connection.
#[derive(Debug, Default)]
pub(super) struct Kept {
    header: [u8; HEADER_BYTES_MAX],
    header_bytes: usize,
    /// The frame whose payload is coming.
    frame: Option<Frame>,
    /// The message whose fragments, or whose only frame, are coming.
    message: Option<Unfinished>,
    /// The payload of a control frame: it may come between the fragments of a message.
    control: Vec<u8>,
    /// What was lent last, to be forgotten when the reader goes on.
    lent: Option<Part>,
}

/// What of it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Message,
    Control(Opcode),
}

#[derive(Debug)]
struct Frame {
    opcode: Opcode,
    last: bool,
    mask: Option<Mask>,
    bytes_left: usize,
}

#[derive(Debug)]
struct Unfinished {
    opcode: Opcode,
    bytes: Vec<u8>,
    /// How many of the bytes are known to be whole characters.
    checked: usize,
}

impl Kept {
    pub(super) const fn is_empty(&self) -> bool {
        !self.is_inside_header() && !self.is_inside_frame() && self.message.is_none()
    }

    pub(super) const fn is_inside_header(&self) -> bool {
        self.header_bytes > 0
    }

    pub(super) const fn is_inside_frame(&self) -> bool {
        self.frame.is_some()
    }

    /// How much there is of a fragmented message, if there is one.
    pub(super) fn message_bytes(&self) -> Option<usize> {
        self.message.as_ref().map(|message| message.bytes.len())
    }

    /// Keeps the beginning of a header, at most 13 bytes.
    pub(super) fn begin_header(&mut self, bytes: &[u8]) {
        self.header[..bytes.len()].copy_from_slice(bytes);
        self.header_bytes = bytes.len();
    }

    /// Goes on with a header: gives it when it is complete, and how much of the chunk belonged to it.
    pub(super) fn continue_header(
        &mut self,
        chunk: &[u8],
        role: Role,
    ) -> Result<(Option<Header>, usize), Violation> {
        for (at, byte) in chunk.iter().enumerate() {
            self.header[self.header_bytes] = *byte;
            self.header_bytes += 1;
            if let Some((header, _)) = Header::parse(&self.header[..self.header_bytes], role)? {
                self.header_bytes = 0;
                return Ok((Some(header), at + 1));
            }
        }
        Ok((None, chunk.len()))
    }

    /// Begins a frame that was admitted with so many bytes of payload.
    pub(super) fn begin_frame(&mut self, header: &Header, payload_bytes: usize) {
        let Header { opcode, last, mask, .. } = *header;
        self.frame = Some(Frame { opcode, last, mask, bytes_left: payload_bytes });
        if matches!(opcode, Opcode::Text | Opcode::Binary) {
            self.message = Some(Unfinished { opcode, bytes: Vec::new(), checked: 0 });
        }
    }

    /// Takes the part of the chunk that belongs to the frame: gives what it completes, and how much that was.
    pub(super) fn continue_frame(
        &mut self,
        chunk: &mut [u8],
        message_bytes_max: usize,
    ) -> Result<(Option<Part>, usize), Violation> {
        let Some(frame) = &mut self.frame else { return Ok((None, 0)) };
        let used = frame.bytes_left.min(chunk.len());
        let piece = &mut chunk[..used];
        if let Some(mask) = &mut frame.mask {
            mask.apply(piece);
        }
        frame.bytes_left -= used;
        match &mut self.message {
            Some(message) if !frame.opcode.is_control() => message.append(piece, message_bytes_max)?,
            _ => self.control.extend_from_slice(piece),
        }
        if frame.bytes_left > 0 {
            return Ok((None, used));
        }
        let (opcode, last) = (frame.opcode, frame.last);
        self.frame = None;
        self.lent = match opcode.is_control() {
            true => Some(Part::Control(opcode)),
            false => last.then_some(Part::Message),
        };
        Ok((self.lent, used))
    }

    /// The part that is complete.
    pub(super) fn lend(&self, part: Part) -> (Opcode, &[u8]) {
        match (part, &self.message) {
            (Part::Control(opcode), _) => (opcode, &self.control),
            (Part::Message, Some(message)) => (message.opcode, &message.bytes),
            (Part::Message, None) => (Opcode::Binary, &[]),
        }
    }

    pub(super) fn forget_lent(&mut self) {
        match self.lent.take() {
            Some(Part::Message) => self.message = None,
            Some(Part::Control(_)) => self.control.clear(),
            None => {}
        }
    }
}

impl Unfinished {
    /// Adds a piece, and fails as soon as no continuation could make the text UTF-8.
    fn append(&mut self, piece: &[u8], bytes_max: usize) -> Result<(), Violation> {
        let needed = self.bytes.len() + piece.len();
        if needed > self.bytes.capacity() {
            // Doubled, so that a message in many pieces is not copied for each, but never past the limit.
            let target = needed.max(bytes_max.min(needed.saturating_mul(2)));
            self.bytes.reserve_exact(target - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        if self.opcode == Opcode::Text { self.check() } else { Ok(()) }
    }

    fn check(&mut self) -> Result<(), Violation> {
        match simdutf8::compat::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            // Cut inside a character: the rest may come.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NOT_UTF8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_in_many_pieces_never_takes_more_than_the_limit() {
        let mut message = Unfinished { opcode: Opcode::Binary, bytes: Vec::new(), checked: 0 };
        let mut moves = 0;
        for _ in 0..1000 {
            let before = message.bytes.capacity();
            message.append(&[0], 1000).unwrap();
            moves += usize::from(message.bytes.capacity() != before);
            assert!(message.bytes.capacity() <= 1000);
        }
        assert!(moves <= 10, "{moves} moves are more than doubling needs");
    }
}
