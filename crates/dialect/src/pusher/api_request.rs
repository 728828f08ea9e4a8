//! Requests of backends to the HTTP API: signed, with the time and a digest of the body in the query.

use std::fmt::Write;

use md5::{Digest, Md5};

use super::App;

/// How far the clocks of a backend and of this machine may differ, in seconds.
const CLOCKS_DIFFER_MAX: u64 = 600;

/// A request as it came in, without its body: whether it is to be read at all, the rest of it says.
#[derive(Debug, Clone, Copy)]
pub struct ApiRequest<'a> {
    /// `GET` or `POST`.
    pub method: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: &'a str,
}

/// The body that was signed with a request, by its digest; `None` for no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBody(Option<String>);

/// Why a request is not taken: the words that the backend is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthorized(pub &'static str);

impl App {
    /// Checks that a request was signed with the secret of this application, for this time; and says for which body.
    ///
    /// # Errors
    /// [`Unauthorized`]: what is wrong with it.
    pub fn authorize(&self, request: &ApiRequest<'_>, now_s: i64) -> Result<SignedBody, Unauthorized> {
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
        let body = SignedBody(get("body_md5").map(str::to_owned));
        if self.is_good(&signature, &signed(request, &parameters)) {
            Ok(body)
        } else {
            Err(Unauthorized("auth_signature is not the signature of this request"))
        }
    }
}

impl SignedBody {
    /// Checks that this is the body that was signed.
    ///
    /// # Errors
    /// [`Unauthorized`] if it is another one.
    pub fn check(&self, body: &[u8]) -> Result<(), Unauthorized> {
        let is_signed = match &self.0 {
            // One library sends the digest of nothing where there is no body.
            Some(digest) => *digest == body_md5(body),
            None => body.is_empty(),
        };
        if is_signed { Ok(()) } else { Err(Unauthorized("body_md5 must be the MD5 digest of the body")) }
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
