//! Signatures of channels, with the examples of Pusher's documentation.

use chat::Access;
use serde_json::{Value, json};

use super::*;
use crate::Voucher;

const SOCKET: &str = "1234.1234";
const PRIVATE: &str = "278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4";
const MR_PUSHER: &str =
    "278d425bdf160c739803:afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c";

fn vouch(socket: &str, channel: &str, auth: &str, data: Option<&str>) -> Result<Voucher, Code> {
    let claim = Claim { signature: auth.into(), data: data.map(Into::into) };
    pusher().vouch(socket, &Alias::new(channel), &claim).map_err(|refusal| refusal.code)
}

fn signed(channel: &str, data: &str) -> Result<Voucher, Code> {
    let auth = app().sign(&format!("{SOCKET}:{channel}:{data}"));
    vouch(SOCKET, channel, &auth, Some(data))
}

fn voucher(user: Option<User>, info: Option<&str>) -> Voucher {
    Voucher { user, info: info.map(Into::into), access: Access::Write, until: None }
}

#[test]
fn the_published_signatures_are_good() {
    assert_eq!(vouch(SOCKET, "private-foobar", PRIVATE, None), Ok(voucher(None, None)));
    let data = r#"{"user_id":10,"user_info":{"name":"Mr. Pusher"}}"#;
    let mr_pusher = voucher(Some(user("10", "Mr. Pusher")), Some(r#"{"name":"Mr. Pusher"}"#));
    assert_eq!(vouch(SOCKET, "presence-foobar", MR_PUSHER, Some(data)), Ok(mr_pusher));
}

#[test]
fn a_signature_is_good_for_one_connection_one_channel_and_one_text() {
    let upper = PRIVATE.to_uppercase();
    let other_key = PRIVATE.replace("278d", "378d");
    for (socket, channel, auth, data) in [
        ("1234.1235", "private-foobar", PRIVATE, None),
        (SOCKET, "private-foobaz", PRIVATE, None),
        (SOCKET, "private-foobar", PRIVATE, Some("{\"user_id\":\"ana\"}")),
        (SOCKET, "private-foobar", &*upper, None),
        (SOCKET, "private-foobar", &*other_key, None),
        (SOCKET, "private-foobar", &PRIVATE[..PRIVATE.len() - 1], None),
        (SOCKET, "private-foobar", PRIVATE.split_once(':').unwrap().1, None),
        (SOCKET, "private-foobar", "", None),
        (SOCKET, "private-foobar", "278d425bdf160c739803:", None),
    ] {
        assert_eq!(vouch(socket, channel, auth, data), Err(Code::NotIdentified), "{auth} {channel}");
    }
}

#[test]
fn what_was_signed_must_make_sense() {
    for data in ["", "x", "[]", "{}", r#"{"user_id":null}"#, r#"{"user_id":""}"#, r#"{"user_id":"a\nb"}"#] {
        assert_eq!(signed("presence-room-42", data), Err(Code::Malformed), "{data}");
    }
    let long = format!(r#"{{"user_id":"ana","x":"{}"}}"#, "x".repeat(2048));
    assert_eq!(signed("presence-room-42", &long), Err(Code::TooLarge));
    let of = |info: &str| format!(r#"{{"user_id":"ana","user_info":{info}}}"#);
    assert!(signed("presence-chat", &of(&format!(r#""{}""#, "x".repeat(1022)))).is_ok());
    assert_eq!(signed("presence-chat", &of(&format!(r#""{}""#, "x".repeat(1023)))), Err(Code::TooLarge));
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    assert_eq!(signed("presence-chat", &of(&deep)), Err(Code::Malformed));
}

#[test]
fn names_come_as_applications_call_them() {
    for (info, name) in [
        (json!({ "name": "Ana" }), "Ana"),
        (json!({ "username": "Ana" }), "Ana"),
        (json!({ "name": 7 }), "ana"),
        (json!(null), "ana"),
    ] {
        let data = json!({ "user_id": "ana", "user_info": info }).to_string();
        assert_eq!(signed("private-room-42", &data).unwrap().user, Some(user("ana", name)), "{data}");
    }
}

#[test]
fn what_parlors_own_endpoint_signs_is_taken_with_its_terms() {
    for access in [Access::Read, Access::Write] {
        let answer = app().let_in(SOCKET, CHANNEL, &ana(), access, 1_795_150_800).unwrap();
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap();
        let voucher = vouch(SOCKET, CHANNEL, text("auth"), Some(text("channel_data")));
        let until = Some(Timestamp::from_micros(1_795_150_800_000_000));
        let info = Some(r#"{"name":"Ana"}"#.into());
        assert_eq!(voucher, Ok(Voucher { user: Some(ana()), info, access, until }));
    }
    for socket in ["", "1", "1.", ".1", "1.2.3", "1.2:private-x", "a.b", "+1.2"] {
        assert!(app().let_in(socket, CHANNEL, &ana(), Access::Read, 0).is_err(), "{socket}");
    }
}

#[test]
fn what_parlors_own_endpoint_signs_for_a_user_is_taken_until_its_time_is_over() {
    let answer = app().sign_in(SOCKET, &ana(), 1_795_150_800).unwrap();
    let signature = answer["auth"].as_str().unwrap().into();
    let claim = Claim { signature, data: answer["user_data"].as_str().map(Into::into) };
    let voucher = pusher().vouch_for_user(SOCKET, &claim).unwrap();
    assert_eq!((voucher.user, voucher.until.map(Timestamp::as_seconds)), (Some(ana()), Some(1_795_150_800)));
    assert!(pusher().vouch_for_user("1234.1235", &claim).is_err());
    assert!(app().sign_in("1.2:private-x", &ana(), 0).is_err());
}

#[test]
fn who_a_user_is_is_signed_for_one_connection() {
    let data = r#"{"id":"7","user_info":{"name":"Ana"},"watchlist":["8"]}"#;
    let auth = app().sign(&format!("{SOCKET}::user::{data}"));
    let vouch = |socket: &str, auth: &str, data: &str| {
        let claim = Claim { signature: auth.into(), data: Some(data.into()) };
        pusher().vouch_for_user(socket, &claim).map_err(|refusal| refusal.code)
    };
    let expected = voucher(Some(user("7", "Ana")), Some(r#"{"name":"Ana"}"#));
    assert_eq!(vouch(SOCKET, &auth, data), Ok(expected));
    let of_channel = app().sign(&format!("{SOCKET}:private-foobar:{data}"));
    for (socket, auth, data) in [
        ("1234.1235", &*auth, data),
        (SOCKET, &of_channel, data),
        (SOCKET, &auth, r#"{"id":"8"}"#),
        (SOCKET, "", data),
    ] {
        assert_eq!(vouch(socket, auth, data), Err(Code::NotIdentified));
    }
    for nonsense in ["", "[]", "{}", r#"{"id":""}"#, r#"{"id":null}"#] {
        let auth = app().sign(&format!("{SOCKET}::user::{nonsense}"));
        assert_eq!(vouch(SOCKET, &auth, nonsense), Err(Code::Malformed), "{nonsense}");
    }
    let long = format!(r#"{{"id":"7","x":"{}"}}"#, "x".repeat(10_240));
    assert_eq!(vouch(SOCKET, &app().sign(&format!("{SOCKET}::user::{long}")), &long), Err(Code::TooLarge));
}
