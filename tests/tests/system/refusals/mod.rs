//! What is refused, by the table of codes and close codes; and that it costs nobody else anything.

mod cable;
mod doors;
mod frames;
mod long_poll;
mod phoenix;
mod pusher;
mod tokens;

use serde_json::json;
use town::{Closed, Person, Town};

/// Two people who talk on the gateway at which others misbehave.
struct Bystanders {
    ana: Person,
    ben: Person,
}

impl Bystanders {
    async fn of(town: &Town) -> Self {
        Self { ana: town.person("ana").joins("quiet").await, ben: town.person("ben").joins("quiet").await }
    }

    /// They talk as if nothing had happened.
    async fn talk(&self) {
        let sent = self.ana.says("quiet", "as if nothing had happened").await;
        let seen = self.ben.sees("quiet", usize::try_from(sent.seq).unwrap_or(usize::MAX)).await;
        assert_eq!(seen.last().map(|message| message.seq), Some(sent.seq));
    }
}

/// The connection was closed with this code and word, and the word was said in a `bye` before.
fn assert_dismissed(closed: &Closed, code: &str, close_code: u16, what: &str) {
    assert_eq!(closed.code, Some(close_code), "{what}: {closed:?}");
    let bye = closed.bye.clone().unwrap_or_default();
    assert_eq!(bye["code"], code, "{what}: {closed:?}");
}

/// The connection is still there.
async fn assert_stays(person: &Person, what: &str) {
    assert_eq!(person.asks(json!({ "type": "ping" })).await["type"], "pong", "{what}");
}
