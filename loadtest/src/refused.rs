//! Clients who are not let in: how many the servers can send away in a second, and what each costs them.
//!
//! Some libraries come again for ever when they are refused, that of Phoenix among them. So a refusal must be cheap.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::{StreamExt as _, stream};
use serde::Serialize;
use tokio::time::timeout;
use websocket::handshake::BadAnswer;

use crate::args::RefusedArgs;
use crate::environment::Environment;
use crate::report::{self, Quantiles, Verdict};
use crate::servers::Usage;
use crate::socket::{ConnectError, Socket};
use crate::tally::Latencies;
use crate::target::Target;

/// Who is not refused by then has been let in.
const REFUSED_WITHIN: Duration = Duration::from_secs(10);

/// What came out. Times are in microseconds unless their name says otherwise.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    schema_version: u32,
    environment: Environment,
    clients: u32,
    handshakes: u16,
    took_s: f64,
    refused_per_s: f64,
    /// From the call that opens a connection to the last word of the refusal.
    refused: Quantiles,
    /// Processor time of the servers for each refusal; null if no process was named.
    server_cpu_us_per_refusal: Option<f64>,
    /// In which way they were refused, and how often.
    how: BTreeMap<String, u64>,
    /// What has happened to the others, and how often.
    otherwise: BTreeMap<String, u64>,
    /// What is wrong, in words.
    problems: Vec<String>,
}

/// What has happened to those who have knocked.
struct Tally {
    refused: Latencies,
    how: BTreeMap<String, u64>,
    otherwise: BTreeMap<String, u64>,
}

/// Has them knock, and reports. Clean if all were refused.
///
/// # Errors
/// If a process of the servers is not there, or the report cannot be written.
pub(crate) fn run(args: &RefusedArgs) -> Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (before, begin) = (Usage::of(&args.server_pids)?.cpu, Instant::now());
    let tally = runtime.block_on(knock(args));
    let took = begin.elapsed();
    let cpu = Usage::of(&args.server_pids)?.cpu.saturating_sub(before);
    let report = Report::new(args, took, cpu, tally);
    print!("{}", report.text());
    if let Some(file) = &args.json {
        report::write_json(&report, file)?;
    }
    Ok(Verdict::from(report.problems.is_empty()))
}

async fn knock(args: &RefusedArgs) -> Tally {
    let targets = args.targets.iter().cycle().zip(0..args.clients);
    let knocks = targets.map(|(target, _)| send_away(target, &args.subprotocols));
    let mut ended = stream::iter(knocks).buffer_unordered(args.handshakes.into());
    let (how, otherwise) = Default::default();
    let mut tally = Tally { refused: Latencies::new(), how, otherwise };
    while let Some((took, outcome)) = ended.next().await {
        match outcome {
            Ok(how) => {
                tally.refused.record(took);
                *tally.how.entry(how).or_default() += 1;
            }
            Err(what) => *tally.otherwise.entry(what).or_default() += 1,
        }
    }
    tally
}

/// One who knocks: how long it took until he was refused, and how, or else what has happened.
async fn send_away(target: &Target, subprotocols: &[String]) -> (Duration, Result<String, String>) {
    let begin = Instant::now();
    let refused = timeout(REFUSED_WITHIN, async {
        match Socket::connect(target, subprotocols, false).await {
            Err(ConnectError::Answer(BadAnswer::Status(status))) => Ok(format!("status {status}")),
            Err(error) => Err(error.to_string()),
            Ok(socket) => match socket.closed().await? {
                Some(code) => Ok(format!("closed with {code}")),
                None => Ok("closed".to_owned()),
            },
        }
    });
    let refused = refused.await.unwrap_or_else(|_| Err("let in".to_owned()));
    (begin.elapsed(), refused)
}

impl Report {
    fn new(args: &RefusedArgs, took: Duration, cpu: Duration, tally: Tally) -> Self {
        let Tally { refused, how, otherwise } = tally;
        let others = otherwise.iter().map(|(what, count)| format!("{count} were not refused: {what}"));
        #[expect(clippy::cast_precision_loss, reason = "no more than u32::MAX knock")]
        let count = refused.count() as f64;
        let each = cpu.as_secs_f64() * 1e6 / count.max(1.0);
        Self {
            schema: "parlor-loadtest-refused",
            schema_version: 1,
            environment: Environment::look(),
            clients: args.clients,
            handshakes: args.handshakes,
            took_s: took.as_secs_f64(),
            refused_per_s: count / took.as_secs_f64(),
            refused: Quantiles::of(&refused),
            server_cpu_us_per_refusal: (!args.server_pids.is_empty()).then_some(each),
            problems: others.collect(),
            how,
            otherwise,
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "\n{} clients knock, {} at once\n\nrefused       {:.0} a second\n",
            self.clients, self.handshakes, self.refused_per_s
        );
        let [p50, p99, max] =
            [self.refused.p50, self.refused.p99, self.refused.max].map(Duration::from_micros);
        text += &format!("{:14}p50 {p50:?}, p99 {p99:?}, at most {max:?}\n", "each took");
        if let Some(each) = self.server_cpu_us_per_refusal {
            text += &format!("{:14}{each:.1} µs of processor time a refusal\n", "servers");
        }
        for (what, reasons) in [("refused", &self.how), ("otherwise", &self.otherwise)] {
            for (reason, count) in reasons {
                text += &format!("{what:14}{count} × {reason}\n");
            }
        }
        text + if self.otherwise.is_empty() {
            "\nClean: everybody was refused.\n"
        } else {
            "\nNot clean: not everybody was refused.\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use websocket::close_frame;
    use websocket::handshake::accept_key;

    use super::*;

    /// The answer to a request for a WebSocket, and what is said behind it.
    fn welcome(request: &str, said: &[u8]) -> Vec<u8> {
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n\r\n",
            accept_key(key)
        );
        [head.as_bytes(), said].concat()
    }

    /// A server that treats its clients in turn: with a status, with a farewell, and by hanging up on them.
    async fn treat(listener: TcpListener) {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let (mut request, mut read) = ([0; 1024], 0);
            while !request[..read].ends_with(b"\r\n\r\n") {
                read += client.read(&mut request[read..]).await.unwrap();
            }
            let request = str::from_utf8(&request[..read]).unwrap();
            let farewell = [websocket::frame(websocket::Opcode::Text, b"no"), close_frame(4001, "")].concat();
            let answer = match number % 3 {
                0 => b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n".to_vec(),
                1 => welcome(request, &farewell),
                _ => continue,
            };
            client.write_all(&answer).await.unwrap();
        }
    }

    #[tokio::test]
    async fn every_way_to_be_refused_is_counted_and_whatever_else_happens_is_a_problem() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = format!("ws://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(treat(listener));
        let args = RefusedArgs {
            targets: vec![target],
            subprotocols: Vec::new(),
            clients: 6,
            handshakes: 1,
            server_pids: Vec::new(),
            json: None,
        };
        let tally = knock(&args).await;
        assert_eq!(tally.refused.count(), 4);
        let report = Report::new(&args, Duration::from_secs(2), Duration::ZERO, tally);
        let counted = |counts: &BTreeMap<String, u64>| {
            counts.iter().map(|(what, count)| format!("{count} × {what}")).collect::<Vec<_>>()
        };
        assert_eq!(counted(&report.how), ["2 × closed with 4001", "2 × status 403"]);
        assert_eq!(counted(&report.otherwise), ["2 × unexpected end of file"]);
        assert_eq!(report.problems, ["2 were not refused: unexpected end of file"]);
        assert!((report.refused_per_s - 2.0).abs() < 1e-9, "{report:?}");
        assert!(report.text().contains("2 × status 403"), "{}", report.text());
        server.abort();
    }
}
