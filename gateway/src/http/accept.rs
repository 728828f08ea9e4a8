//! The listener: one for the whole gateway, exclusive, so that a second process on the same port is told. It
//! hands each socket to the shard with the fewest.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::load::{Load, Slot};

/// How many finished TCP handshakes wait in the kernel.
const BACKLOG: i32 = 4096;
/// How much the kernel may keep for one client that does not read; it would be 4 MiB otherwise. The kernel
/// doubles the number.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// How long to wait when the process is out of descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// A shard's door.
pub(crate) struct Door {
    pub(crate) sockets: mpsc::Sender<(std::net::TcpStream, Slot)>,
    pub(crate) load: Load,
}

/// Binds the public port, exclusively.
///
/// # Errors
/// The system's own: the port is taken, or not ours to take.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Lets a restarted gateway take its port over from sockets that linger; on Linux it does not let two listen.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted sockets inherit these two: that saves two calls for each.
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(StdListener::from(socket))
}

/// Accepts until `stop` is cancelled; then the port is free again.
pub(crate) async fn accept(listener: TcpListener, doors: Vec<Door>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        match accepted.and_then(|(socket, _)| socket.into_std()) {
            Ok(socket) => {
                let Some(door) = doors.iter().min_by_key(|door| door.load.count()) else { return };
                let slot = door.load.enter();
                if door.sockets.send((socket, slot)).await.is_err() {
                    return; // The shards are gone, and so is the gateway.
                }
            }
            Err(error) if is_exhausted(&error) => {
                tracing::warn!(%error, "no more connections can be accepted");
                sleep(BREATH).await;
            }
            // The client went away between its handshake and us.
            Err(error) => tracing::debug!(%error, "a connection was not accepted"),
        }
    }
}

/// Out of descriptors or memory: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`.
fn is_exhausted(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().is_some_and(|code| exhausted.iter().any(|errno| errno.raw_os_error() == code))
}

#[cfg(test)]
mod tests {
    use socket2::SockRef;
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn an_accepted_socket_sends_at_once_and_has_a_bounded_buffer() {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let (client, accepted) =
            tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        client.unwrap();
        let (socket, _) = accepted.unwrap();
        assert!(socket.nodelay().unwrap());
        assert_eq!(SockRef::from(&socket).send_buffer_size().unwrap(), 2 * SEND_BUFFER_BYTES);
    }
}
