//! What is wrong with a frame: nothing of it is done, and whoever sent it is told which request failed.

use super::*;

#[test]
fn what_is_no_object_ends_the_connection() {
    let cut = r#"{"type":"ping""#;
    let deep = "[".repeat(60_000);
    for frame in
        ["", " ", "[]", "1", "\"hello\"", "null", "{", cut, "{}x", "{\"type\":}", &deep, r#"["hello"]"#]
    {
        assert_eq!(decode(frame).unwrap_err().code, Code::Malformed, "{frame:.20}");
    }
    let mut commands = Vec::new();
    let binary = Native.decode(Frame::Binary(b"{}"), &LIMITS, &mut commands);
    assert_eq!(binary.unwrap_err().code, Code::Malformed);
    assert!(commands.is_empty());
}

#[test]
fn a_bad_field_is_refused_with_reference_and_id() {
    let long_name = "x".repeat(129);
    for fields in [
        r#""type":7,"room":"r""#.to_owned(),
        r#""room":"r""#.to_owned(),
        r#""type":"dance","room":"r""#.to_owned(),
        r#""type":"dance","room":"r""#.to_owned(),
        r#""type":"hello","token":7"#.to_owned(),
        r#""type":"hello""#.to_owned(),
        r#""type":"join""#.to_owned(),
        r#""type":"join","room":7"#.to_owned(),
        r#""type":"join","room":"a b""#.to_owned(),
        format!(r#""type":"join","room":"{long_name}""#),
        r#""type":"join","room":"\ud800""#.to_owned(),
        r#""type":"join","room":"r","after":-1"#.to_owned(),
        r#""type":"join","room":"r","after":1.0"#.to_owned(),
        r#""type":"join","room":"r","after":"41""#.to_owned(),
        r#""type":"join","room":"r","after":9223372036854775808"#.to_owned(),
        r#""type":"join","room":"r","after":99999999999999999999999999"#.to_owned(),
        r#""type":"join","room":"r","after":1,"epoch":"""#.to_owned(),
        r#""type":"join","room":"r","after":1,"epoch":7"#.to_owned(),
        r#""type":"leave","room":"""#.to_owned(),
        r#""type":"send","room":"r""#.to_owned(),
        r#""type":"send","room":"r","body":7"#.to_owned(),
        r#""type":"send","room":"r","body":"a\u0000b""#.to_owned(),
        r#""type":"send","room":"r","body":"\ud800""#.to_owned(),
        r#""type":"send","room":"r","body":"hi","reply_to":0"#.to_owned(),
        r#""type":"send","room":"r","body":"hi","reply_to":"1""#.to_owned(),
        r#""type":"history","room":"r","before":1,"after":1"#.to_owned(),
        r#""type":"history","room":"r","limit":0"#.to_owned(),
        r#""type":"history","room":"r","limit":"5""#.to_owned(),
        r#""type":"ping","type":"ping""#.to_owned(),
    ] {
        let (code, message, mark, asked) = refused(&format!(r#"{{"ref":"a","id":"d-1",{fields}}}"#));
        assert_eq!((code, mark.as_str(), asked), (Code::Malformed, "\"a\"", Some(id("d-1"))), "{fields}");
        assert!(!message.is_empty());
    }
}

#[test]
fn a_body_over_its_limit_is_too_large() {
    let (code, ..) = refused(&format!(r#"{{"type":"send","room":"r","body":"{}"}}"#, "x".repeat(17)));
    assert_eq!(code, Code::TooLarge);
}

#[test]
fn a_reference_or_an_id_that_is_none_is_not_echoed() {
    let long = format!("\"{}\"", "x".repeat(65));
    for bad in ["{}", "[1]", "true", &long] {
        let (_, message, mark, asked) = refused(&format!(r#"{{"type":"ping","ref":{bad},"id":"d-1"}}"#));
        assert!(message.contains("`ref`"), "{message}");
        assert_eq!((mark, asked), (Mark::default(), Some(id("d-1"))));
    }
    for bad in ["7", "\"\"", "\"a\\u0000\"", &long] {
        let (_, _, mark, asked) = refused(&format!(r#"{{"type":"ping","ref":1,"id":{bad}}}"#));
        assert_eq!((mark.as_str(), asked), ("1", None), "{bad}");
    }
}

#[test]
fn a_field_that_stands_there_twice_is_refused() {
    let (_, message, mark, _) = refused(r#"{"type":"leave","ref":1,"ref":2,"room":"a","room":"b"}"#);
    assert!(message.contains("`ref`"), "{message}");
    assert_eq!(mark.as_str(), "1");
}
