//! A page with somebody else's client library, run by node: told what to do by lines of JSON, and telling what happens
//! in the same way. It ends with the test.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};

use serde_json::Value;
use town::{Process, Town, until, workspace};

/// A page that runs.
pub(super) struct Page {
    name: String,
    told: PathBuf,
    stdin: RefCell<ChildStdin>,
    _process: Process,
}

/// The folder of the libraries; `None`, and a word about it, if they are not installed.
pub(super) fn libraries() -> Option<PathBuf> {
    let folder = workspace().join("tests/clients");
    let installed = folder.join("node_modules").is_dir();
    if !installed {
        println!("left out: the libraries are not installed (npm ci --prefix tests/clients)");
    }
    installed.then_some(folder)
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

    /// Everything that has happened, in order.
    pub(super) fn events(&self) -> Vec<Value> {
        let told = fs::read_to_string(&self.told).expect("the file is there");
        // The last line may not be whole yet.
        told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits until `look` finds something in what has happened.
    pub(super) async fn shows<T>(&self, what: &str, look: impl Fn(&[Value]) -> Option<T>) -> T {
        until(format!("{}: {what}", self.name), async || look(&self.events())).await
    }
}
