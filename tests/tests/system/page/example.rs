//! The example pages: each has a server of its own, a few lines of node, in `examples/`.

use std::fs::{self, File};
use std::path::Path;

use town::{Process, Town, until, workspace};

use super::browser::{Browser, Driver, Screen};

/// A running example.
pub(super) struct Example {
    url: String,
    _process: Process,
}

/// Its page, in a browser.
pub(super) struct Page(pub(super) Browser);

/// Who has said what.
pub(super) type Said = (String, String);

pub(super) fn said(who: &str, what: &str) -> Said {
    (who.to_owned(), what.to_owned())
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

    /// Opens the page for somebody in a room, and waits until it is connected.
    pub(super) async fn opens(&self, driver: &Driver, room: &str, name: &str, screen: Screen) -> Page {
        let page = Page(driver.opens(name, screen).await);
        page.0.goes_to(&format!("{}?room={room}&name={name}", self.url)).await;
        page.is_connected().await;
        page
    }
}

impl Page {
    async fn is_connected(&self) {
        self.0
            .waits("connected", "return document.querySelector('#state').textContent === 'connected'")
            .await;
    }

    pub(super) async fn is_disconnected(&self) {
        self.0
            .waits("disconnected", "return document.querySelector('#state').textContent !== 'connected'")
            .await;
    }

    pub(super) async fn says(&self, text: &str) {
        self.0.types("input", &format!("{text}\n")).await;
    }

    /// Waits until it shows so many messages, and gives all that it shows.
    pub(super) async fn shows(&self, count: usize) -> Vec<Said> {
        let rows = "return [...document.querySelectorAll('#messages > li')].map((row) =>
            ['strong', 'span'].map((part) => row.querySelector(part).textContent));";
        until(format!("the example shows {count} messages"), async || {
            let shown: Vec<Said> = serde_json::from_value(self.0.runs(rows).await).expect("pairs of texts");
            (shown.len() >= count).then_some(shown)
        })
        .await
    }

    /// Waits until it shows so many messages after a cut. The browser tells it that the network is back and that somebody
    /// looks: after an attempt that failed, Pusher's library would wait for 15 seconds or more, and Rails' for some.
    pub(super) async fn comes_back(&self, count: usize) {
        self.0.runs("dispatchEvent(new Event('online')); return null").await;
        let script = format!(
            "document.dispatchEvent(new Event('visibilitychange'));
             dispatchEvent(new Event('visibilitychange'));
             return document.querySelectorAll('#messages > li').length >= {count}"
        );
        self.0.waits("back", &script).await;
    }

    /// Whether there is more to be seen than fits, and the end of it is in sight.
    pub(super) async fn is_at_the_end(&self) -> bool {
        let script = "const box = document.querySelector('#messages');
            return box.scrollHeight > box.clientHeight && box.scrollTop + box.clientHeight >= box.scrollHeight - 1;";
        self.0.runs(script).await == true
    }

    /// Loads it again, and waits until it is connected.
    pub(super) async fn reloads(&self) {
        self.0.reloads().await;
        self.is_connected().await;
    }

    pub(super) async fn closes(self) {
        self.0.closes().await;
    }
}
