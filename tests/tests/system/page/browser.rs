//! A real browser: headless Chromium, driven by chromedriver.
//!
//! Each browser has a profile of its own, as two people have two machines. Everything ends with the test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use town::{Process, until};

/// What a browser may do here: it runs as root in containers, has no graphics and nobody to call home to.
const ARGUMENTS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--lang=en",
    "--hide-scrollbars",
];

/// Says on which port it listens, when it does.
const STARTED: &str = "started successfully on port ";

/// How wide and high what a browser shows is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    Desk,
    Phone,
    /// One of four windows in a picture.
    Quarter,
    /// What shows four of these.
    Wall,
}

impl Screen {
    /// What has to be emulated.
    fn metrics(self) -> Option<Value> {
        let (width, height, pixels, touch) = match self {
            Self::Desk => return None,
            Self::Phone => (390, 844, 2.0, true),
            Self::Quarter => (480, 520, 1.5, false),
            Self::Wall => (1020, 1148, 1.5, false),
        };
        Some(
            json!({ "width": width, "height": height, "pixelRatio": pixels, "touch": touch, "mobile": touch }),
        )
    }
}

/// The program that drives browsers, on a port of its own choice.
pub(super) struct Driver {
    port: u16,
    folder: TempDir,
    _process: Process,
}

impl Driver {
    pub(super) async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("parlor-browser-").tempdir().expect("a folder");
        let driver = installed("chromedriver", "chromium-driver");
        installed("chromium", "chromium");
        let said = folder.path().join("chromedriver.log");
        let out = File::create(&said).expect("a log");
        let process = Process::start(&driver, |command| {
            command
                .arg("--port=0")
                .env("TMPDIR", folder.path())
                .stderr(out.try_clone().expect("a second handle"))
                .stdout(out);
        });
        let process = process.unwrap_or_else(|e| panic!("{e:#}"));
        let port = until("chromedriver listens", async || {
            let said = fs::read_to_string(&said).unwrap_or_default();
            let (_, rest) = said.split_once(STARTED)?;
            rest.split_once('.')?.0.trim().parse().ok()
        });
        Self { port: port.await, folder, _process: process }
    }

    /// Opens a browser with a new profile.
    pub(super) async fn opens(&self, profile: &str, screen: Screen) -> Browser {
        let profile = self.folder.path().join(profile);
        let mut options = json!({ "args": ARGUMENTS });
        let arguments = options["args"].as_array_mut().expect("just made");
        arguments.push(format!("--user-data-dir={}", profile.display()).into());
        arguments.push("--window-size=1200,900".into());
        if let Some(metrics) = screen.metrics() {
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let wanted = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let opened = builder.capabilities(wanted).connect(&format!("http://127.0.0.1:{}", self.port)).await;
        let client = opened.unwrap_or_else(|e| panic!("no browser: {e}"));
        Browser { client, profile }
    }
}

/// A program that tests of the page need.
fn installed(program: &str, package: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed: install the package {package}"))
}

/// A browser with one window.
pub(super) struct Browser {
    client: Client,
    profile: PathBuf,
}

/// A message as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bubble {
    pub(super) seq: Option<u64>,
    pub(super) author: String,
    pub(super) body: String,
    pub(super) state: String,
}

/// The messages of the page. The author stands only at the first of a group.
const BUBBLES: &str = "
    let author = '';
    return [...document.querySelectorAll('#messages > li.message')].map((row) => {
        const named = row.querySelector('.author')?.textContent;
        if ('first' in row.dataset && named) author = named;
        return {
            seq: row.dataset.seq ? Number(row.dataset.seq) : null,
            author,
            body: row.querySelector('.body').textContent,
            state: row.dataset.state,
        };
    });";

impl Browser {
    pub(super) async fn goes_to(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|e| panic!("{url}: {e}"));
    }

    /// Comes in under a name, and is connected.
    pub(super) async fn enters(&self, name: &str) {
        self.types("#name", name).await;
        self.clicks("#enter").await;
        self.is_connected().await;
    }

    pub(super) async fn is_connected(&self) {
        self.waits("connected", "return document.querySelector('#connection').dataset.state === 'open'")
            .await;
    }

    pub(super) async fn is_disconnected(&self) {
        let script = "return document.querySelector('#connection').dataset.state !== 'open'";
        self.waits("disconnected", script).await;
    }

    pub(super) async fn visits(&self, room: &str) {
        self.types("#visit-room", &format!("{room}\n")).await;
        let script = format!("return document.querySelector('#room-name').textContent === {}", json!(room));
        self.waits("in the room", &script).await;
    }

    pub(super) async fn says(&self, text: &str) {
        self.types("#text", &format!("{text}\n")).await;
    }

    /// Waits until it shows so many messages, all of them stored, and gives them.
    pub(super) async fn shows(&self, count: usize) -> Vec<Bubble> {
        until(format!("the page shows {count} messages"), async || {
            let bubbles = self.bubbles().await;
            let stored = bubbles.iter().all(|bubble| bubble.state == "sent" && bubble.seq.is_some());
            (bubbles.len() >= count && stored).then_some(bubbles)
        })
        .await
    }

    pub(super) async fn bubbles(&self) -> Vec<Bubble> {
        let shown = self.runs(BUBBLES).await;
        let text = |bubble: &Value, key: &str| bubble[key].as_str().unwrap_or_default().to_owned();
        let bubbles = shown.as_array().into_iter().flatten().map(|bubble| Bubble {
            seq: bubble["seq"].as_u64(),
            author: text(bubble, "author"),
            body: text(bubble, "body"),
            state: text(bubble, "state"),
        });
        bubbles.collect()
    }

    pub(super) async fn reloads(&self) {
        self.client.refresh().await.unwrap_or_else(|e| panic!("reload: {e}"));
    }

    pub(super) async fn types(&self, selector: &str, text: &str) {
        let element = self.client.wait().for_element(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.send_keys(text).await.unwrap_or_else(|e| panic!("{selector}: {e}"));
    }

    pub(super) async fn clicks(&self, selector: &str) {
        let element = self.client.wait().for_element(Locator::Css(selector)).await;
        let element = element.unwrap_or_else(|e| panic!("{selector}: {e}"));
        element.click().await.unwrap_or_else(|e| panic!("{selector}: {e}"));
    }

    /// Waits until a script gives true.
    pub(super) async fn waits(&self, what: &str, script: &str) {
        until(format!("the page is {what}"), async || (self.runs(script).await == true).then_some(())).await;
    }

    pub(super) async fn runs(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|e| panic!("{script}: {e}"))
    }

    /// What it shows, as a PNG.
    pub(super) async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap_or_else(|e| panic!("no picture: {e}"))
    }

    /// Closes it as one should.
    pub(super) async fn closes(self) {
        let _ = self.client.clone().close().await;
    }
}

/// A browser outlives its driver: it is found by its profile, which no other process has in its arguments.
impl Drop for Browser {
    fn drop(&mut self) {
        let argument = format!("--user-data-dir={}", self.profile.display());
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            if is_started_with(&process.path(), &argument)
                && let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok())
                && let Some(pid) = rustix::process::Pid::from_raw(pid)
            {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn is_started_with(process: &Path, argument: &str) -> bool {
    let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
    arguments.split(|byte| *byte == 0).any(|one| one == argument.as_bytes())
}
