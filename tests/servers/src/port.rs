//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result};

/// How often a server is started on another port because somebody was quicker to take the first one.
pub(crate) const ATTEMPTS: usize = 5;

/// A port on 127.0.0.1 that is free at this moment. Somebody else may take it before the server does: whoever
/// starts one tries [`ATTEMPTS`] times.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
