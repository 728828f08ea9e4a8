//! A line between a process and a server behind it, which can be cut and mended.
//!
//! One task accepts, one task a connection copies bytes both ways. Dropping the line ends them all.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Result;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// A TCP proxy on 127.0.0.1.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    whole: watch::Sender<bool>,
    task: AbortHandle,
}

impl Line {
    /// Lays a line to a server on 127.0.0.1.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (whole, is_whole) = watch::channel(true);
        let task = tokio::spawn(serve(listener, port, is_whole)).abort_handle();
        Ok(Self { address, whole, task })
    }

    /// Its near end.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Cuts it: connections break, new ones are closed at once.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Mends it: new connections get through.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, port: u16, is_whole: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        if *is_whole.borrow() {
            connections.spawn(carry(near, port, is_whole.clone()));
        }
    }
}

async fn carry(mut near: TcpStream, port: u16, mut is_whole: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await else { return };
    // As a cable would: nothing waits for more.
    let _ = near.set_nodelay(true).and_then(|()| far.set_nodelay(true));
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = is_whole.wait_for(|whole| !whole) => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_line_carries_until_it_is_cut_and_again_when_it_is_mended() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let line = Line::to(server.local_addr().unwrap().port()).await.unwrap();
        for _ in 0..2 {
            let mut near = TcpStream::connect(line.address).await.unwrap();
            let (mut far, _) = server.accept().await.unwrap();
            near.write_all(b"hi").await.unwrap();
            let mut heard = [0; 2];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"hi");
            line.cut();
            assert_eq!(near.read(&mut heard).await.unwrap_or(0), 0, "the connection breaks");
            let mut refused = TcpStream::connect(line.address).await.unwrap();
            assert_eq!(refused.read(&mut heard).await.unwrap_or(0), 0, "a new one is closed");
            line.mend();
        }
    }
}
