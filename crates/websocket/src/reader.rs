//! Bytes in, messages out.
//!
//! A reader owns what it has to keep between two reads: nothing while the connection is idle; otherwise the rest of
//! a cut header, of a cut frame or of a fragmented message, at most `message_bytes_max` and a control frame.

mod kept;

use std::ops::Range;

use crate::header::{CONTROL_BYTES_MAX, Header, Opcode};
use crate::{Message, Role, Violation, close};
use kept::{Kept, Part};

/// Reads one side of a connection.
#[derive(Debug)]
pub struct Reader {
    role: Role,
    /// True after a close frame or a violation: what follows is not for us.
    ended: bool,
    message_bytes_max: usize,
    kept: Option<Box<Kept>>,
}

impl Reader {
    /// A reader of messages of at most `message_bytes_max` bytes, all fragments together.
    #[must_use]
    pub const fn new(role: Role, message_bytes_max: usize) -> Self {
        Self { role, ended: false, message_bytes_max, kept: None }
    }

    /// Reads what came from the socket. The messages are to be taken until there are no more.
    #[must_use = "nothing is read before the messages are taken"]
    pub const fn read<'a>(&'a mut self, chunk: &'a mut [u8]) -> Messages<'a> {
        Messages { reader: self, chunk, read: 0 }
    }

    /// True after a close frame or a violation: nothing that comes is read any more.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }

    /// True while the beginning of a frame or of a message is kept, for which the rest has not come.
    #[must_use]
    pub const fn is_inside_message(&self) -> bool {
        self.kept.is_some()
    }

    /// Says whether this frame may come now, and how long its payload is.
    fn admit(&self, header: &Header) -> Result<usize, Violation> {
        let so_far = self.kept.as_ref().and_then(|kept| kept.message_bytes());
        let left = match (header.opcode, so_far) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => CONTROL_BYTES_MAX,
            (Opcode::Continuation, Some(so_far)) => self.message_bytes_max - so_far,
            (Opcode::Continuation, None) => {
                return Err(Violation::protocol("a continuation of nothing"));
            }
            (Opcode::Text | Opcode::Binary, None) => self.message_bytes_max,
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::protocol("a new message inside another"));
            }
        };
        usize::try_from(header.payload_bytes).ok().filter(|bytes| *bytes <= left).ok_or(Violation::TOO_LARGE)
    }

    fn end(&mut self, violation: Violation) -> Violation {
        self.ended = true;
        violation
    }

    /// Forgets the message that was lent, and frees the buffers if nothing else is kept in them.
    fn release(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.forget_lent();
            if self.ended || kept.is_empty() {
                self.kept = None;
            }
        }
    }
}

/// The messages in what was read, lent one after the other.
///
/// Dropped before its end it leaves the rest of the chunk unread: [`Messages::bytes_read`] says where that begins.
#[derive(Debug)]
pub struct Messages<'a> {
    reader: &'a mut Reader,
    chunk: &'a mut [u8],
    read: usize,
}

/// Where a message is.
enum Found {
    InChunk(Opcode, Range<usize>),
    Kept(Part),
}

impl Messages<'_> {
    /// The next message; `None` when the chunk is used up, and after a close frame or a violation.
    // Not an Iterator: what it gives is borrowed from itself.
    #[expect(clippy::should_implement_trait, reason = "a lending iterator cannot implement Iterator")]
    pub fn next(&mut self) -> Option<Result<Message<'_>, Violation>> {
        self.reader.release();
        if self.reader.ended {
            return None;
        }
        match self.find() {
            Ok(found) => found.map(|found| self.lend(found)),
            Err(violation) => Some(Err(self.reader.end(violation))),
        }
    }

    /// How many bytes of the chunk have been read so far, the last message included.
    #[must_use]
    pub const fn bytes_read(&self) -> usize {
        self.read
    }

    fn find(&mut self) -> Result<Option<Found>, Violation> {
        loop {
            let found = match &mut self.reader.kept {
                Some(kept) if kept.is_inside_frame() => self.continue_frame()?,
                _ => match self.header()? {
                    Some(header) => self.begin_frame(header)?,
                    None => return Ok(None),
                },
            };
            if found.is_some() || self.read == self.chunk.len() {
                return Ok(found);
            }
        }
    }

    /// The next header, if it is all there; what there is of it is kept otherwise.
    fn header(&mut self) -> Result<Option<Header>, Violation> {
        let role = self.reader.role;
        if let Some(kept) = &mut self.reader.kept
            && kept.is_inside_header()
        {
            let (header, used) = kept.continue_header(&self.chunk[self.read..], role)?;
            self.read += used;
            return Ok(header);
        }
        let rest = &self.chunk[self.read..];
        if let Some((header, used)) = Header::parse(rest, role)? {
            self.read += used;
            return Ok(Some(header));
        }
        if !rest.is_empty() {
            self.reader.kept.get_or_insert_default().begin_header(rest);
            self.read = self.chunk.len();
        }
        Ok(None)
    }

    /// Lends a message that lies whole in the chunk, and begins to keep every other.
    fn begin_frame(&mut self, mut header: Header) -> Result<Option<Found>, Violation> {
        let size = self.reader.admit(&header)?;
        let whole = header.last && header.opcode != Opcode::Continuation;
        let range = self.read..self.read.saturating_add(size);
        if let (true, Some(payload)) = (whole, self.chunk.get_mut(range.clone())) {
            if let Some(mask) = &mut header.mask {
                mask.apply(payload);
            }
            self.read = range.end;
            return Ok(Some(Found::InChunk(header.opcode, range)));
        }
        self.reader.kept.get_or_insert_default().begin_frame(&header, size);
        self.continue_frame()
    }

    fn continue_frame(&mut self) -> Result<Option<Found>, Violation> {
        let limit = self.reader.message_bytes_max;
        let kept = self.reader.kept.get_or_insert_default();
        let (part, used) = kept.continue_frame(&mut self.chunk[self.read..], limit)?;
        self.read += used;
        Ok(part.map(Found::Kept))
    }

    fn lend(&mut self, found: Found) -> Result<Message<'_>, Violation> {
        let (opcode, payload) = match found {
            Found::InChunk(opcode, range) => (opcode, &self.chunk[range]),
            Found::Kept(part) => self.reader.kept.get_or_insert_default().lend(part),
        };
        let message = match opcode {
            Opcode::Text => {
                simdutf8::basic::from_utf8(payload).map(Message::Text).map_err(|_| Violation::NOT_UTF8)
            }
            Opcode::Binary | Opcode::Continuation => Ok(Message::Binary(payload)),
            Opcode::Ping => Ok(Message::Ping(payload)),
            Opcode::Pong => Ok(Message::Pong(payload)),
            Opcode::Close => close::parse(payload).map(Message::Close),
        };
        self.reader.ended = matches!(message, Ok(Message::Close(_)) | Err(_));
        message
    }
}

impl Drop for Messages<'_> {
    fn drop(&mut self) {
        self.reader.release();
    }
}
