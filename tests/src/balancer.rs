//! A TCP balancer as an operator would have it in front of the gateways: one address, health checks, and each new
//! connection to the ready gateway that has the fewest.
//!
//! One task accepts, one a gateway asks for its health, one a connection copies bytes both ways. They end with the
//! balancer; its connections with it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::probe;

/// The pause between two questions for a gateway's health.
const CHECKS: Duration = Duration::from_millis(100);
/// A gateway that says nothing for so long counts as one that is not ready; on a busy machine many are slow to say
/// something.
const HEALTHY_WITHIN: Duration = Duration::from_secs(10);

/// A balancer on 127.0.0.1. Connections go on when their gateway turns unready: only new ones go elsewhere.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    gateways: Arc<Gateways>,
    _tasks: JoinSet<()>,
}

#[derive(Debug)]
struct Gateways {
    all: Vec<Gateway>,
    /// Held while one is chosen: of two who come at the same time the second sees where the first one went.
    choice: Mutex<()>,
}

/// A gateway, as the balancer knows it.
#[derive(Debug)]
struct Gateway {
    /// Where connections go.
    listen: SocketAddr,
    /// Where its health is asked for.
    admin: SocketAddr,
    ready: AtomicBool,
    open: AtomicUsize,
    carried: AtomicUsize,
    /// How often it has turned unready.
    lapses: AtomicUsize,
}

/// One connection's place at a gateway, until this is dropped.
struct Place<'a>(&'a Gateway);

impl Balancer {
    /// Stands in front of gateways, each given by its public address and that of its admin port. Nobody is let
    /// through before one of them was found ready.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn before(gateways: impl IntoIterator<Item = (SocketAddr, SocketAddr)>) -> Result<Self> {
        let all = gateways.into_iter().map(|(listen, admin)| Gateway::new(listen, admin)).collect();
        let gateways = Arc::new(Gateways { all, choice: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        for number in 0..gateways.all.len() {
            let gateways = Arc::clone(&gateways);
            tasks.spawn(async move { gateways.all[number].is_asked().await });
        }
        tasks.spawn(serve(listener, Arc::clone(&gateways)));
        Ok(Self { address, gateways, _tasks: tasks })
    }

    /// The one address that clients know.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether new connections may go to this gateway.
    #[must_use]
    pub fn is_ready(&self, gateway: usize) -> bool {
        self.gateways.all[gateway].ready.load(Ordering::Relaxed)
    }

    /// How many connections this gateway has through here.
    #[must_use]
    pub fn open(&self, gateway: usize) -> usize {
        self.gateways.all[gateway].open.load(Ordering::Relaxed)
    }

    /// How often this gateway has turned unready.
    #[must_use]
    pub fn lapses(&self, gateway: usize) -> usize {
        self.gateways.all[gateway].lapses.load(Ordering::Relaxed)
    }

    /// How many connections this gateway was ever given.
    #[must_use]
    pub fn carried(&self, gateway: usize) -> usize {
        self.gateways.all[gateway].carried.load(Ordering::Relaxed)
    }
}

impl Gateways {
    /// Takes a place at the ready one that has the fewest, of those that have not refused.
    fn enter(&self, refused: &[SocketAddr]) -> Option<Place<'_>> {
        let _chosen_alone = self.choice.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = self.all.iter().filter(|gateway| gateway.ready.load(Ordering::Relaxed));
        let left = ready.filter(|gateway| !refused.contains(&gateway.listen));
        left.min_by_key(|gateway| gateway.open.load(Ordering::Relaxed)).map(Gateway::enter)
    }
}

impl Gateway {
    fn new(listen: SocketAddr, admin: SocketAddr) -> Self {
        let (ready, open, carried, lapses) = Default::default();
        Self { listen, admin, ready, open, carried, lapses }
    }

    /// Asks for its health again and again.
    async fn is_asked(&self) {
        loop {
            let reply = timeout(HEALTHY_WITHIN, probe::get(self.admin, "/readyz")).await;
            let ready = matches!(reply, Ok(Ok(reply)) if reply.status == 200);
            if self.ready.swap(ready, Ordering::Relaxed) && !ready {
                self.lapses.fetch_add(1, Ordering::Relaxed);
            }
            sleep(CHECKS).await;
        }
    }

    fn enter(&self) -> Place<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn serve(listener: TcpListener, gateways: Arc<Gateways>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let gateways = Arc::clone(&gateways);
        connections.spawn(async move { carry(client, &gateways).await });
    }
}

/// Carries a connection to its end. A gateway that does not take it is passed over; without any other the client is
/// hung up on.
async fn carry(mut client: TcpStream, gateways: &Gateways) {
    let mut refused = Vec::new();
    while let Some(place) = gateways.enter(&refused) {
        let Place(gateway) = &place;
        let Ok(mut server) = TcpStream::connect(gateway.listen).await else {
            refused.push(gateway.listen);
            continue;
        };
        gateway.carried.fetch_add(1, Ordering::Relaxed);
        // As a cable would: nothing waits for more.
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        let _ = copy_bidirectional(&mut client, &mut server).await;
        return;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::watch;

    use super::*;
    use crate::patience::until;

    /// Something that answers every connection with its letter, and says whether it is ready.
    struct Backend {
        ends: (SocketAddr, SocketAddr),
        ready: watch::Sender<bool>,
        _tasks: JoinSet<()>,
    }

    impl Backend {
        async fn new(letter: u8) -> Self {
            let (ready, is_ready) = watch::channel(true);
            let (listener, admin) = (listener().await, listener().await);
            let ends = (listener.local_addr().unwrap(), admin.local_addr().unwrap());
            let mut tasks = JoinSet::new();
            tasks.spawn(async move {
                let mut connections = JoinSet::new();
                while let Ok((mut socket, _)) = listener.accept().await {
                    connections.spawn(async move {
                        let mut heard = [0];
                        while socket.read_exact(&mut heard).await.is_ok() {
                            socket.write_all(&[letter]).await.unwrap();
                        }
                    });
                }
            });
            tasks.spawn(async move {
                while let Ok((mut socket, _)) = admin.accept().await {
                    let status = if *is_ready.borrow() { "200 OK" } else { "503 Service Unavailable" };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                    let _ = socket.read(&mut [0; 1024]).await;
                    let _ = socket.write_all(answer.as_bytes()).await;
                }
            });
            Self { ends, ready, _tasks: tasks }
        }
    }

    async fn listener() -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
    }

    async fn becomes(balancer: &Balancer, ready: &[bool]) {
        until(format!("{ready:?} are ready"), async || {
            ready.iter().enumerate().all(|(n, ready)| balancer.is_ready(n) == *ready).then_some(())
        })
        .await;
    }

    /// Asks whoever is behind a connection for its letter.
    async fn asks(client: &mut TcpStream) -> Option<char> {
        client.write_all(b"?").await.ok()?;
        client.read_u8().await.ok().map(char::from)
    }

    #[tokio::test]
    async fn each_connection_goes_to_the_ready_one_with_the_fewest_and_stays_there() {
        let backends = [Backend::new(b'a').await, Backend::new(b'b').await];
        let balancer = Balancer::before(backends.iter().map(|b| b.ends)).await.unwrap();
        becomes(&balancer, &[true, true]).await;
        let mut clients = Vec::new();
        for _ in 0..6 {
            let mut client = TcpStream::connect(balancer.address()).await.unwrap();
            asks(&mut client).await.unwrap();
            clients.push(client);
        }
        assert_eq!((balancer.open(0), balancer.open(1)), (3, 3));

        backends[0].ready.send_replace(false);
        becomes(&balancer, &[false, true]).await;
        let mut letters = Vec::new();
        for client in &mut clients {
            letters.extend(asks(client).await);
        }
        assert_eq!(letters.iter().filter(|letter| **letter == 'a').count(), 3, "they stay");
        let mut late = TcpStream::connect(balancer.address()).await.unwrap();
        assert_eq!(asks(&mut late).await, Some('b'));

        backends[0].ready.send_replace(true);
        becomes(&balancer, &[true, true]).await;
        drop(clients);
        until("they are gone", async || (balancer.open(0) == 0).then_some(())).await;
        let mut again = TcpStream::connect(balancer.address()).await.unwrap();
        assert_eq!(asks(&mut again).await, Some('a'));
        assert_eq!((balancer.carried(0), balancer.carried(1)), (4, 4));
        assert_eq!((balancer.lapses(0), balancer.lapses(1)), (1, 0));
    }

    #[tokio::test]
    async fn one_that_takes_nobody_is_passed_over_and_without_any_clients_are_hung_up_on() {
        let (gone, here) = (Backend::new(b'a').await, Backend::new(b'b').await);
        // Its admin port says that it is ready, but nobody listens any more.
        let nobody = listener().await.local_addr().unwrap();
        let ends = [(nobody, gone.ends.1), here.ends];
        let balancer = Balancer::before(ends).await.unwrap();
        becomes(&balancer, &[true, true]).await;
        let mut client = TcpStream::connect(balancer.address()).await.unwrap();
        assert_eq!(asks(&mut client).await, Some('b'));
        assert_eq!((balancer.carried(0), balancer.open(0)), (0, 0));

        here.ready.send_replace(false);
        becomes(&balancer, &[true, false]).await;
        let mut client = TcpStream::connect(balancer.address()).await.unwrap();
        assert_eq!(asks(&mut client).await, None);
    }

    #[tokio::test]
    async fn when_one_side_has_ended_the_other_hears_of_it() {
        let backend = Backend::new(b'a').await;
        let balancer = Balancer::before([backend.ends]).await.unwrap();
        becomes(&balancer, &[true]).await;
        let mut client = TcpStream::connect(balancer.address()).await.unwrap();
        assert_eq!(asks(&mut client).await, Some('a'));
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        until("its place is free", async || (balancer.open(0) == 0).then_some(())).await;
    }
}
