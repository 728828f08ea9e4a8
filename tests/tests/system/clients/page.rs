//! A page with somebody else's client library, run by node: told what to do by lines of JSON, and telling what happens
//! in the same way. It ends with the test.

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use serde_json::Value;
use town::{Process, Town, until, workspace};

/// A page that runs.
pub(super) struct Page {
    name: String,
    told: RefCell<Told>,
    stdin: RefCell<ChildStdin>,
    _process: Process,
}

/// What has happened, as far as it was read.
struct Told {
    output: BufReader<File>,
    /// The last line, while it is not whole yet.
    begun: String,
    events: Vec<Value>,
}

/// The folder of the pages and their libraries, or the one that `PARLOR_TEST_CLIENTS` names; `None`, and a word about it,
/// if the libraries are not installed.
pub(super) fn libraries() -> Option<PathBuf> {
    let other = std::env::var_os("PARLOR_TEST_CLIENTS").map(PathBuf::from);
    let folder = other.unwrap_or_else(|| workspace().join("tests/clients"));
    let installed = folder.join("node_modules").is_dir();
    if !installed {
        println!("left out: the libraries are not installed (npm ci --prefix tests/clients)");
    }
    installed.then_some(folder)
}

/// What a page has told of one callback of one of its objects, call by call.
pub(super) fn calls(events: &[Value], name: &str, callback: &str) -> Vec<Value> {
    let ours = events.iter().filter(|event| event["as"] == name && event["on"] == callback);
    ours.map(|event| event["data"].clone()).collect()
}

impl Page {
    /// Opens a page; `script` stands in the folder of the libraries.
    pub(super) fn open(town: &Town, libraries: &Path, script: &str, name: &str) -> Self {
        Self::run(town, "node", name, |node| {
            node.arg(libraries.join(script));
        })
    }

    /// The same for a backend in Python; `None`, and a word about it, if its libraries are not installed.
    pub(super) fn open_python(town: &Town, libraries: &Path, script: &str, name: &str) -> Option<Self> {
        let modules = libraries.join("python_modules");
        if !modules.is_dir() {
            println!("left out: the libraries of Python are not installed (tests/README.md says how)");
            return None;
        }
        Some(Self::run(town, "python3", name, |python| {
            python.arg(libraries.join(script)).env("PYTHONPATH", modules);
        }))
    }

    fn run(town: &Town, program: &str, name: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let told = town.folder().join(format!("{name}.jsonl"));
        let output = File::create(&told).expect("a file in the town's folder");
        let told = BufReader::new(File::open(&told).expect("the file is there"));
        let told = RefCell::new(Told { output: told, begun: String::new(), events: Vec::new() });
        let process = Process::start(Path::new(program), |command| {
            prepare(command);
            command.stdin(Stdio::piped()).stdout(output);
        });
        let mut process = process.unwrap_or_else(|e| panic!("{e:#}"));
        let stdin = RefCell::new(process.stdin().expect("it was piped"));
        Self { name: name.to_owned(), told, stdin, _process: process }
    }

    /// Has it do something.
    pub(super) fn does(&self, deed: &Value) {
        writeln!(self.stdin.borrow_mut(), "{deed}")
            .unwrap_or_else(|e| panic!("{} has ended: {e}", self.name));
    }

    /// The calls of one callback, once there are so many.
    pub(super) async fn is_called(&self, name: &str, callback: &str, times: usize) -> Vec<Value> {
        let what = format!("{name} is called with {callback} {times} times");
        let calls = |events: &[Value]| Some(calls(events, name, callback)).filter(|all| all.len() >= times);
        self.shows(&what, calls).await
    }

    /// Everything that has happened, in order.
    pub(super) fn events(&self) -> Vec<Value> {
        self.look(<[Value]>::to_vec)
    }

    /// Looks at everything that has happened, in order.
    pub(super) fn look<T>(&self, look: impl FnOnce(&[Value]) -> T) -> T {
        let mut told = self.told.borrow_mut();
        told.read_on();
        look(&told.events)
    }

    /// Waits until `look` finds something in what has happened.
    pub(super) async fn shows<T>(&self, what: &str, look: impl Fn(&[Value]) -> Option<T>) -> T {
        until(format!("{}: {what}", self.name), async || self.look(&look)).await
    }
}

impl Told {
    /// Reads what was told since the last time.
    fn read_on(&mut self) {
        while self.output.read_line(&mut self.begun).expect("lines of text") > 0 && self.begun.ends_with('\n')
        {
            self.events.extend(serde_json::from_str::<Value>(&self.begun));
            self.begun.clear();
        }
    }
}
