//! Names that the server makes up: of connections, and of requests that came without an id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::RequestId;

use super::Env;

/// The random name of a connection, of which the first half is that of its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionName {
    shard: u32,
    number: u64,
}

impl ConnectionName {
    /// A new name.
    pub(crate) fn random(env: &Env) -> Self {
        Self { shard: env.shard, number: env.random_number() }
    }

    /// As it is shown: two numbers, which is the form that the libraries of Pusher insist on.
    pub(crate) fn text(self) -> String {
        format!("{}.{}", self.shard, self.number)
    }
}

/// An id for a request that came without one.
pub(super) fn made_up_id(env: &Env) -> RequestId {
    RequestId::parse(&letters(env.random())).expect("22 letters, digits, `-` and `_` are a request id")
}

fn letters(name: u128) -> String {
    URL_SAFE_NO_PAD.encode(name.to_be_bytes())
}
