//! What the command says of itself.

use crate::parlor::{output, parlor, stderr, stdout};

#[test]
fn help_names_every_command_and_every_flag() {
    let folder = tempfile::tempdir().unwrap();
    let help = stdout(&output(parlor(folder.path(), &["--help"])));
    for word in [
        "solo",
        "gateway",
        "writer",
        "migrate",
        "token",
        "health",
        "check-config",
        "--config",
        "--listen",
        "--admin-listen",
        "--bus",
        "--store",
        "PARLOR__SECTION__KEY",
    ] {
        assert!(help.contains(word), "{word} is missing in:\n{help}");
    }
}

#[test]
fn an_unknown_command_is_refused_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let refused = output(parlor(folder.path(), &["tokn"]));
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("token"), "{}", stderr(&refused));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
