//! The handshake, as functions over the text of headers: what a server checks and answers, what a client asks and
//! checks.

mod client;
mod server;

pub use client::{Answer, BadAnswer, read_answer, request};
pub use server::{BadRequest, Request, accept_key, offered_subprotocols};

/// True if a header that lists words, such as `Connection: keep-alive, Upgrade`, has this one, in any case.
fn lists(header: &str, word: &str) -> bool {
    header.split(',').any(|listed| listed.trim_ascii().eq_ignore_ascii_case(word))
}
