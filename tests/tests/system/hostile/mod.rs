//! Clients that are slow, or mean harm: they cost themselves, a bound, and nobody else anything.

mod floods;
mod hoarders;
mod raw;
mod slow_readers;
mod stuck;

use std::cell::Cell;
use std::time::Duration;

use tokio::time::sleep;
use town::{Server, Town, until};

/// How much memory a gateway may need for one hostile client, with what allocators keep back.
const GROWTH_MAX: u64 = 4 * 1024 * 1024;

/// How much a slow client's kernel keeps for it.
const SMALL_BUFFER: u32 = 4096;

/// How many bytes more than before a server uses at the most while something happens.
async fn growth(server: &Server, happening: impl Future) -> u64 {
    let before = server.memory();
    let mut most = before;
    let watching = async {
        loop {
            most = most.max(server.memory());
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = happening => {}
        () = watching => {}
    }
    most - before
}

/// The pause of those who talk meanwhile: well within what anybody may send by default.
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until a gateway has dismissed so many as too slow.
async fn dismissed(gateway: &Server, count: f64) {
    until(format!("{count} are dismissed"), async || {
        (gateway.metric("parlor_slow_consumers_total").await >= count).then_some(())
    })
    .await;
}

/// Two people at gateways 0 and 1 talk for as long as something happens: it keeps none of them from it.
async fn others_talk_during<T>(town: &Town, room: &str, happening: impl Future<Output = T>) -> T {
    let (ana, ben) = (town.person("ana").at(0).joins(room).await, town.person("ben").at(1).joins(room).await);
    let over = Cell::new(false);
    let happening = async {
        let happened = happening.await;
        over.set(true);
        happened
    };
    let talking = async {
        let mut said = 0;
        while !over.get() || said == 0 {
            ana.says(room, "one").await;
            ben.says(room, "two").await;
            said += 2;
            sleep(PAUSE).await;
        }
        said
    };
    let (happened, said) = tokio::join!(happening, talking);
    assert!(ana.is_here() && ben.is_here());
    ana.sees(room, said).await;
    ben.sees(room, said).await;
    happened
}
