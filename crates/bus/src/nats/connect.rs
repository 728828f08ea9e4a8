//! How the NATS client is set up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions};
use rand::RngExt as _;

use super::link::Signals;
use super::servers::{Login, ServerList};
use crate::{OpenError, Options};

/// Messages that one subscription may have unread: past it they are lost, and [`crate::Link::losses`] grows. The client
/// knows one bound for all subscriptions, and all answers come through one. So it is more than a process may have
/// asked of others at once: whatever holds that process up, an answer that has come is not lost. (A gateway says so of its
/// own bound.) What is unread takes memory, places for it do not.
pub const UNREAD_MAX: usize = 32_768;
/// Calls to the client that may wait to be written. While there is no connection only subscriptions wait
/// here.
const UNWRITTEN_MAX: usize = 1024;
/// One attempt to connect, with its handshake.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The pause between attempts grows to this.
const PAUSE_MAX: Duration = Duration::from_secs(2);
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// Makes the client, which begins to connect by itself, and the signals that it gives.
///
/// # Errors
/// [`OpenError`] if a file cannot be read.
pub(super) async fn connect(
    servers: &ServerList,
    options: &Options,
) -> Result<(Client, Arc<Signals>), OpenError> {
    let signals = Arc::new(Signals::default());
    let (heard, tries) = (Arc::clone(&signals), Arc::clone(&signals));
    let mut connect = ConnectOptions::new()
        .name(&options.name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .connection_timeout(ATTEMPT)
        .ping_interval(options.ping)
        .subscription_capacity(UNREAD_MAX)
        .client_capacity(UNWRITTEN_MAX)
        .reconnect_delay_callback(pause)
        // Leaves the choice to the client: this is where it says what has failed before.
        .reconnect_to_server_callback(move |servers, _| {
            tries.tries(&servers);
            std::future::ready(None)
        })
        .event_callback(move |event| {
            heard.take(&event);
            std::future::ready(())
        });
    connect = match &servers.login {
        Some(Login::Password { user, password }) => connect.user_and_password(user.clone(), password.clone()),
        Some(Login::Token(token)) => connect.token(token.clone()),
        None => connect,
    };
    connect = with_files(connect, options).await?;
    let client = connect.connect(&servers.servers[..]).await;
    Ok((client.map_err(|error| OpenError::Client(error.to_string()))?, signals))
}

async fn with_files(mut connect: ConnectOptions, options: &Options) -> Result<ConnectOptions, OpenError> {
    if let Some(path) = &options.credentials_file {
        connect = connect.credentials_file(path).await.map_err(|error| unusable(path, &error))?;
    }
    if let Some(path) = &options.ca_file {
        readable(path).await?;
        connect = connect.add_root_certificates(path.clone());
    }
    if let Some(own) = &options.client_certificate {
        readable(&own.cert_file).await?;
        readable(&own.key_file).await?;
        connect = connect.add_client_certificate(own.cert_file.clone(), own.key_file.clone());
    }
    Ok(connect)
}

/// The client reads these files at each attempt, and would go on for ever about one that is not there.
async fn readable(path: &Path) -> Result<(), OpenError> {
    tokio::fs::read(path).await.map(|_| ()).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError::File { path: path.to_owned(), reason: error.to_string() }
}

/// How long to wait before an attempt: at once, then longer and longer, and never all clients together.
fn pause(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(16);
    let longest = (PAUSE_FIRST * 2_u32.pow(doublings)).min(PAUSE_MAX);
    let shortest = if attempt <= 1 { Duration::ZERO } else { longest / 2 };
    rand::rng().random_range(shortest..=longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_between_attempts_grows_to_a_bound() {
        assert!(pause(1) <= PAUSE_FIRST);
        assert!(pause(4) >= PAUSE_FIRST * 4);
        for attempt in [7, 50, usize::MAX] {
            assert!((PAUSE_MAX / 2..=PAUSE_MAX).contains(&pause(attempt)));
        }
    }
}
