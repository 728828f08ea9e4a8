//! Roll-outs behind the balancer that Parlor comes with: HAProxy, with the file that `docker-compose.yml` uses. Three
//! gateways are replaced one after the other, they become two, four and two again, and one is killed, while the load
//! tester talks through the balancer and audits what it hears.
//!
//! As in containers each gateway has an address of its own, which a name server tells from its start to its end.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use town::{HaProxy, Plan, Replica, Town, length, until};

use crate::load_tester::Load;

/// How long a gateway that is dead may be given new connections.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// Two writers and at the most four gateways, with the times of a drain: those that Parlor has by itself in the long
/// form. The balancer needs two to three seconds to notice that a gateway is unready.
fn plan() -> Plan {
    let (unready, spread) = length(("4s", "500ms"), ("5s", "20s"));
    Town::new().gateways(4).writers(2).set("drain.unready", unready).set("drain.spread", spread)
}

#[tokio::test(flavor = "multi_thread")]
async fn gateways_are_replaced_added_removed_and_killed_behind_haproxy_and_nothing_is_lost() {
    let mut street = Street::opens(3).await;
    let load = Loads::begin(&street);
    for gateway in 0..3 {
        street.retires(&[gateway]).await;
        street.hires(&[gateway]).await;
    }
    street.retires(&[2]).await;
    street.hires(&[2, 3]).await;
    street.retires(&[2, 3]).await;
    let noticed = street.loses(1).await;
    street.hires(&[1]).await;
    let audit = load.end().await;
    assert!(audit["reconnects"].as_u64() > Some(100), "hardly anybody was sent away: {audit}");
    street.town.audit().await;
    let name = "roll-outs of 2 to 4 gateways behind HAProxy";
    Load::outcome(name, &Value::from_iter([("audit", audit)]))
        .note(format!("a gateway that was killed got no connections after {:.1} s", noticed.as_secs_f64()))
        .record();
}

/// Gateways behind a balancer, and all that stands behind them.
struct Street {
    haproxy: HaProxy,
    town: Town,
}

impl Street {
    /// Starts the first so many gateways.
    async fn opens(gateways: usize) -> Self {
        let mut town = plan().build().await;
        let haproxy = HaProxy::start(town.folder()).await.unwrap_or_else(|e| panic!("{e:#}"));
        for (number, gateway) in town.gateways.iter_mut().enumerate() {
            let (listen, admin) = haproxy.ends(number);
            gateway.settles(listen, admin);
        }
        for writer in &mut town.writers {
            writer.restart().await;
        }
        let mut street = Self { haproxy, town };
        street.hires(&Vec::from_iter(0..gateways)).await;
        street
    }

    /// Starts gateways, and waits until the balancer gives them connections.
    async fn hires(&mut self, gateways: &[usize]) {
        for number in gateways {
            self.town.gateways[*number].launch();
        }
        self.tells();
        for number in gateways {
            let gateway = &mut self.town.gateways[*number];
            gateway.opens().await;
            gateway.is_ready().await;
            self.sees(*number, "it is given connections", |replica| replica.is_up).await;
        }
    }

    /// Stops gateways in order, once they have clients to send away. None of these may be passed to a gateway that
    /// takes nobody any more: the balancer has noticed before.
    async fn retires(&mut self, gateways: &[usize]) {
        for number in gateways {
            self.sees(*number, "it has clients", |replica| replica.open > 0).await;
        }
        let failed = self.failed().await;
        for number in gateways {
            self.town.gateways[*number].terminate();
        }
        for number in gateways {
            // A wait of its own: a drain may take nearly as long as a wait.
            self.sees(*number, "its clients are sent away", |replica| replica.open == 0).await;
        }
        for number in gateways {
            let gateway = &mut self.town.gateways[*number];
            assert_eq!(gateway.exit().await, Some(0), "the exit code of {}", gateway.name());
            // Clients come back for some seconds yet: until it is out of rotation they could be passed to it.
            self.sees(*number, "it is out of rotation", |replica| !replica.is_up).await;
        }
        let failed = self.failed().await - failed;
        assert_eq!(failed, 0, "connections to gateways that had closed their ports");
        self.tells();
    }

    /// Kills a gateway that has clients; tells how long the balancer believed in it.
    async fn loses(&mut self, number: usize) -> Duration {
        self.sees(number, "it has clients", |replica| replica.open > 0).await;
        self.town.gateways[number].kill9();
        let began = Instant::now();
        self.sees(number, "it is out of rotation", |replica| !replica.is_up).await;
        let noticed = began.elapsed();
        assert!(noticed <= NOTICED_WITHIN, "a dead gateway was given connections for {noticed:?}");
        self.tells();
        noticed
    }

    /// Tells the balancer who runs, as an engine for containers does.
    fn tells(&self) {
        let running = self.town.gateways.iter().enumerate().filter(|(_, gateway)| gateway.runs());
        self.haproxy.knows(running.map(|(number, _)| number));
    }

    /// Waits until the balancer sees a gateway like this. One that it does not know has nobody and is not up.
    async fn sees(&mut self, number: usize, what: &str, is_so: impl Fn(&Replica) -> bool) {
        let address = self.haproxy.ends(number).0.ip();
        let unknown = Replica { address, is_up: false, open: 0 };
        until(format!("of gateway {number}, as HAProxy sees it: {what}"), async || {
            is_so(&self.haproxy.replica(number).await.unwrap_or_else(|| unknown.clone())).then_some(())
        })
        .await;
    }

    /// How many connections were passed to a gateway that did not take them, since the start.
    async fn failed(&mut self) -> u64 {
        until("HAProxy answers", async || self.haproxy.failed().await).await
    }
}

/// The load tester, run after run, until it is told that it is enough.
struct Loads {
    enough: watch::Sender<bool>,
    runs: JoinHandle<Value>,
}

impl Loads {
    fn begin(street: &Street) -> Self {
        let (enough, is_enough) = watch::channel(false);
        let (target, folder) = (street.haproxy.clients(), street.town.folder().to_owned());
        Self { enough, runs: tokio::spawn(run(format!("ws://{target}"), folder, is_enough)) }
    }

    /// Lets the last run end; gives what all of them have counted, each of them clean.
    async fn end(self) -> Value {
        self.enough.send_replace(true);
        self.runs.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()))
    }
}

async fn run(target: String, folder: PathBuf, is_enough: watch::Receiver<bool>) -> Value {
    let (clients, rooms) = (length("120", "300"), length("12", "30"));
    let (rate, duration) = (length("150", "500"), length("6s", "30s"));
    let mut arguments = vec!["--subscribers", clients, "--rooms", rooms, "--senders", "24", "--rate", rate];
    arguments.extend(["--duration", duration, "--warm-up", "500ms", "--reconnect"]);
    let mut audits = Vec::new();
    while !*is_enough.borrow() {
        let name = format!("load-{}", audits.len());
        let targets = std::iter::once(target.clone());
        let report = Load::to(targets, &folder, &name, &arguments).ends().await;
        audits.push(report["audit"].clone());
    }
    sum(&audits)
}

/// Adds up what several runs have counted, field by field.
fn sum(audits: &[Value]) -> Value {
    let mut sums = serde_json::Map::new();
    for (field, count) in audits.iter().filter_map(Value::as_object).flatten() {
        if let Some(count) = count.as_u64() {
            let so_far = sums.get(field).and_then(Value::as_u64).unwrap_or_default();
            sums.insert(field.clone(), (so_far + count).into());
        }
    }
    Value::Object(sums)
}
