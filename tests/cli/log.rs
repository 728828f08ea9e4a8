//! The log of a process, and whoever reads it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::parlor::{ADMIN, OPEN, Serving, get, parlor, wait_until};

/// How many lines were lost so far.
fn lost(metrics: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix("parlor_log_lines_dropped_total "));
    line.unwrap().parse().unwrap()
}

/// What is no HTTP, which is worth a line.
fn babble(address: SocketAddr) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(b"what is this?\r\n\r\n").unwrap();
    // Until the connection is closed, in whichever way.
    let _ = socket.read_to_end(&mut Vec::new());
}

#[test]
fn a_log_that_nobody_reads_holds_nothing_up_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = parlor(folder.path(), &["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.env("PARLOR__LOG__LEVEL", "debug").env("PARLOR__LOG__QUEUE_LINES", "4");
    let mut solo = Serving::unread(command);
    let (admin, open) = (solo.address(ADMIN), solo.address(OPEN));
    // A pipe holds some hundred lines.
    wait_until(admin, "/metrics", |_, metrics| {
        (0..20).for_each(|_| babble(open));
        lost(metrics) > 0
    });
    assert_eq!((get(open, "/").0, get(admin, "/healthz").0), (200, 200));
    solo.signal("TERM");
    assert_eq!(solo.ended().code(), Some(0), "nor does it hold up the end");
}
