//! Each fault over real sockets.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};

use super::*;
use crate::patience::{PATIENCE, until};

/// A line, and the server behind it.
struct Laid {
    server: TcpListener,
    line: Line,
}

impl Laid {
    async fn new() -> Self {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let line = Line::to(server.local_addr().unwrap().port()).await.unwrap();
        Self { server, line }
    }

    /// Both ends of a new connection.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(self.line.address).await.unwrap();
        (near, bounded(self.server.accept()).await.unwrap().0)
    }

    async fn is_refused(&self) {
        assert!(is_over(&mut TcpStream::connect(self.line.address).await.unwrap()).await);
    }

    async fn toll(&self, what: &str, mut is_paid: impl FnMut(Toll) -> bool) {
        until(what, async || is_paid(self.line.toll()).then_some(())).await;
    }
}

async fn bounded<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap()
}

/// True if the stream has ended, false if something came instead.
async fn is_over(stream: &mut TcpStream) -> bool {
    bounded(stream.read(&mut [0])).await.unwrap_or(0) == 0
}

async fn says(stream: &mut TcpStream, what: &str) {
    bounded(stream.write_all(what.as_bytes())).await.unwrap();
}

async fn hears(stream: &mut TcpStream, what: &str) {
    let mut heard = vec![0; what.len()];
    bounded(stream.read_exact(&mut heard)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), what);
}

fn hears_nothing_yet(stream: &TcpStream) {
    assert!(stream.try_read(&mut [0]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}

#[tokio::test]
async fn a_line_carries_until_it_is_cut_and_again_when_it_is_mended() {
    let laid = Laid::new().await;
    for round in 1..=2 {
        let (mut near, mut far) = laid.connect().await;
        says(&mut near, "hi").await;
        hears(&mut far, "hi").await;
        laid.line.cut();
        assert!(is_over(&mut near).await && is_over(&mut far).await, "the connection breaks");
        laid.is_refused().await;
        laid.line.mend();
        laid.toll("the cut is counted", |toll| toll.broken == round).await;
    }
    assert_eq!(laid.line.toll(), Toll { connections: 2, broken: 2, refused: 2, ..Toll::default() });
}

#[tokio::test]
async fn a_cut_that_is_mended_at_once_breaks_connections_all_the_same() {
    let laid = Laid::new().await;
    // Often: the connection is woken by the cut and by the mending at once, and must not take them in any order.
    for round in 1..=20 {
        let (mut near, mut far) = laid.connect().await;
        laid.line.hold(Way::Back);
        says(&mut far, "the answer").await;
        laid.toll("it is held", |toll| toll.held_bytes == 10 * round).await;
        laid.line.cut();
        laid.line.mend();
        assert!(is_over(&mut near).await, "the answer is lost");
    }
}

#[tokio::test]
async fn the_end_of_one_side_is_passed_on_and_the_other_side_may_still_answer() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    near.shutdown().await.unwrap();
    assert!(is_over(&mut far).await);
    says(&mut far, "bye").await;
    drop(far);
    hears(&mut near, "bye").await;
    assert!(is_over(&mut near).await);
    assert_eq!(laid.line.toll(), Toll { connections: 1, ..Toll::default() });
}

#[tokio::test]
async fn a_line_that_refuses_keeps_the_connections_that_it_has() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.refuse();
    laid.is_refused().await;
    says(&mut near, "still here").await;
    hears(&mut far, "still here").await;
    laid.line.mend();
    laid.connect().await;
    assert_eq!(laid.line.toll(), Toll { connections: 2, refused: 1, ..Toll::default() });
}

#[tokio::test]
async fn a_black_hole_swallows_one_way_and_what_has_lost_bytes_breaks_when_it_is_mended() {
    let laid = Laid::new().await;
    let (mut old, mut old_far) = laid.connect().await;
    let (mut quiet, mut quiet_far) = laid.connect().await;
    laid.line.black_hole(Way::There);
    let (mut new, mut new_far) = laid.connect().await;
    says(&mut old, "lost").await;
    says(&mut new, "gone").await;
    laid.toll("both are swallowed", |toll| toll.swallowed_bytes == 8).await;
    for (near, far) in [(&mut old, &mut old_far), (&mut new, &mut new_far), (&mut quiet, &mut quiet_far)] {
        says(far, "the other way is whole").await;
        hears(near, "the other way is whole").await;
        hears_nothing_yet(far);
    }
    laid.line.mend();
    for mut end in [old, old_far, new, new_far] {
        assert!(is_over(&mut end).await, "nothing that was swallowed comes, nor anything after it");
    }
    says(&mut quiet, "nothing was lost here").await;
    hears(&mut quiet_far, "nothing was lost here").await;
    assert_eq!(laid.line.toll().broken, 2);
}

#[tokio::test]
async fn a_black_hole_swallows_the_end_of_a_connection_too() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.black_hole(Way::Back);
    says(&mut far, "x").await;
    drop(far);
    laid.toll("it is swallowed", |toll| toll.swallowed_bytes == 1).await;
    // More than fits between the ends: somebody must read it, although the server does not any more.
    says(&mut near, &"y".repeat(64 * 1024 * 1024)).await;
    hears_nothing_yet(&near);
    laid.line.mend();
    assert!(is_over(&mut near).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_noticed_through_a_black_hole_only_when_it_is_mended() {
    let Laid { server, line } = Laid::new().await;
    drop(server);
    line.black_hole(Way::Back);
    let mut near = TcpStream::connect(line.address).await.unwrap();
    until("it is taken on", async || (line.toll().connections == 1).then_some(())).await;
    hears_nothing_yet(&near);
    line.mend();
    assert!(is_over(&mut near).await);
}

#[tokio::test]
async fn what_is_held_is_delivered_in_order_when_the_line_is_mended() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.hold(Way::Back);
    says(&mut far, "one ").await;
    laid.toll("the first is held", |toll| toll.held_bytes == 4).await;
    says(&mut far, "two").await;
    laid.toll("the second is held", |toll| toll.held_bytes == 7).await;
    far.shutdown().await.unwrap();
    says(&mut near, "the other way is whole").await;
    hears(&mut far, "the other way is whole").await;
    hears_nothing_yet(&near);
    laid.line.mend();
    hears(&mut near, "one two").await;
    assert!(is_over(&mut near).await, "the end was held too");
    assert_eq!(laid.line.toll().broken, 0);
}

#[tokio::test]
async fn a_line_holds_no_more_than_its_bound_and_then_the_sender_waits() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.hold(Way::There);
    let total = 64 * 1024 * 1024;
    let sender = tokio::spawn(async move { near.write_all(&vec![7; total]).await });
    laid.toll("the bound is reached", |toll| toll.held_bytes >= 4 * 1024 * 1024).await;
    assert!(laid.line.toll().held_bytes < 5 * 1024 * 1024, "{:?}", laid.line.toll());
    assert!(!sender.is_finished(), "backpressure");
    laid.line.mend();
    let mut heard = Vec::new();
    bounded(far.read_to_end(&mut heard)).await.unwrap();
    assert_eq!(heard.len(), total);
}

#[tokio::test]
async fn what_is_held_falls_into_a_black_hole_that_follows() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.hold(Way::There);
    says(&mut near, "held").await;
    laid.toll("it is held", |toll| toll.held_bytes == 4).await;
    laid.line.black_hole(Way::Both);
    laid.toll("it is swallowed", |toll| toll.swallowed_bytes == 4).await;
    laid.line.mend();
    assert!(is_over(&mut far).await);
}

#[tokio::test]
async fn a_delay_lets_each_chunk_arrive_later_without_making_the_next_one_wait() {
    const BY: Duration = Duration::from_secs(1);
    const CHUNKS: u64 = 50;
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.delay(BY);
    let start = Instant::now();
    let sender = async {
        for count in 1..=CHUNKS {
            says(&mut near, &format!("{count:03}")).await;
            laid.toll("the line has it", |toll| toll.delayed_bytes == 3 * count).await;
        }
    };
    let receiver = async {
        for count in 1..=CHUNKS {
            hears(&mut far, &format!("{count:03}")).await;
            assert!(start.elapsed() >= BY, "{:?}", start.elapsed());
        }
    };
    tokio::join!(sender, receiver);
    assert!(start.elapsed() < PATIENCE, "one after another would take 50 s");
    let asked = Instant::now();
    says(&mut far, "back").await;
    hears(&mut near, "back").await;
    assert!(asked.elapsed() >= BY);
}

#[tokio::test]
async fn a_delay_that_is_mended_delivers_at_once() {
    let laid = Laid::new().await;
    let (mut near, mut far) = laid.connect().await;
    laid.line.delay(Duration::from_secs(3600));
    says(&mut near, "late").await;
    laid.toll("the line has it", |toll| toll.delayed_bytes == 4).await;
    hears_nothing_yet(&far);
    laid.line.mend();
    hears(&mut far, "late").await;
}

#[tokio::test]
async fn dropping_a_line_ends_it_and_its_connections() {
    let Laid { server, line } = Laid::new().await;
    let mut near = TcpStream::connect(line.address).await.unwrap();
    let (mut far, _) = server.accept().await.unwrap();
    let address = line.address;
    drop(line);
    assert!(is_over(&mut near).await && is_over(&mut far).await);
    until("nobody listens any more", async || TcpStream::connect(address).await.err()).await;
}
