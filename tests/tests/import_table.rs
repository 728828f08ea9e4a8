//! Who may import whom. The table is the architecture: it changes in the same commit as ARCHITECTURE.md.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// Each member of the workspace, and the members that it may depend on.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("chat", &[]),
    ("websocket", &[]),
    ("dialect", &["chat"]),
    ("plot", &[]),
    ("bus", &["chat"]),
    ("store", &["chat"]),
    ("gateway", &["websocket", "dialect", "bus", "chat"]),
    ("writer", &["store", "bus", "chat"]),
    ("parlor", &["gateway", "writer", "bus", "store", "chat"]),
    ("loadtest", &["websocket", "dialect", "chat", "plot"]),
    ("figures", &["plot"]),
    ("servers", &[]),
    ("town", &["servers"]),
];

/// What tests of any member may use besides.
const TESTS_MAY_IMPORT: &[&str] = &["servers"];

/// Folders of the gateway that decide and do no I/O, and what they must not know.
const PURE: &[&str] = &["gateway/src/session", "gateway/src/room"];
const UNKNOWN_TO_PURE: &[&str] = &["connection", "http", "shard", "switchboard", "bus"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manifest(folder: &Path) -> Table {
    std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
}

/// The manifests of all members, by the name of the package.
fn members() -> BTreeMap<String, Table> {
    let workspace = manifest(&root());
    let folders = workspace["workspace"]["members"].as_array().unwrap().iter().map(|m| m.as_str().unwrap());
    folders
        .map(|folder| manifest(&root().join(folder)))
        .map(|manifest| (manifest["package"]["name"].as_str().unwrap().to_owned(), manifest))
        .collect()
}

fn dependencies<'a>(manifest: &'a Table, kind: &str) -> Vec<(&'a String, &'a Value)> {
    manifest.get(kind).and_then(Value::as_table).map_or_else(Vec::new, |table| table.iter().collect())
}

#[test]
fn every_member_imports_only_what_the_table_allows() {
    let members = members();
    let in_table: Vec<&str> = MAY_IMPORT.iter().map(|(name, _)| *name).collect();
    for name in members.keys() {
        assert!(in_table.contains(&name.as_str()), "{name} is new: what may it import?");
    }
    for (name, allowed) in MAY_IMPORT {
        for (kind, more) in
            [("dependencies", &[][..]), ("build-dependencies", &[]), ("dev-dependencies", TESTS_MAY_IMPORT)]
        {
            for (dependency, _) in dependencies(&members[*name], kind) {
                let is_ours = members.contains_key(dependency);
                let is_allowed =
                    allowed.contains(&dependency.as_str()) || more.contains(&dependency.as_str());
                assert!(!is_ours || is_allowed, "{name} must not have {dependency} in its [{kind}]");
            }
        }
    }
}

#[test]
fn every_library_is_described_once_in_the_root() {
    for (name, manifest) in members() {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            for (dependency, how) in dependencies(&manifest, kind) {
                let how = how.as_table().cloned().unwrap_or_default();
                let from_root = how.get("workspace").and_then(Value::as_bool) == Some(true);
                let adds_nothing = how.keys().all(|key| key == "workspace" || key == "optional");
                assert!(
                    from_root && adds_nothing,
                    "{name}: write `{dependency}.workspace = true`, and its features in the root's Cargo.toml"
                );
            }
        }
    }
}

#[test]
fn session_and_room_know_nothing_of_sockets_threads_and_the_bus() {
    for folder in PURE {
        let files = rust_files(&root().join(folder));
        assert!(!files.is_empty(), "{folder} has moved: where?");
        for file in files {
            let code = without_comments(&std::fs::read_to_string(&file).unwrap());
            for unknown in UNKNOWN_TO_PURE {
                assert!(!mentions(&code, unknown), "{} must not know {unknown}", file.display());
            }
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// True if the code imports the module or crate of this name, or reaches into it by a path.
fn mentions(code: &str, name: &str) -> bool {
    let imports = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    imports.flat_map(words).any(|word| word == name)
        || code.contains(&format!("crate::{name}::"))
        || code
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
            .any(|path| path.strip_prefix(name).is_some_and(|rest| rest.starts_with("::")))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
}

#[test]
fn the_scan_sees_imports_and_paths_and_not_comments() {
    for code in ["use bus::Note;", "use crate::{room::Entry, bus};", "let x: bus::Note;", "crate::bus::f()"] {
        assert!(mentions(&without_comments(code), "bus"), "{code}");
    }
    for code in ["// use bus::Note;", "use crate::busy;", "let bus = 1;", "/// as bus::Note", "omnibus::x()"]
    {
        assert!(!mentions(&without_comments(code), "bus"), "{code}");
    }
}
