//! The task of one connection: it waits for the socket, and lets the shard do the rest.

use std::rc::Rc;

use tokio::io::{Interest, Ready};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::yield_now;

use crate::shard::{Shard, SharedShard};
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
        match ready {
            // A socket that is always ready would never make this task wait: everybody else gets a turn first.
            Ok(ready) => {
                if attend_once(&mut shard.borrow_mut(), key, wish, ready) {
                    yield_now().await;
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a socket failed");
                shard.borrow_mut().forget(key);
            }
        }
    }
}

/// Lets a connection write and read. True if there may be more to read.
fn attend_once(shard: &mut Shard, key: ConnectionKey, wish: Wish, ready: Ready) -> bool {
    if ready.is_writable() && wish.write {
        shard.on_writable(key);
    }
    wish.read && (ready.is_readable() || ready.is_read_closed()) && shard.on_readable(key)
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;
    use std::sync::Arc;

    use chat::SystemClock;
    use dialect::native::Native;
    use prometheus::Registry;
    use tokio::sync::mpsc;
    use tokio::task::{LocalSet, spawn_local};

    use super::*;
    use crate::auth::{Reception, Secret, Settings, Verifier};
    use crate::metrics::Metrics;
    use crate::session::EnvParts;
    use crate::settings::Limits;
    use crate::shard::ShardLimits;
    use crate::switchboard::Line;

    /// A pong with a mask: it is heard, and needs no answer.
    const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

    fn shard() -> SharedShard {
        let limits = Limits::default();
        let auth = Settings { secret: Some(Secret::new("x".repeat(32))), ..Settings::default() };
        let env = EnvParts {
            limits,
            presence: crate::settings::Presence::default(),
            auto_create: false,
            reception: Reception::new(Arc::new(Verifier::new(&auth).unwrap()), 0),
            clock: Arc::new(SystemClock),
            sampling: crate::sampling::Sampling::NONE,
        };
        let metrics = Metrics::register(&Registry::new()).unwrap();
        let nobody_listens = Line::tapped(mpsc::channel(1).0);
        let bell = crate::porter::Bell::tapped(mpsc::channel(1).0);
        let limits = ShardLimits {
            frame_bytes: limits.frame_bytes,
            outbox_bytes: limits.outbox_bytes,
            stalled: limits.stalled,
        };
        Rc::new(RefCell::new(Shard::new(env.into_env(), nobody_listens, bell, metrics, limits)))
    }

    /// A socket in which the client has left as much as the kernel takes, before it went away.
    async fn stuffed() -> (TcpStream, usize) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        client.set_nonblocking(true).unwrap();
        let pongs = PONG.repeat(4096);
        let mut stuffed = 0;
        while let Ok(count) = client.write(&pongs) {
            stuffed += count;
        }
        (socket, stuffed)
    }

    #[tokio::test]
    async fn whoever_never_stops_to_talk_leaves_turns_to_the_others() {
        let shard = shard();
        let (socket, stuffed) = stuffed().await;
        let local = LocalSet::new();
        let turns = local.run_until(async {
            let (key, stream, wake) = shard.borrow_mut().add(socket, b"", &Native, None);
            let talker = spawn_local(attend(Rc::clone(&shard), key, stream, wake));
            let mut turns = 0;
            while !talker.is_finished() {
                yield_now().await;
                turns += 1;
            }
            turns
        });
        let turns = turns.await;
        assert!(stuffed > 1 << 20, "the kernel took {stuffed} bytes only");
        assert!(turns >= stuffed / (128 << 10), "{turns} turns in {stuffed} bytes");
    }
}
