//! Names that the server makes up: of connections, and of requests that came without an id.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chat::{ConnectionName, RequestId};

use super::Env;

impl Env {
    /// A new name for a connection of this shard.
    pub(crate) fn name_connection(&self) -> ConnectionName {
        ConnectionName { shard: self.shard, number: self.random_number() }
    }

    /// Whether a name is that of a connection of this shard.
    pub(crate) fn is_here(&self, name: &ConnectionName) -> bool {
        name.shard == self.shard
    }
}

/// An id for a request that came without one.
pub(super) fn made_up_id(env: &Env) -> RequestId {
    RequestId::parse(&letters(env.random())).expect("22 letters, digits, `-` and `_` are a request id")
}

fn letters(name: u128) -> String {
    URL_SAFE_NO_PAD.encode(name.to_be_bytes())
}
