//! `parlor health`.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Output;

use crate::parlor::{ADMIN, Serving, output, parlor, stderr, stdout, wait_for};

/// Asks the process with this admin port.
fn health(admin: SocketAddr) -> Output {
    let folder = tempfile::tempdir().unwrap();
    output(parlor(folder.path(), &["health", "--admin-listen", &admin.to_string()]))
}

#[test]
fn a_process_that_can_serve_is_healthy_also_if_it_listens_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let solo = Serving::solo(folder.path());
    let admin = solo.address(ADMIN);
    wait_for(admin, "/readyz", 200);
    for listen in [admin, (Ipv4Addr::UNSPECIFIED, admin.port()).into()] {
        let asked = health(listen);
        assert!(asked.status.success(), "{}", stderr(&asked));
        assert!(stdout(&asked).contains(r#""ready":true"#), "{}", stdout(&asked));
    }
}

#[test]
fn a_process_that_cannot_serve_is_not_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = parlor(folder.path(), &["gateway", "--bus", "nats://127.0.0.1:1"]);
    command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    command.env("PARLOR__AUTH__SECRET", "0123456789abcdef0123456789abcdef");
    let gateway = Serving::start(command);
    let asked = health(gateway.address(ADMIN));
    assert_eq!(asked.status.code(), Some(1));
    assert!(stderr(&asked).contains("bus"), "{}", stderr(&asked));
}

#[test]
fn nobody_at_all_is_not_healthy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let asked = health(address);
    assert_eq!(asked.status.code(), Some(1));
    assert!(stderr(&asked).contains(&format!("{address}")), "{}", stderr(&asked));
    assert!(stderr(&asked).contains("nobody answers"), "{}", stderr(&asked));
}
