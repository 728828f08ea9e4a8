//! The example pages: each has a server of its own, a few lines of node, in `examples/`.

use std::fs::{self, File};
use std::path::Path;

use town::{Process, Town, until, workspace};

/// A running example.
pub(super) struct Example {
    url: String,
    _process: Process,
}

impl Example {
    /// Starts the example of this name for a town; `None`, and a word about it, if its libraries are not installed.
    pub(super) async fn start(town: &Town, name: &str) -> Option<Self> {
        let folder = workspace().join("examples").join(name);
        if !folder.join("node_modules").is_dir() {
            println!("left out: the libraries are not installed (npm ci --prefix examples/{name})");
            return None;
        }
        let said = town.folder().join(format!("{name}.log"));
        let out = File::create(&said).expect("a file in the town's folder");
        let process = Process::start(Path::new("node"), |node| {
            node.arg(folder.join("server.js"))
                .env("PORT", "0")
                .env("PARLOR", format!("http://{}", town.gateways[0].listen()))
                .stdout(out);
        });
        let process = process.unwrap_or_else(|e| panic!("{e:#}"));
        let url = until(format!("{name} says where it is"), async || {
            let said = fs::read_to_string(&said).unwrap_or_default();
            Some(said.strip_suffix('\n')?.to_owned())
        });
        Some(Self { url: url.await, _process: process })
    }

    /// The page, for somebody in a room.
    pub(super) fn url(&self, room: &str, name: &str) -> String {
        format!("{}?room={room}&name={name}", self.url)
    }
}
