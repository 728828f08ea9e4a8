//! The admin port's listener: one request a connection, few connections, each with a time limit, so that
//! whoever reaches the port can hold nothing for long.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The most connections at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 64;

/// How long one connection may take, request and answer together.
const CONNECTION_LIFE: Duration = Duration::from_secs(5);

/// How long to wait after an accept that failed, when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The admin port, bound.
#[derive(Debug)]
pub(crate) struct Server(TcpListener);

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// If somebody else has it, or it may not be taken.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self)
    }

    /// Which port it has become.
    ///
    /// # Errors
    /// If the system does not say.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves until it is dropped, and with it all its connections.
    pub(crate) async fn run(self, routes: Router) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut connections = JoinSet::new();
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            while connections.try_join_next().is_some() {}
            match self.0.accept().await {
                Ok((socket, _)) => {
                    let routes = routes.clone();
                    connections.spawn(async move {
                        serve(socket, routes).await;
                        drop(place);
                    });
                }
                Err(e) => {
                    tracing::warn!(error = %e, "the admin port could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn serve(socket: TcpStream, routes: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .keep_alive(false)
        .serve_connection(TokioIo::new(socket), TowerToHyperService::new(routes));
    // A probe that goes away or is too slow is the prober's loss: there is nothing to tell here.
    drop(tokio::time::timeout(CONNECTION_LIFE, connection).await);
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn start() -> SocketAddr {
        let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = server.address().unwrap();
        tokio::spawn(server.run(Router::new().route("/healthz", get(|| async { "ok" }))));
        address
    }

    async fn ask(address: SocketAddr) -> String {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn each_connection_has_one_answer() {
        let answer = ask(start().await).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("ok"), "{answer}");
    }

    #[tokio::test]
    async fn silent_connections_lose_their_places() {
        let address = start().await;
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        // The next one waits until the silent ones have used up their time, and is served then.
        let answer = tokio::time::timeout(CONNECTION_LIFE * 4, ask(address)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
