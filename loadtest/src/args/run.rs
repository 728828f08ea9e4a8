//! The run: who, where, how much, how long.

use std::time::Duration;

use clap::Args;

use super::{ConnectArgs, OutputArgs, ThresholdArgs};
use crate::crowd::Comeback;
use crate::layout::Distribution;
use crate::person::Customs;

/// The run: who, where, how much, how long.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    /// Where to connect.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
    /// How many clients join.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) subscribers: u32,
    /// How many rooms there are; they are made on joining.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: u32,
    /// In how many of the rooms each client is. All rooms have about as many clients, or with --distribution zipf
    /// those shares of them; what a client sends goes to one of these rooms, its home.
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms_per_client: u32,
    /// How clients and messages are spread over the rooms.
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) distribution: Distribution,
    /// How many of the clients also send, spread over the rooms.
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) senders: u32,
    /// How many messages a second are sent in all, whatever the servers do.
    #[arg(long, default_value_t = 100.0, value_parser = rate, value_name = "N")]
    rate: f64,
    /// How many messages a second are sent for each room, on average over the rooms. Instead of --rate.
    #[arg(long, value_parser = rate, value_name = "N", conflicts_with = "rate")]
    room_rate: Option<f64>,
    /// Closed loop: a message waits until only this many of those before it are on their way to anybody, and counts
    /// as planned for when its turn has come. With a --rate that nobody reaches, it shows how much the servers can do;
    /// all that is planned is sent, however long that takes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "distribution")]
    pub(crate) in_flight: Option<u32>,
    /// The length of a message's text, in bytes.
    #[arg(long, default_value_t = 128, value_name = "BYTES")]
    pub(crate) size: usize,
    /// How long messages are sent and measured.
    #[arg(long, default_value = "10s", value_parser = duration, value_name = "TIME")]
    pub(crate) duration: Duration,
    /// How long messages are sent before that without being measured. They are audited all the same.
    #[arg(long, default_value = "1s", value_parser = duration, value_name = "TIME")]
    pub(crate) warm_up: Duration,
    /// How long to wait at the end until everybody has everything.
    #[arg(long, default_value = "30s", value_parser = duration, value_name = "TIME")]
    pub(crate) settle: Duration,
    /// Clients whose connection breaks come back, at the next target, after the last message that they saw, and
    /// repeat what was not acknowledged.
    #[arg(long)]
    reconnect: bool,
    /// Clients stay about this long, leave, and come again after what they have seen; each reads the newest messages
    /// when it comes. A client does not leave when it has something to send.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    stay: Option<Duration>,
    /// How long clients that leave are away on average; at the most five times as long.
    #[arg(long, default_value = "3s", value_parser = duration, value_name = "TIME")]
    away: Duration,
    /// What decides when each client comes and goes: the same for the same number.
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// This long after the first message the load tester breaks all connections at once. Implies --reconnect.
    #[arg(long, value_parser = duration, value_name = "TIME")]
    pub(crate) cut: Option<Duration>,
    /// Clients that were cut off in this way come back at a moment within this time, each at its own. [default: at
    /// once]
    #[arg(long, default_value = "0s", hide_default_value = true, value_parser = duration, value_name = "TIME")]
    pub(crate) come_back_within: Duration,
    /// Only the audit decides how the run ends: a load tester that was too slow itself makes no difference (exit
    /// code 4 otherwise). For runs that ask whether anything is lost, not how fast it came.
    #[arg(long)]
    pub(crate) audit_only: bool,
    /// A process of the servers: its processor time a delivery and its memory a client are reported, from /proc;
    /// repeated, they are added up.
    #[arg(long = "server-pid", value_name = "PID")]
    pub(crate) server_pids: Vec<u32>,
    /// What the rooms' names begin with; a number follows. [default: `load-`, a random word and `-`]
    #[arg(long, value_name = "TEXT")]
    pub(crate) room_prefix: Option<String>,
    /// What it may show at the most.
    #[command(flatten)]
    pub(crate) thresholds: ThresholdArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl RunArgs {
    /// True if clients whose connection breaks come back.
    pub(crate) const fn returns(&self) -> bool {
        self.reconnect || self.cut.is_some()
    }

    /// How clients come back whose connection breaks, if they do.
    pub(crate) fn comeback(&self) -> Option<Comeback> {
        self.returns().then_some(Comeback { after_a_cut_within: self.come_back_within })
    }

    /// What clients do beside writing, if they do.
    pub(crate) fn customs(&self) -> Option<Customs> {
        self.stay.map(|stay| Customs { stay, away: self.away, seed: self.seed })
    }

    /// The same run with another rate, in rooms of its own.
    pub(crate) fn at_rate(&self, rate: f64) -> Self {
        let room_prefix =
            self.room_prefix.as_ref().map(|prefix| format!("{prefix}{:08x}-", rand::random::<u32>()));
        Self { rate, room_rate: None, room_prefix, ..self.clone() }
    }

    /// How many messages a second are sent in all.
    pub(crate) fn messages_per_s(&self) -> f64 {
        self.room_rate.map_or(self.rate, |of_a_room| of_a_room * f64::from(self.rooms))
    }
}

/// A time such as `250ms`, `30s`, `5m` or `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err("a time has a unit: 250ms, 30s, 5m, 1h".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=10_000_000.0).contains(&rate) => Ok(rate),
        _ => Err("a rate is a number from 0.001 to 10000000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        for bad in ["", "5", "s", "-1s", "1 s", "1d", "NaNs"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
