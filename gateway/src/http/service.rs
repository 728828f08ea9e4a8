//! HTTP on one socket: hyper's own connection under axum's Router, with a timer and bounds.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How long a client may take for the head of a request, the first as well as the next.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How large the head of a request may be, and how much of a body is buffered.
const BUFFER_BYTES: usize = 16 * 1024;
/// How many headers a request may have.
const HEADERS_MAX: usize = 64;

/// How long a socket is used for HTTP. hyper itself waits for ever for the rest of a body, and for a client that
/// does not read its answer.
const LIVES: Duration = Duration::from_secs(60);
/// How long the last answer may take after that: longer than that to a poll, which may just have begun to wait.
const LAST_ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What answers on a shard's sockets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Service(Router);

impl Service {
    pub(crate) fn new(router: Router) -> Self {
        Self(router)
    }

    /// Answers on a socket until it closes or has become a WebSocket. One that is still HTTP after [`LIVES`] gets
    /// the answer that is under way, if it takes it within [`LAST_ANSWER_WITHIN`], and is closed; so is any once
    /// the gateway is `going`.
    pub(crate) async fn serve(self, socket: TcpStream, going: impl Future<Output = ()>) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(BUFFER_BYTES)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(socket), TowerToHyperService::new(self.0))
            .with_upgrades();
        let mut connection = pin!(connection);
        let over = async {
            tokio::select! {
                () = sleep(LIVES) => {}
                () = going => {}
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => Ok(ended),
            () = over => {
                connection.as_mut().graceful_shutdown();
                timeout(LAST_ANSWER_WITHIN, connection).await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection failed"),
            Err(_) => tracing::debug!("an HTTP connection took too long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::routing::{get, post};
    use std::future::pending;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::*;

    /// How long a client is served that sends this and then neither sends nor reads anything.
    async fn served(request: &str) -> Duration {
        let router = Router::new()
            .route("/", post(|_: Bytes| async {}))
            .route("/much", get(|| async { vec![0_u8; 64 << 20] }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let begin = Instant::now();
        timeout(Duration::from_hours(1), Service::new(router).serve(socket, pending()))
            .await
            .expect("to end");
        begin.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_holds_a_socket_with_a_request_that_never_ends_or_an_answer_that_is_never_read() {
        for request in [
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf",
            "GET /much HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            assert!(served(request).await <= LIVES + LAST_ANSWER_WITHIN + HEAD_WITHIN, "{request}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_socket_is_closed_soon() {
        for request in ["", "GET / HTTP/1.1\r\nhost:", "GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n"] {
            assert!(served(request).await <= 2 * HEAD_WITHIN, "{request:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_asks_for_nothing_holds_up_a_gateway_that_is_going() {
        for request in ["", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (socket, _) = listener.accept().await.unwrap();
            let going = async {
                client.write_all(request.as_bytes()).await.unwrap();
                if !request.is_empty() {
                    client.read_u8().await.expect("an answer");
                }
                sleep(Duration::from_millis(1)).await;
            };
            let begin = Instant::now();
            Service::new(Router::new()).serve(socket, going).await;
            assert!(begin.elapsed() < Duration::from_secs(1), "{request:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_under_way_is_given_although_the_gateway_is_going() {
        let slow = async || {
            sleep(Duration::from_secs(3)).await;
            "done"
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let going = sleep(Duration::from_secs(1));
        Service::new(Router::new().route("/", get(slow))).serve(socket, going).await;
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        assert!(answer.contains("connection: close"), "the client looks for another one: {answer}");
    }
}
