//! How a connection begins: TCP, then the handshake of WebSocket.

use std::io::{self, ErrorKind};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use websocket::handshake::{self, BadAnswer};

use super::Socket;
use crate::target::Target;

/// A handshake that takes longer has failed.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// Nobody answers there.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Somebody answers, but not as we hoped.
    #[error("{0}")]
    Answer(#[from] BadAnswer),
}

impl Socket {
    /// Connects and shakes hands. With `origin` it comes from the target's own origin, as a browser would say.
    ///
    /// # Errors
    /// [`ConnectError`].
    ///
    /// Cancel safe: the connection is dropped.
    pub(crate) async fn connect(
        target: &Target,
        subprotocols: &[String],
        origin: bool,
    ) -> Result<Self, ConnectError> {
        let connect = async {
            let mut stream = TcpStream::connect(&target.authority).await?;
            stream.set_nodelay(true)?;
            let (key, mut received) = (rand::random(), Vec::new());
            let offered: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
            let mut request = handshake::request(&target.authority, &target.path, key, &offered);
            if origin {
                // Before the empty line that ends it.
                let end = request.len().saturating_sub(2);
                request.insert_str(end, &format!("Origin: http://{}\r\n", target.authority));
            }
            stream.write_all(request.as_bytes()).await?;
            loop {
                if let Some(answer) = handshake::read_answer(&received, key)? {
                    let first = received.split_off(answer.bytes);
                    return Ok(Self::new(stream, first));
                }
                if stream.read_buf(&mut received).await? == 0 {
                    return Err(io::Error::from(ErrorKind::UnexpectedEof).into());
                }
            }
        };
        let late = || io::Error::new(ErrorKind::TimedOut, "the handshake took too long");
        timeout(HANDSHAKE_WITHIN, connect).await.map_err(|_| late())?
    }
}
