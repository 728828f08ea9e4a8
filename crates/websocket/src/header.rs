//! The header of a frame, read and written.

use crate::mask::Mask;
use crate::{Role, Violation};

/// The longest header: two bytes, eight of length, four of mask.
pub(crate) const HEADER_BYTES_MAX: usize = 14;
/// The longest payload of a close, ping or pong.
pub(crate) const CONTROL_BYTES_MAX: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;
const LENGTH_IN_2: u8 = 126;
const LENGTH_IN_8: u8 = 127;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A later fragment of a message.
    Continuation,
    /// Text, or its first fragment.
    Text,
    /// Bytes, or their first fragment.
    Binary,
    /// The end of the conversation.
    Close,
    /// A question for a sign of life.
    Ping,
    /// A sign of life.
    Pong,
}

impl Opcode {
    const fn parse(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xa => Some(Self::Pong),
            _ => None,
        }
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    pub(crate) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A header that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header {
    pub(crate) opcode: Opcode,
    /// True if the message ends with this frame.
    pub(crate) last: bool,
    pub(crate) mask: Option<Mask>,
    pub(crate) payload_bytes: u64,
}

impl Header {
    /// Reads a header from the beginning of `bytes`: the header and its own length, or `None` if it is not all
    /// there yet. What is wrong is said as soon as the byte that is wrong is there.
    pub(crate) fn parse(bytes: &[u8], role: Role) -> Result<Option<(Self, usize)>, Violation> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let (opcode, last) = parse_first(first)?;
        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let masked = parse_second(second, role, opcode)?;
        let Some((payload_bytes, rest)) = parse_length(second & LENGTH, rest)? else { return Ok(None) };
        let (mask, rest) = match rest.split_first_chunk::<4>() {
            _ if !masked => (None, rest),
            Some((key, rest)) => (Some(Mask::new(*key)), rest),
            None => return Ok(None),
        };
        Ok(Some((Self { opcode, last, mask, payload_bytes }, bytes.len() - rest.len())))
    }
}

fn parse_first(byte: u8) -> Result<(Opcode, bool), Violation> {
    if byte & RESERVED != 0 {
        return Err(Violation::protocol("a reserved bit is set"));
    }
    let opcode = Opcode::parse(byte & OPCODE).ok_or(Violation::protocol("a reserved opcode"))?;
    let last = byte & FIN != 0;
    if opcode.is_control() && !last {
        return Err(Violation::protocol("a fragmented control frame"));
    }
    Ok((opcode, last))
}

fn parse_second(byte: u8, role: Role, opcode: Opcode) -> Result<bool, Violation> {
    let masked = byte & MASKED != 0;
    match role {
        Role::Server if !masked => Err(Violation::protocol("a frame of a client that is not masked")),
        Role::Client if masked => Err(Violation::protocol("a frame of a server that is masked")),
        _ if opcode.is_control() && usize::from(byte & LENGTH) > CONTROL_BYTES_MAX => {
            Err(Violation::protocol("a control frame over 125 bytes"))
        }
        _ => Ok(masked),
    }
}

fn parse_length(short: u8, bytes: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    let (length, rest, at_least) = match short {
        LENGTH_IN_2 => match bytes.split_first_chunk::<2>() {
            Some((length, rest)) => (u64::from(u16::from_be_bytes(*length)), rest, u64::from(LENGTH_IN_2)),
            None => return Ok(None),
        },
        LENGTH_IN_8 => match bytes.split_first_chunk::<8>() {
            Some((length, rest)) => (u64::from_be_bytes(*length), rest, 0x1_0000),
            None => return Ok(None),
        },
        short => (u64::from(short), bytes, 0),
    };
    if length < at_least || length > i64::MAX.unsigned_abs() {
        return Err(Violation::protocol("a length that is not written in the shortest way"));
    }
    Ok(Some((length, rest)))
}

/// A header as it goes out.
pub(crate) struct HeaderBytes {
    bytes: [u8; HEADER_BYTES_MAX],
    len: usize,
}

impl HeaderBytes {
    /// The header of an unfragmented frame, with a mask or without.
    pub(crate) fn new(opcode: Opcode, payload_bytes: usize, key: Option<[u8; 4]>) -> Self {
        let mut header = Self { bytes: [0; HEADER_BYTES_MAX], len: 0 };
        header.push(&[FIN | opcode.bits()]);
        let masked = if key.is_some() { MASKED } else { 0 };
        match (u8::try_from(payload_bytes), u16::try_from(payload_bytes)) {
            (Ok(length), _) if length < LENGTH_IN_2 => header.push(&[masked | length]),
            (_, Ok(length)) => {
                header.push(&[masked | LENGTH_IN_2]);
                header.push(&length.to_be_bytes());
            }
            _ => {
                header.push(&[masked | LENGTH_IN_8]);
                header.push(&(payload_bytes as u64).to_be_bytes());
            }
        }
        header.push(key.as_ref().map_or(&[], |key| key));
        header
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}
