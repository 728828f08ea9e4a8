//! `parlor health`: asks a process on this machine whether it can serve, where there is nothing else to ask with: an image
//! without a shell has no HTTP client.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Config;
use crate::failure::Failure;

/// How long each step of the question may take; those who ask give up after some seconds themselves.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest answer that is read. A process has few parts, each with one reason.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// What `/readyz` says at `admin.listen`.
///
/// # Errors
/// [`Failure::NotReady`] with the reasons, or with why nobody answers.
pub(crate) fn run(config: &Config) -> Result<String, Failure> {
    let address = reachable(config.admin.listen);
    let not_ready = |why: String| Failure::NotReady { address, why };
    let answer = ask(address).map_err(|e| not_ready(format!("nobody answers: {e}")))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(not_ready(body.to_owned())),
    }
}

/// Where a process is that listens on all addresses: this machine is one of them.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    write!(socket, "GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.take(ANSWER_BYTES_MAX).read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:9090", "10.1.2.3:9090"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
