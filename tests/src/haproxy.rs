//! HAProxy before gateways, with the very file that `docker-compose.yml` uses: `deploy/haproxy.cfg`.
//!
//! As in containers, each gateway has an address of its own and all have the same ports, and a name server tells which
//! there are. The addresses are those of a network that this machine has anyway: 127.x.y.0/24, another one for each
//! test.

use std::env;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};

use crate::names::Names;
use crate::probe;
use crate::process::Process;
use crate::program::workspace;

const PROGRAM: &str = "haproxy";
/// Where Debian has it: not always on PATH.
const SYSTEM_PROGRAMS: &str = "/usr/sbin";
const BACKEND: &str = "gateways";
/// What it writes of a gateway that is given connections.
const UP: &str = "UP";

/// A balancer that finds its gateways by name. Dropping it ends it.
#[derive(Debug)]
pub struct HaProxy {
    process: Process,
    network: [u8; 2],
    clients: SocketAddr,
    operators: SocketAddr,
    /// Those of the gateways: where clients are passed to, and where health is asked for.
    ports: (u16, u16),
    names: Names,
    log: PathBuf,
}

/// What it tells of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Table {
    /// The gateways that it knows.
    replicas: Vec<Replica>,
    /// How many connections could not be opened to one gateway, and were given to another one, since the start.
    failed: u64,
}

/// What it knows of one gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its address.
    pub address: IpAddr,
    /// True if it is given new connections.
    pub is_up: bool,
    /// How many connections it has now.
    pub open: u64,
}

impl HaProxy {
    /// Starts it with an empty list of gateways; it writes into `folder`.
    ///
    /// # Errors
    /// If it is not installed: the message says what to install; or if it does not start.
    pub async fn start(folder: &Path) -> Result<Self> {
        let program = installed()?;
        let network = free_network();
        let here = address_in(network, 1);
        let names = Names::on(here.into()).await?;
        let (clients, operators) = two_free(here)?;
        let (listen, admin) = two_free(address_in(network, 2))?;
        let ports = (listen.port(), admin.port());
        let log = folder.join("haproxy.log");
        let output = File::create(&log)?;
        let process = Process::start(&program, |haproxy| {
            haproxy.arg("-db").arg("-f").arg(workspace().join("deploy/haproxy.cfg"));
            for (name, value) in [
                ("CLIENTS", clients.to_string()),
                ("OPERATORS", operators.to_string()),
                ("DNS", names.server().to_string()),
                ("GATEWAY_PORT", ports.0.to_string()),
                ("GATEWAY_ADMIN_PORT", ports.1.to_string()),
                // What a process may have open is little on some machines.
                ("CONNECTIONS_MAX", "2000".to_owned()),
            ] {
                haproxy.env(name, value);
            }
            haproxy.stderr(output.try_clone().map_or_else(|_| std::process::Stdio::null(), Into::into));
            haproxy.stdout(output);
        })?;
        Ok(Self { process, network, clients, operators, ports, names, log })
    }

    /// The one address that clients know.
    #[must_use]
    pub fn clients(&self) -> SocketAddr {
        self.clients
    }

    /// The public address of a gateway, and that of its admin port.
    #[must_use]
    pub fn ends(&self, gateway: usize) -> (SocketAddr, SocketAddr) {
        let address = self.address(gateway);
        ((address, self.ports.0).into(), (address, self.ports.1).into())
    }

    /// From now on these are the replicas, as the name server tells it.
    pub fn knows(&self, gateways: impl IntoIterator<Item = usize>) {
        self.names.are(gateways.into_iter().map(|gateway| self.address(gateway)));
    }

    /// What it knows of a gateway; `None` if it does not know it, or does not answer (yet).
    ///
    /// # Panics
    /// If it has ended.
    pub async fn replica(&mut self, gateway: usize) -> Option<Replica> {
        let address = IpAddr::from(self.address(gateway));
        self.table().await?.replicas.into_iter().find(|replica| replica.address == address)
    }

    /// How many connections were passed to a gateway that did not take them, since the start; `None` if it does not
    /// answer.
    ///
    /// # Panics
    /// If it has ended.
    pub async fn failed(&mut self) -> Option<u64> {
        Some(self.table().await?.failed)
    }

    /// What it has written.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    async fn table(&mut self) -> Option<Table> {
        assert!(self.process.ended().is_none(), "HAProxy has ended:\n{}", self.said());
        let page = probe::get(self.operators, "/;csv").await.ok()?;
        read(&page.body)
    }

    fn address(&self, gateway: usize) -> Ipv4Addr {
        address_in(self.network, u8::try_from(gateway + 2).unwrap_or(u8::MAX))
    }
}

fn installed() -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from(SYSTEM_PROGRAMS)]);
    let found = folders.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file());
    found.context("HAProxy is not installed: install the package haproxy")
}

/// The middle of an address 127.x.y.z that no other test of this machine has now.
fn free_network() -> [u8; 2] {
    static NETWORKS: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id().wrapping_mul(8) + NETWORKS.fetch_add(1, Ordering::Relaxed);
    let [.., x, y] = number.to_be_bytes();
    // 127.0.0.0/24 is everybody's.
    [x.max(1), y]
}

fn address_in([x, y]: [u8; 2], z: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, x, y, z)
}

/// Two ports of this address that are free at this moment, and stay so: nobody else knows of this network.
fn two_free(address: Ipv4Addr) -> Result<(SocketAddr, SocketAddr)> {
    let take = || TcpListener::bind((address, 0)).with_context(|| format!("no free port on {address}"));
    let (one, other) = (take()?, take()?);
    Ok((one.local_addr()?, other.local_addr()?))
}

/// Reads its table: a line with the names of the columns, one for each place that a gateway can have, and one for all
/// of them. A place without an address is free. `None` if this is no such table.
fn read(text: &str) -> Option<Table> {
    let mut lines = text.trim_start_matches("# ").lines().map(|line| line.split(',').collect::<Vec<_>>());
    let columns = lines.next()?;
    let mut failed = None;
    let mut replicas = Vec::new();
    for row in lines {
        let text = |name| row.get(columns.iter().position(|column| *column == name)?).copied();
        let number = |name| text(name)?.parse::<u64>().ok();
        if text("pxname")? != BACKEND {
            continue;
        }
        if text("svname")? == "BACKEND" {
            failed = Some(number("econ")? + number("wretr")? + number("wredis")?);
        } else if let Ok(address) = text("addr")?.parse::<SocketAddr>() {
            let is_up = text("status")?.starts_with(UP);
            replicas.push(Replica { address: address.ip(), is_up, open: number("scur")? });
        }
    }
    Some(Table { replicas, failed: failed? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_the_names_of_its_columns() {
        let table = "# pxname,svname,scur,status,econ,wretr,wredis,addr,\n\
            gateways,gateway-1,3,UP 1/2,1,1,2,127.1.2.3:80,\n\
            gateways,gateway-2,0,DOWN 1/2,0,0,0,127.1.2.4:80,\n\
            gateways,gateway-3,0,MAINT (resolution),0,0,0,,\n\
            gateways,BACKEND,3,UP,1,1,2,,\n\
            clients,FRONTEND,3,OPEN,,,,,\n";
        let replica = |last, is_up, open| Replica { address: [127, 1, 2, last].into(), is_up, open };
        let replicas = vec![replica(3, true, 3), replica(4, false, 0)];
        assert_eq!(read(table), Some(Table { replicas, failed: 4 }));
        assert_eq!(read("503 Service Unavailable"), None);
    }
}
