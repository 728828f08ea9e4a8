//! Signatures of requests, with the example of Pusher's documentation.

use super::super::{ApiRequest, Unauthorized};
use super::*;

const BODY: &[u8] = br#"{"name":"foo","channels":["project-3"],"data":"{\"some\":\"data\"}"}"#;
const THEN: i64 = 1_353_088_179;
const QUERY: &str = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0\
                     &body_md5=ec365a775a4cd0599faeb73354201b6f\
                     &auth_signature=da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c";

fn post(query: &str) -> ApiRequest<'_> {
    ApiRequest { method: "POST", path: "/apps/3/events", query }
}

fn check(request: &ApiRequest<'_>, body: &[u8], now_s: i64) -> Result<(), Unauthorized> {
    app().authorize(request, now_s)?.check(body)
}

#[test]
fn the_published_example_is_good_within_ten_minutes() {
    for now in [THEN, THEN - 600, THEN + 600] {
        assert_eq!(check(&post(QUERY), BODY, now), Ok(()));
    }
    for now in [THEN - 601, THEN + 601, 0, i64::MIN, i64::MAX] {
        assert!(check(&post(QUERY), BODY, now).is_err(), "{now}");
    }
}

#[test]
fn whatever_is_changed_makes_it_bad() {
    let upper = QUERY.replace("da454824c97", "DA454824C97");
    let version = QUERY.replace("1.0", "1.1");
    let key = QUERY.replace("278d", "378d");
    let clock = QUERY.replace("1353088179", "1353088180");
    let digest = QUERY.replace("ec365", "ec366");
    let no_digest = QUERY.replace("&body_md5=ec365a775a4cd0599faeb73354201b6f", "");
    let more = format!("{QUERY}&info=user_count");
    let twice = QUERY.replace("auth_version=1.0", "auth_version=1.0&auth_version=1.0");
    for query in [&upper, &version, &key, &clock, &digest, &no_digest, &more, &twice] {
        assert!(check(&post(query), BODY, THEN).is_err(), "{query}");
    }
    assert!(check(&post(""), BODY, THEN).is_err());
    assert!(check(&post(QUERY), b"{}", THEN).is_err());
    assert!(check(&ApiRequest { method: "GET", ..post(QUERY) }, BODY, THEN).is_err());
    assert!(check(&ApiRequest { path: "/apps/4/events", ..post(QUERY) }, BODY, THEN).is_err());
}

#[test]
fn the_order_and_the_case_of_names_do_not_count() {
    let mut parameters: Vec<_> = QUERY.split('&').collect();
    parameters.reverse();
    let query = parameters.join("&").replace("auth_key", "Auth_Key");
    assert_eq!(check(&post(&query), BODY, THEN), Ok(()));
}

/// As the libraries of npm and of PyPI ask: one does not escape commas, the other adds the digest of nothing.
#[test]
fn the_ways_of_libraries_are_known() {
    let get = |query: &str| {
        let request = ApiRequest { method: "GET", path: "/apps/3/channels", query };
        check(&request, b"", THEN)
    };
    let base = "auth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0";
    let npm = "ff97d40ab3fbbd15394386a29c12998c33635305357b2e2abd18dc67efe3f87d";
    for comma in [",", "%2C"] {
        let query = format!(
            "{base}&filter_by_prefix=presence-&info=user_count{comma}subscription_count&auth_signature={npm}"
        );
        assert_eq!(get(&query), Ok(()), "{query}");
    }
    let python = "5c3cd75022c4f62c35ad22f6a9cce366c860477a3b7092ca790ecfc17e6af302";
    let query = format!("{base}&body_md5=d41d8cd98f00b204e9800998ecf8427e&auth_signature={python}");
    assert_eq!(get(&query), Ok(()));
}
