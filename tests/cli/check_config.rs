//! `parlor check-config`.

use std::path::Path;

use crate::parlor::{output, parlor, stderr, stdout};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().count() == 0
}

#[test]
fn all_mistakes_are_told_at_once_by_key_and_variable() {
    let folder = folder();
    std::fs::write(folder.path().join("parlor.toml"), "[limits]\nreply = 3\n").unwrap();
    let mut command = parlor(folder.path(), &["check-config", "gateway", "--config", "parlor.toml"]);
    command.env("PARLOR__GATEWY__LISTEN", "0.0.0.0:80").env("PARLOR__LIMITS__PAGE", "many");
    let refused = output(command);
    assert_eq!(refused.status.code(), Some(1));
    let told = stderr(&refused);
    for words in [
        "5 mistakes",
        "limits.reply (PARLOR__LIMITS__REPLY), set in parlor.toml",
        "the nearest is limits.replay (PARLOR__LIMITS__REPLAY)",
        "the nearest is gateway.listen (PARLOR__GATEWAY__LISTEN)",
        "limits.page, set by PARLOR__LIMITS__PAGE",
        "bus.url (PARLOR__BUS__URL)",
        "PARLOR__AUTH__SECRET",
    ] {
        assert!(told.contains(words), "{words:?} is missing in:\n{told}");
    }
}

#[test]
fn a_good_configuration_is_printed_without_its_secrets() {
    let folder = folder();
    let mut command = parlor(folder.path(), &["check-config", "gateway", "--listen", "0.0.0.0:80"]);
    command
        .env("PARLOR__AUTH__SECRET", "an-open-secret-an-open-secret-an-open-secret")
        .env("PARLOR__BUS__URL", "nats://ana:an-open-secret@bus.example:4222");
    let good = output(command);
    assert!(good.status.success(), "{}", stderr(&good));
    let printed = stdout(&good);
    assert!(!printed.contains("open-secret"), "{printed}");
    let table: toml::Table = printed.parse().unwrap();
    assert_eq!(table["gateway"]["listen"].as_str(), Some("0.0.0.0:80"));
    assert_eq!(table["bus"]["url"].as_str(), Some("nats://ana:********@bus.example:4222"));
    assert_eq!(table["auth"]["secret"].as_str(), Some("********"));
    assert!(!table.contains_key("store"), "a gateway never sees the store:\n{printed}");
}

#[test]
fn checking_leaves_nothing_behind() {
    let folder = folder();
    assert!(output(parlor(folder.path(), &["check-config"])).status.success());
    assert!(is_empty(folder.path()));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_made() {
    let folder = folder();
    let mut command = parlor(folder.path(), &[]);
    command.env("PARLOR__LIMITS__REPLAY", "0");
    let refused = output(command);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("limits.replay"), "{}", stderr(&refused));
    assert!(is_empty(folder.path()));
}
