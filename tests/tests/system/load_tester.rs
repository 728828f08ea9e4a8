//! The load tester as the crowd of a test: a process that speaks to all gateways, and audits what it receives.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::Value;
use town::{Outcome, Process, SECRET, Server, Town, program, until};

/// A load that is under way. Dropping it ends it.
pub(crate) struct Load {
    process: Process,
    report: PathBuf,
    said: PathBuf,
}

impl Load {
    /// Starts the load tester against all gateways, with these arguments besides. `name` tells it from others in
    /// the same town.
    pub(crate) fn on(town: &Town, name: &str, arguments: &[&str]) -> Self {
        Self::at(town, &town.gateways, name, arguments)
    }

    /// The same, against some of the gateways.
    pub(crate) fn at(town: &Town, gateways: &[Server], name: &str, arguments: &[&str]) -> Self {
        Self::at_path(town, gateways, "", name, arguments)
    }

    /// The same, at a path and query: for other dialects.
    pub(crate) fn at_path(
        town: &Town,
        gateways: &[Server],
        path: &str,
        name: &str,
        arguments: &[&str],
    ) -> Self {
        let targets = gateways.iter().map(|gateway| format!("ws://{}{path}", gateway.listen()));
        Self::to(targets, town.folder(), name, arguments)
    }

    /// The same, to these addresses; what it leaves goes into `folder`.
    pub(crate) fn to(
        targets: impl Iterator<Item = String>,
        folder: &Path,
        name: &str,
        arguments: &[&str],
    ) -> Self {
        let report = folder.join(format!("{name}.json"));
        let said = folder.join(format!("{name}.txt"));
        let output = File::create(&said).expect("a file in the town's folder");
        let process =
            Process::start(&program("parlor-loadtest").unwrap_or_else(|e| panic!("{e:#}")), |load| {
                for target in targets {
                    load.arg("--target").arg(target);
                }
                load.args(arguments)
                    .arg("--audit-only")
                    .arg("--json")
                    .arg(&report)
                    .env("PARLOR__AUTH__SECRET", SECRET);
                load.stdout(output.try_clone().expect("another handle")).stderr(output);
            });
        Self { process: process.unwrap_or_else(|e| panic!("{e:#}")), report, said }
    }

    /// True until it has ended.
    pub(crate) fn is_on(&mut self) -> bool {
        self.process.ended().is_none()
    }

    /// Waits until the gateways have delivered so many events to anybody.
    pub(crate) async fn delivers(&mut self, town: &Town, events: f64) {
        until("the load is under way", async || {
            assert!(self.is_on(), "the load has ended already: {}", self.said());
            let mut delivered = 0.0;
            for gateway in &town.gateways {
                delivered += gateway.metric("parlor_deliveries_total").await;
            }
            (delivered > events).then_some(())
        })
        .await;
    }

    /// Waits for its end; gives its report, of a clean run in which something was sent and nothing left out. A run
    /// takes as long as it was told to, and its own limits bound what comes after that.
    pub(crate) async fn ends(mut self) -> Value {
        let status = loop {
            match self.process.ended() {
                Some(status) => break status,
                None => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        };
        assert_eq!(status.code(), Some(0), "{}", self.said());
        let report = fs::read_to_string(&self.report).expect("a report");
        let report: Value = serde_json::from_str(&report).expect("JSON");
        let audit = &report["audit"];
        for wrong in ["lost", "doubled", "out_of_order", "unknown", "truncated"] {
            assert_eq!(audit[wrong], 0, "{wrong}: {audit}");
        }
        assert!(audit["sent"].as_u64() > Some(0), "{audit}");
        assert_eq!(audit["acknowledged"], audit["sent"], "{audit}");
        report
    }

    /// The row of a run, from its report.
    pub(crate) fn outcome(name: &str, report: &Value) -> Outcome {
        let audit = &report["audit"];
        let fields =
            [("sends", "sent"), ("shown", "received"), ("returns", "reconnects"), ("repeats", "repeated")];
        let same = ["acknowledged", "unknown", "lost", "doubled", "out_of_order"].map(|field| (field, field));
        let fields = fields.into_iter().chain(same);
        fields.fold(Outcome::named(name), |row, (field, counted)| row.with(field, audit[counted].clone()))
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }
}
