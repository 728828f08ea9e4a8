//! The task of one connection: it waits for the socket, and lets the shard do the rest.

use std::rc::Rc;

use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::shard::SharedShard;
use crate::switchboard::ConnectionKey;

/// Attends to a connection until its shard has forgotten it.
pub(crate) async fn attend(shard: SharedShard, key: ConnectionKey, stream: Rc<TcpStream>, wake: Rc<Notify>) {
    loop {
        let Some(wish) = shard.borrow_mut().wish(key) else { return };
        let interest = match wish {
            Wish { read: true, write: false } => Interest::READABLE,
            Wish { read: true, write: true } => Interest::READABLE | Interest::WRITABLE,
            Wish { read: false, write: true } => Interest::WRITABLE,
            Wish { read: false, write: false } => {
                wake.notified().await;
                continue;
            }
        };
        let ready = tokio::select! {
            ready = stream.ready(interest) => ready,
            () = wake.notified() => continue,
        };
        let mut shard = shard.borrow_mut();
        match ready {
            Ok(ready) => {
                if ready.is_writable() && wish.write {
                    shard.on_writable(key);
                }
                if (ready.is_readable() || ready.is_read_closed()) && wish.read {
                    shard.on_readable(key);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a socket failed");
                shard.forget(key);
            }
        }
    }
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) read: bool,
    pub(crate) write: bool,
}
