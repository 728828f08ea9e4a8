//! A client without a library: it does nothing that it is not told to, and reads as badly as it wants.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;
use town::{Token, Town};

/// The opcodes of RFC 6455 that are needed here, with the bit of a last fragment.
const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// A connection, open and identified.
pub(super) struct Raw(TcpStream);

impl Raw {
    /// Comes in at a gateway, with a kernel that keeps `buffer` bytes for it.
    pub(super) async fn enters(town: &Town, gateway: usize, user: &str, buffer: u32) -> Self {
        let entered = Self::open(town.gateways[gateway].listen(), user, buffer).await;
        entered.unwrap_or_else(|e| panic!("{user} does not come in: {e}"))
    }

    async fn open(address: SocketAddr, user: &str, buffer: u32) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(buffer)?;
        let mut stream = socket.connect(address).await?;
        let request = format!(
            "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Authorization: Bearer {}\r\n\r\n",
            Token::of(user).sign()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await?);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
        Ok(Self(stream))
    }

    /// Asks something, if the connection lives.
    pub(super) async fn asks(&mut self, words: &Value) {
        let _ended = self.0.write_all(&frame(TEXT, words.to_string().as_bytes())).await;
    }

    /// Writes pings for as long as the connection lives. Gives how many bytes were taken.
    pub(super) async fn pings(&mut self) -> usize {
        let (pings, mut taken) = (frame(PING, b"").repeat(1000), 0);
        while self.0.write_all(&pings).await.is_ok() {
            taken += pings.len();
        }
        taken
    }

    /// Reads one byte; false if there will be no more.
    pub(super) async fn reads_a_byte(&mut self) -> bool {
        self.0.read_u8().await.is_ok()
    }

    /// Waits until the connection has ended, without reading.
    pub(super) async fn is_cut(&mut self) {
        // What is not read keeps the end from being seen: only a write finds it.
        while self.0.write_all(&frame(PING, b"")).await.is_ok() {
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// A frame with a mask of zeros, which changes nothing.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).expect("a short frame");
    let mut frame = vec![opcode];
    match u8::try_from(length) {
        Ok(short @ ..=125) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
