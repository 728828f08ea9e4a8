//! Requests of backends to the HTTP API: signed, with the time and a digest of the body in the query.

use std::fmt::Write;

use md5::{Digest, Md5};

use super::App;

/// How far the clocks of a backend and of this machine may differ, in seconds.
const CLOCKS_DIFFER_MAX: u64 = 600;

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct ApiRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// Why a request is not taken: the words that the backend is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthorized(pub &'static str);

impl App {
    /// Checks that a request was signed with the secret of this application, for this time and this body.
    ///
    /// # Errors
    /// [`Unauthorized`]: what is wrong with it.
    pub fn authorize(&self, request: &ApiRequest<'_>, now_s: i64) -> Result<(), Unauthorized> {
        let mut parameters = parameters(request.query);
        let place = parameters.iter().position(|(name, _)| name == "auth_signature");
        let (_, signature) = parameters.remove(place.ok_or(Unauthorized("auth_signature is missing"))?);
        let get = |name: &str| parameters.iter().find(|(named, _)| named == name).map(|(_, value)| &**value);
        if get("auth_key") != Some(self.key()) {
            return Err(Unauthorized("auth_key is not that of an application here"));
        }
        if get("auth_version") != Some("1.0") {
            return Err(Unauthorized("auth_version must be 1.0"));
        }
        let timestamp = get("auth_timestamp").and_then(|time| time.parse::<i64>().ok());
        if timestamp.is_none_or(|then| then.abs_diff(now_s) > CLOCKS_DIFFER_MAX) {
            return Err(Unauthorized("auth_timestamp must be the time, to within 600 seconds"));
        }
        match get("body_md5") {
            // One library sends the digest of nothing where there is no body.
            Some(given) if given == body_md5(request.body) => {}
            None if request.body.is_empty() => {}
            _ => return Err(Unauthorized("body_md5 must be the MD5 digest of the body")),
        }
        if self.is_good(&signature, &signed(request, &parameters)) {
            Ok(())
        } else {
            Err(Unauthorized("auth_signature is not the signature of this request"))
        }
    }
}

/// The digest of a body, as it stands in `body_md5`.
#[must_use]
pub fn body_md5(body: &[u8]) -> String {
    format!("{:x}", Md5::digest(body))
}

/// The parameters in the order in which they are signed, their names in lower case.
fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut parameters: Vec<_> =
        pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
    parameters.sort_by(|(a, _), (b, _)| a.cmp(b));
    parameters
}

/// What is signed of a request.
fn signed(request: &ApiRequest<'_>, parameters: &[(String, String)]) -> String {
    let mut text = format!("{}\n{}\n", request.method, request.path);
    for (number, (name, value)) in parameters.iter().enumerate() {
        let and = if number == 0 { "" } else { "&" };
        // Writing into a text cannot fail.
        let _written = write!(text, "{and}{name}={value}");
    }
    text
}
