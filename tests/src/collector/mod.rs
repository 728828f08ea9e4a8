//! A collector of traces, as small as one can be: it takes OTLP over HTTP or gRPC, and remembers what it was told. Or
//! none at all: somebody who takes the connection and never answers.
//!
//! Its task ends with it. What it remembers is bounded by the test that asks for it.

mod grpc;
mod http;
mod trace;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use trace::{Step, Trace};

use crate::patience::until;

/// A collector that listens. Dropped, it is gone.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    told: Told,
    work: JoinHandle<()>,
}

/// What was told, in the order in which it came.
#[derive(Debug, Clone, Default)]
struct Told(Arc<Mutex<Vec<Step>>>);

impl Told {
    fn take(&self, request: ExportTraceServiceRequest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(trace::steps(request));
    }

    fn all(&self) -> Vec<Step> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Collector {
    /// One that takes OTLP over HTTP, as protobuf.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn over_http() -> Result<Self> {
        let (listener, address) = listen().await?;
        let told = Told::default();
        Ok(Self { address, told: told.clone(), work: tokio::spawn(http::serve(listener, told)) })
    }

    /// One that takes OTLP over gRPC.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn over_grpc() -> Result<Self> {
        let (listener, address) = listen().await?;
        let told = Told::default();
        Ok(Self { address, told: told.clone(), work: tokio::spawn(grpc::serve(listener, told)) })
    }

    /// One that takes connections and whatever comes over them, and never answers.
    ///
    /// # Errors
    /// If there is no port for it.
    pub async fn that_hangs() -> Result<Self> {
        let (listener, address) = listen().await?;
        let work = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((socket, _)) = listener.accept().await {
                held.push(socket);
            }
        });
        Ok(Self { address, told: Told::default(), work })
    }

    /// The same address without anybody behind it: who comes there is refused.
    #[must_use]
    pub fn goes(self) -> String {
        self.endpoint()
    }

    /// What `telemetry.endpoint` is to be.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that it was told so far.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        self.told.all()
    }

    /// Waits for a trace that is as it should be, and gives it.
    ///
    /// # Panics
    /// If none comes.
    pub async fn trace(&self, what: &str, is_it: impl Fn(&Trace) -> bool) -> Trace {
        until(format!("the collector has {what}"), async || {
            Trace::all(self.steps()).into_iter().find(|trace| is_it(trace))
        })
        .await
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn listen() -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
