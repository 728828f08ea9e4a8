//! The request that opens a connection: it names an application, and nobody. Who may not come in is told so behind the
//! handshake, as the library would try for ever otherwise.

use chat::{Code, Refusal};

use super::App;
use crate::{OpenRequest, Opening};

/// The versions of the protocol that are the same in all that is said here.
const VERSIONS: [&str; 3] = ["5", "6", "7"];

pub(super) fn open<'a>(app: &App, request: &OpenRequest<'a>) -> Opening<'a> {
    let refusal = check(app, request).err();
    Opening { refusal, ..Opening::default() }
}

fn check(app: &App, request: &OpenRequest<'_>) -> Result<(), Refusal> {
    let key = request.path.rsplit('/').next().unwrap_or_default();
    if key != app.key() {
        return Err(Refusal::new(Code::NotAllowed, "there is no application with this key"));
    }
    let mut parameters = form_urlencoded::parse(request.query.as_bytes());
    match parameters.find(|(name, _)| name == "protocol") {
        Some((_, version)) if !VERSIONS.contains(&&*version) => {
            Err(Refusal::malformed("version 7 of the protocol is spoken here"))
        }
        _ => Ok(()),
    }
}
