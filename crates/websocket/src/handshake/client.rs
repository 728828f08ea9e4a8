//! A client's side of the handshake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{accept_key, lists};

/// A server whose answer has not ended after so many bytes is not heard out.
const ANSWER_BYTES_MAX: usize = 16_384;

/// Why the answer to a request opens no WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It is not HTTP/1.1, or its head does not end within 16 KiB.
    #[error("the answer is not HTTP/1.1")]
    NotHttp,
    /// The server refused, with this HTTP status.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// It does not switch to WebSocket, or not in answer to our key: nobody there has understood the request.
    #[error("the answer is not one to our handshake")]
    NotOurs,
}

/// What a server agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How long the answer is, in bytes: what follows are frames.
    pub bytes: usize,
    /// The subprotocol that it has chosen.
    pub subprotocol: Option<String>,
}

/// The request of a client. `key` is 16 random bytes; `path` begins with a slash.
#[must_use]
pub fn request(host: &str, path: &str, key: [u8; 16], subprotocols: &[&str]) -> String {
    let key = STANDARD.encode(key);
    let subprotocols = match subprotocols {
        [] => String::new(),
        names => format!("Sec-WebSocket-Protocol: {}\r\n", names.join(", ")),
    };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{subprotocols}\r\n"
    )
}

/// Reads a server's answer from the beginning of what it has sent; `None` if there is more to come. `key` is the
/// one that the request was made with.
///
/// # Errors
/// [`BadAnswer`] says why there will be no WebSocket.
pub fn read_answer(received: &[u8], key: [u8; 16]) -> Result<Option<Answer>, BadAnswer> {
    let Some(end) = received.windows(4).take(ANSWER_BYTES_MAX).position(|at| at == b"\r\n\r\n") else {
        return if received.len() < ANSWER_BYTES_MAX { Ok(None) } else { Err(BadAnswer::NotHttp) };
    };
    let head = str::from_utf8(&received[..end]).map_err(|_| BadAnswer::NotHttp)?;
    let (status_line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    match status(status_line)? {
        101 => {}
        status => return Err(BadAnswer::Status(status)),
    }
    let switches = header(headers, "upgrade").is_some_and(|value| lists(value, "websocket"))
        && header(headers, "connection").is_some_and(|value| lists(value, "upgrade"));
    let expected = accept_key(&STANDARD.encode(key));
    if !switches || header(headers, "sec-websocket-accept") != Some(&*expected) {
        return Err(BadAnswer::NotOurs);
    }
    let subprotocol = header(headers, "sec-websocket-protocol").map(str::to_owned);
    Ok(Some(Answer { bytes: end + 4, subprotocol }))
}

fn status(line: &str) -> Result<u16, BadAnswer> {
    let rest = line.strip_prefix("HTTP/1.1 ").ok_or(BadAnswer::NotHttp)?;
    rest.get(..3).and_then(|digits| digits.parse().ok()).ok_or(BadAnswer::NotHttp)
}

/// The value of the first header of this name.
fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = headers.split("\r\n").filter_map(|line| line.split_once(':'));
    pairs.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::{Request, offered_subprotocols};

    const KEY: [u8; 16] = *b"the sample nonce";
    const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: parlor.v1\r\n\r\n";

    #[test]
    fn a_server_accepts_our_request_and_we_accept_its_answer() {
        let request = request("localhost:1", "/ws?a=b", KEY, &["parlor.v1", "parlor.token.x"]);
        let (line, headers) = request.split_once("\r\n").unwrap();
        assert_eq!(line, "GET /ws?a=b HTTP/1.1");
        let named = |name| header(headers, name);
        let seen = Request {
            upgrade: named("Upgrade"),
            connection: named("Connection"),
            version: named("Sec-WebSocket-Version"),
            key: named("Sec-WebSocket-Key"),
        };
        assert_eq!(seen.accept(), Ok("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()));
        let offered: Vec<_> = offered_subprotocols(named("Sec-WebSocket-Protocol").unwrap()).collect();
        assert_eq!(offered, ["parlor.v1", "parlor.token.x"]);
        let answer = Answer { bytes: GOOD.len(), subprotocol: Some("parlor.v1".to_owned()) };
        assert_eq!(read_answer(format!("{GOOD}frames").as_bytes(), KEY), Ok(Some(answer)));
    }

    #[test]
    fn half_an_answer_is_waited_for_and_an_endless_one_is_not() {
        for end in 0..GOOD.len() {
            assert_eq!(read_answer(&GOOD.as_bytes()[..end], KEY), Ok(None));
        }
        assert_eq!(read_answer(&[b'x'; ANSWER_BYTES_MAX], KEY), Err(BadAnswer::NotHttp));
    }

    #[test]
    fn another_answer_is_refused() {
        let bad = |answer: String| read_answer(answer.as_bytes(), KEY).unwrap_err();
        assert_eq!(bad("HTTP/1.1 403 Forbidden\r\n\r\n".to_owned()), BadAnswer::Status(403));
        assert_eq!(bad("SSH-2.0\r\n\r\n".to_owned()), BadAnswer::NotHttp);
        assert_eq!(bad("HTTP/1.1 é\r\n\r\n".to_owned()), BadAnswer::NotHttp);
        assert_eq!(bad(GOOD.replace("s3pP", "S3pP")), BadAnswer::NotOurs);
        assert_eq!(bad(GOOD.replace("WebSocket\r\n", "h2c\r\n")), BadAnswer::NotOurs);
        assert_eq!(bad(GOOD.replace("Connection", "Not-Connection")), BadAnswer::NotOurs);
    }
}
