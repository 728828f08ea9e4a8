//! How a connection begins.

use super::*;
use crate::OpenRequest;

fn refused(path: &str, query: &str) -> Option<Code> {
    let request = OpenRequest { path, query, ..OpenRequest::default() };
    let opening = pusher().open(&request).expect("what is wrong is told behind the handshake");
    assert_eq!((opening.protocol, opening.token), (None, None));
    opening.refusal.map(|refusal| refusal.code)
}

#[test]
fn the_application_is_named_by_its_key() {
    let ours = "/app/278d425bdf160c739803";
    assert_eq!(refused(ours, "protocol=7&client=js&version=8.6.0&flash=false"), None);
    assert_eq!(refused(ours, ""), None);
    for other in ["/app/278D425BDF160C739803", "/app/", "/app/x", "/app/278d425bdf160c7398033"] {
        assert_eq!(refused(other, "protocol=7"), Some(Code::NotAllowed), "{other}");
    }
}

#[test]
fn only_versions_that_are_spoken_are_taken() {
    let ours = "/app/278d425bdf160c739803";
    for (version, expected) in
        [("5", None), ("7", None), ("4", Some(Code::Malformed)), ("x", Some(Code::Malformed))]
    {
        assert_eq!(refused(ours, &format!("protocol={version}")), expected, "{version}");
    }
}
