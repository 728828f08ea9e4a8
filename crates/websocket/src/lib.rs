//! RFC 6455, both sides, without I/O: bytes in, messages out; messages in, bytes out.
//!
//! Built for a server with very many connections of which most are silent:
//! * a frame that lies whole in what was read from the socket is unmasked in place and lent, never copied;
//! * an idle connection holds no buffer: only the rest of a cut frame or of a fragmented message is kept, as long
//!   as it is needed;
//! * what a server writes is not masked, so that the same bytes serve every listener.
//!
//! ```
//! use websocket::{Message, Opcode, Reader, Role};
//!
//! let mut from_client = websocket::masked_frame(Opcode::Text, b"hi", [1, 2, 3, 4]);
//! let mut reader = Reader::new(Role::Server, 65_536);
//! let mut messages = reader.read(&mut from_client);
//! while let Some(message) = messages.next() {
//!     assert_eq!(message, Ok(Message::Text("hi")));
//! }
//! ```
//!
//! Extensions are not negotiated: the reserved bits must be 0.

mod close;
pub mod handshake;
mod header;
mod mask;
mod message;
mod reader;
mod writer;

pub use close::{REASON_BYTES_MAX, close_payload};
pub use header::Opcode;
pub use message::{CloseFrame, Message, Role, Violation};
pub use reader::{Messages, Reader};
pub use writer::{close_frame, frame, frame_into, masked_frame, masked_frame_into, text, text_into};
