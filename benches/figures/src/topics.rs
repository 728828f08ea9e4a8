//! What Parlor is held to, topic by topic.

use anyhow::Result;

use crate::line::Figure::{Quotient, Rate, Ratio, Side, Value};
use crate::line::Held::{AtLeast, AtMost, Said};
use crate::line::{Figure, Held, Line, heads};
use crate::measured::Measured;
use crate::page::table;

/// What one call of `benches/run` measures.
pub(crate) struct Topic {
    /// Its name there, and between the marks of the page.
    pub(crate) name: &'static str,
    /// What Parlor is held against.
    beside: &'static str,
    lines: &'static [Line],
}

const CPU: &str = "CPU µs a delivery";
const P99: &str = "p99 ms";
const RATE: &str = "deliveries/s";
const IDLE: &str = "ms of CPU a second";
const RESIDENT: &str = "memory B a client";
const SERVERS_CPU: &str = "/servers/cpu_us_per_delivery";

const fn line(
    what: &'static str,
    unit: &'static str,
    file: &'static str,
    figure: Figure,
    held: Held,
) -> Line {
    Line { what, unit, file, figure, held }
}

/// All of them, in the order of the page.
pub(crate) const TOPICS: [Topic; 11] = [
    Topic {
        name: "fan-out",
        beside: "bare loop",
        lines: &[
            line("One room × 10 000", CPU, "s2", Ratio(CPU), AtMost(1.15)),
            line("", P99, "s2", Ratio(P99), Said),
            line("One room × 1000, 200 messages/s", CPU, "s6", Ratio(CPU), AtMost(1.15)),
            line("", P99, "s6", Ratio(P99), AtMost(2.0)),
            // 200 000 are sent; the time until the last has come is counted in.
            line("", RATE, "s6", Side(RATE), AtLeast(198_000.0)),
            line("990 rooms × 10", CPU, "s3", Ratio(CPU), AtMost(1.4)),
            line("", P99, "s3", Side(P99), AtMost(2.0)),
            line("One room × 1000, saturated", RATE, "s1", Side(RATE), AtLeast(1_200_000.0)),
            line("4950 clients in 20 of 990 rooms each, saturated", CPU, "s5", Side(CPU), AtMost(2.5)),
        ],
    },
    Topic {
        name: "bus",
        beside: "bare loop",
        lines: &[
            line("One room × 10 000, the gateway", CPU, "bus-s2", Ratio(CPU), AtMost(1.15)),
            line("… NATS", CPU, "nats-s2", Value(SERVERS_CPU), Said),
            line("One room × 1000, 200 messages/s, the gateway", CPU, "bus-s6", Ratio(CPU), AtMost(1.15)),
            line("", P99, "bus-s6", Ratio(P99), AtMost(2.0)),
            line("… NATS", CPU, "nats-s6", Value(SERVERS_CPU), Said),
            line("990 rooms × 10, the gateway", CPU, "bus-s3", Ratio(CPU), AtMost(1.4)),
            line("", P99, "bus-s3", Side(P99), AtMost(2.0)),
            line("… NATS", CPU, "nats-s3", Value(SERVERS_CPU), Said),
        ],
    },
    Topic {
        name: "memory",
        beside: "",
        lines: &[line(
            "19 000 idle clients in 1000 rooms",
            "bytes a client",
            "idle-19000",
            Value("/bytes_per_client"),
            AtMost(3072.0),
        )],
    },
    Topic {
        name: "storm",
        beside: "before",
        lines: &[
            line(
                "10 000 clients have come back; beside as many that came once",
                "resident bytes",
                "storm",
                Quotient("/servers/resident_bytes", "idle-10000", "/after_bytes"),
                AtMost(1.1),
            ),
            line("… from the cut until the last was back", "s", "storm", Value("/all_back_s"), Said),
        ],
    },
    Topic {
        name: "handshakes",
        beside: "",
        lines: &[
            line(
                "15 000 clients, a token each",
                "handshakes/s",
                "handshakes",
                Value("/joined_per_s"),
                AtLeast(15_000.0),
            ),
            line("", "CPU µs", "handshakes", Value("/server_cpu_us_per_client"), AtMost(45.0)),
            line("… with a join", "CPU µs", "joins", Value("/server_cpu_us_per_client"), Said),
        ],
    },
    Topic {
        name: "writer",
        beside: "limit",
        lines: &[
            line(
                "Store, 100 000 rooms (zipf)",
                "part of R",
                "store",
                Value("/postgres/spreads/0/one_to_limit"),
                AtLeast(0.55),
            ),
            line("", "messages/s", "store", Value("/postgres/spreads/0/one_writer/per_s"), Said),
            line(
                "Store, one hot room",
                "part of R",
                "store",
                Value("/postgres/spreads/2/one_to_limit"),
                AtLeast(0.8),
            ),
            line(
                "Two writers, 100 000 rooms (zipf)",
                "times one",
                "store",
                Value("/postgres/spreads/0/two_to_one"),
                AtLeast(1.2),
            ),
            line(
                "Store, the fifth million",
                "part of empty",
                "five-million",
                Value("/five_million/full_to_empty"),
                AtLeast(0.55),
            ),
            line(
                "… the latest 50 of a room",
                P99,
                "five-million",
                Value("/five_million/latest_50_ms/p99"),
                AtMost(1.0),
            ),
            line(
                "… 100 after a seq",
                P99,
                "five-million",
                Value("/five_million/after_seq_100_ms/p99"),
                AtMost(2.0),
            ),
            line(
                "SQLite, batches of 100",
                "messages/s",
                "store",
                Value("/sqlite/0/per_s"),
                AtLeast(30_000.0),
            ),
            line(
                "Writer, 20 000 messages/s, arrival to commit; beside 5 × (fdatasync + 0.5 ms)",
                P99,
                "writer",
                Quotient("/loads/1/arrival_to_commit_ms/p99", "writer", "/p99_limit_ms"),
                AtMost(1.0),
            ),
            line(
                "… its processor",
                "CPU µs a message",
                "writer",
                Value("/loads/1/cpu_us/writer"),
                AtMost(10.0),
            ),
            line("… refused", "messages", "writer", Value("/loads/1/refused"), AtMost(0.0)),
            line(
                "Clients, gateway, writer, Postgres: 64 on their way",
                "acknowledged/s",
                "end-to-end",
                Rate("/audit/acknowledged", "/sending_s"),
                AtLeast(20_000.0),
            ),
        ],
    },
    Topic {
        name: "growth",
        beside: "bare loop",
        lines: &[
            line("One room × 10, 5000 messages/s", CPU, "room-of-10", Ratio(CPU), Said),
            line("One room × 100, 500 messages/s", CPU, "room-of-100", Ratio(CPU), Said),
            line("One room × 1000, 50 messages/s", CPU, "room-of-1000", Ratio(CPU), Said),
            line("One room × 10 000, 5 messages/s", CPU, "room-of-10000", Ratio(CPU), Said),
            line(
                "2000 clients in 1 of 1000 rooms each",
                "bytes a client",
                "rooms-each-1",
                Value("/bytes_per_client"),
                Said,
            ),
            line("… in 10", "bytes a client", "rooms-each-10", Value("/bytes_per_client"), Said),
            line("… in 100", "bytes a client", "rooms-each-100", Value("/bytes_per_client"), Said),
        ],
    },
    Topic {
        name: "rooms",
        beside: "",
        lines: &[
            line("1000 clients, all in one room", "resident bytes", "rooms-1", Value("/after_bytes"), Said),
            line("… each in one of its own", "resident bytes", "rooms-1000", Value("/after_bytes"), Said),
            line(
                "… each in 10 of 10 000 (8600 have anybody)",
                "resident bytes",
                "rooms-10000",
                Value("/after_bytes"),
                Said,
            ),
            line(
                "… each in 100 of 100 000 (86 700 have anybody)",
                "resident bytes",
                "rooms-100000",
                Value("/after_bytes"),
                Said,
            ),
            line("2000 messages/s over 1000 rooms of one", CPU, "talk-in-1000", Value(SERVERS_CPU), Said),
            line("… over 10 000", CPU, "talk-in-10000", Value(SERVERS_CPU), Said),
            line("… over 100 000", CPU, "talk-in-100000", Value(SERVERS_CPU), Said),
        ],
    },
    Topic {
        name: "dialects",
        beside: "native",
        lines: &[
            line("Action Cable, one room × 1000", CPU, "dialect-action-cable", Ratio(CPU), AtMost(1.3)),
            line("Phoenix", CPU, "dialect-phoenix", Ratio(CPU), AtMost(1.2)),
            line("Pusher", CPU, "dialect-pusher", Ratio(CPU), AtMost(1.2)),
            line(
                "Strangers refused: Phoenix",
                "a second",
                "refused-phoenix",
                Value("/refused_per_s"),
                AtLeast(10_000.0),
            ),
            line("", "CPU µs", "refused-phoenix", Value("/server_cpu_us_per_refusal"), Said),
            line(
                "… Action Cable",
                "a second",
                "refused-action-cable",
                Value("/refused_per_s"),
                AtLeast(10_000.0),
            ),
            line("", "CPU µs", "refused-action-cable", Value("/server_cpu_us_per_refusal"), Said),
            line("… Pusher", "a second", "refused-pusher", Value("/refused_per_s"), AtLeast(10_000.0)),
            line("", "CPU µs", "refused-pusher", Value("/server_cpu_us_per_refusal"), Said),
            line("10 000 idle clients, native", IDLE, "idle-native", Value("/idle_cpu_ms_per_s"), Said),
            line("… Action Cable", IDLE, "idle-action-cable", Value("/idle_cpu_ms_per_s"), Said),
        ],
    },
    Topic {
        name: "telemetry",
        beside: "without",
        lines: &[
            line(
                "One room × 1000, 50 messages/s, 1 % traced, the collector hangs",
                CPU,
                "telemetry-hanging",
                Ratio(CPU),
                AtMost(1.03),
            ),
            line("", P99, "telemetry-hanging", Ratio(P99), Said),
            line("… it refuses", CPU, "telemetry-refusing", Ratio(CPU), AtMost(1.03)),
            line("… it hangs, and all is traced", CPU, "telemetry-all", Ratio(CPU), Said),
        ],
    },
    Topic {
        name: "peers",
        beside: "socket.io",
        lines: &[
            line("One room × 1000, 20 messages/s", CPU, "socket.io-1000", Ratio(CPU), Said),
            line("", "p50 ms", "socket.io-1000", Ratio("p50 ms"), Said),
            line("", P99, "socket.io-1000", Ratio(P99), Said),
            line("", RESIDENT, "socket.io-1000", Ratio(RESIDENT), Said),
            line("One room × 5000, 5 messages/s", CPU, "socket.io-5000", Ratio(CPU), Said),
            line("", "p50 ms", "socket.io-5000", Ratio("p50 ms"), Said),
            line("", P99, "socket.io-5000", Ratio(P99), Said),
            line("", RESIDENT, "socket.io-5000", Ratio(RESIDENT), Said),
        ],
    },
];

impl Topic {
    /// When and where it was measured, and its table.
    ///
    /// # Errors
    /// If a file cannot be understood.
    pub(crate) fn show(&self, measured: &Measured) -> Result<String> {
        let origin = measured.origin(self.name).unwrap_or_else(|| "Not measured yet".to_owned());
        let rows = self.lines.iter().map(|line| line.cells(measured));
        let rows = rows.collect::<Result<Vec<_>>>()?;
        Ok(format!(
            "{origin}; `benches/run {}`.\n\n{}",
            self.name,
            table(heads(self.beside), rows.into_iter())
        ))
    }
}
