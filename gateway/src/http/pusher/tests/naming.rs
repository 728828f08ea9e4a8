//! Who says who a page is of, for `signin`.

use super::*;

const PATHS: [&str; 2] = ["/pusher/user-auth", "/broadcasting/user-auth"];

impl House {
    async fn names(&self, path: &str, headers: &[(HeaderName, String)], form: &str) -> Answer {
        let mut request = Request::post(path).header("host", "chat.example");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.asks(request.body(form.to_owned().into()).unwrap()).await
    }
}

#[tokio::test]
async fn the_bearer_of_a_token_is_named_for_as_long_as_the_token_is_good() {
    let house = House::of_room(Err(not_there()));
    let bearer = [(AUTHORIZATION, format!("Bearer {}", house.token(None)))];
    for path in PATHS {
        let answer = house.names(path, &bearer, &format!("socket_id={SOCKET}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        let signed = answer.json();
        let data = signed["user_data"].as_str().unwrap();
        assert_eq!(signed["auth"], house.app.sign(&format!("{SOCKET}::user::{data}")));
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!((&data["id"], &data["user_info"]), (&json!("ana"), &json!({ "name": "Ana" })));
        let lives = data["parlor"]["until"].as_i64().unwrap() - SystemClock.now().as_seconds();
        assert!((3590..=3630).contains(&lives), "{lives}");
    }
    assert_eq!(house.asked(), [], "no writer has anything to do with it");
}

#[tokio::test]
async fn nobody_else_is_named() {
    let house = House::of_room(Err(not_there()));
    let (token, form) = (house.token(None), format!("socket_id={SOCKET}"));
    let bearer = |token: &str| (AUTHORIZATION, format!("Bearer {token}"));
    let from = |origin: &str| (ORIGIN, origin.to_owned());
    for path in PATHS {
        for (headers, form, status) in [
            (vec![], &*form, StatusCode::UNAUTHORIZED),
            (vec![bearer("nonsense")], &*form, StatusCode::UNAUTHORIZED),
            (vec![bearer(&token), from("https://evil.example")], &*form, StatusCode::FORBIDDEN),
            (vec![bearer(&token)], "", StatusCode::BAD_REQUEST),
            (vec![bearer(&token)], "socket_id=1.2:private-x", StatusCode::BAD_REQUEST),
        ] {
            assert_eq!(house.names(path, &headers, form).await.status, status, "{headers:?} {form}");
        }
    }
}
