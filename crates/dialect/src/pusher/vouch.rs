//! Who lets a connection into a channel, and says whose it is: whoever has the secret, by a signature over the connection's
//! own name.
//!
//! Beside the user, an endpoint may say in `channel_data` how long that is good, and that the user may only read. The
//! library hands that text back as it is, for private channels too; other endpoints need not know of it.

use chat::{Access, Code, Refusal, Timestamp, User};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::App;
use crate::json::depth;
use crate::{Alias, Claim, Voucher, WHISPER_DEPTH_MAX};

/// The longest `channel_data`, in bytes.
const DATA_BYTES_MAX: usize = 2048;
/// The longest `user_data`, in bytes: it may name others that are watched for.
const USER_BYTES_MAX: usize = 10_240;
/// The longest `user_info`, in bytes: each member of a presence channel is shown that of each other.
const INFO_BYTES_MAX: usize = 1024;

/// What stands in `channel_data`, and, with another name for the user, in `user_data`.
#[derive(Deserialize)]
struct Signed<'a> {
    #[serde(alias = "id")]
    user_id: Value,
    #[serde(borrow)]
    user_info: Option<&'a RawValue>,
    #[serde(default)]
    parlor: Terms,
}

/// What Parlor's own endpoint adds to it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Terms {
    /// Until when, in seconds since 1970; without it, for as long as the connection lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
    /// Whether the user may say nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
}

/// Reads what a client was given for a channel.
///
/// # Errors
/// `not_identified` if nobody with the secret has signed it for this connection; `malformed` if it makes no sense.
pub(super) fn vouch(app: &App, connection: &str, channel: &Alias, claim: &Claim) -> Result<Voucher, Refusal> {
    let channel_name = channel.as_str();
    let text = match &claim.data {
        Some(data) if data.len() > DATA_BYTES_MAX => {
            return Err(Refusal::new(Code::TooLarge, "`channel_data` has at most 2048 bytes"));
        }
        Some(data) => format!("{connection}:{channel_name}:{data}"),
        None => format!("{connection}:{channel_name}"),
    };
    if !app.has_signed(&claim.signature, &text) {
        return Err(Refusal::new(Code::NotIdentified, "`auth` is not the signature of this channel"));
    }
    match &claim.data {
        Some(data) => read(data, "`channel_data` is a JSON object with a `user_id`"),
        // Whom a presence channel shows, the session knows if the client has signed in.
        None => Ok(Voucher { user: None, info: None, access: Access::Write, until: None }),
    }
}

/// Reads what a client was given that wants to be known as a user.
///
/// # Errors
/// As [`vouch`].
pub(super) fn vouch_for_user(app: &App, connection: &str, claim: &Claim) -> Result<Voucher, Refusal> {
    let data = claim.data.as_deref().unwrap_or_default();
    if data.len() > USER_BYTES_MAX {
        return Err(Refusal::new(Code::TooLarge, "`user_data` has at most 10240 bytes"));
    }
    if !app.has_signed(&claim.signature, &format!("{connection}::user::{data}")) {
        return Err(Refusal::new(Code::NotIdentified, "`auth` is not the signature of this user"));
    }
    read(data, "`user_data` is a JSON object with an `id`")
}

fn read(data: &str, what: &'static str) -> Result<Voucher, Refusal> {
    let data: Signed<'_> = serde_json::from_str(data).map_err(|_| Refusal::malformed(what))?;
    let id = match &data.user_id {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return Err(Refusal::malformed("the user's id must be a text or a number")),
    };
    let info = data.user_info.map(RawValue::get);
    if info.is_some_and(|info| info.len() > INFO_BYTES_MAX) {
        return Err(Refusal::new(Code::TooLarge, "`user_info` has at most 1024 bytes"));
    }
    if info.is_some_and(|info| depth(info) > WHISPER_DEPTH_MAX) {
        return Err(Refusal::malformed("`user_info` nests at most 32 deep"));
    }
    let fields: Value = info.and_then(|info| serde_json::from_str(info).ok()).unwrap_or_default();
    let named = |field: &str| fields.get(field).and_then(Value::as_str);
    let user = User::parse(&id, named("name").or_else(|| named("username")))
        .map_err(|bad| Refusal::malformed(bad.to_string()))?;
    let access = if data.parlor.read_only { Access::Read } else { Access::Write };
    let until = data.parlor.until.map(|s| Timestamp::from_micros(s.saturating_mul(1_000_000)));
    Ok(Voucher { user: Some(user), info: info.map(Into::into), access, until })
}

impl App {
    /// What Parlor's own endpoint answers for a channel: the signature, and the `channel_data` that it is over.
    ///
    /// # Errors
    /// `malformed` if `socket_id` is no name of a connection.
    pub fn let_in(
        &self,
        socket_id: &str,
        channel: &str,
        user: &User,
        access: Access,
        until_s: i64,
    ) -> Result<Value, Refusal> {
        check_socket_id(socket_id)?;
        let terms = Terms { until: Some(until_s), read_only: access < Access::Write };
        let data = json!({
            "user_id": user.id.as_str(),
            "user_info": { "name": &*user.name },
            "parlor": terms,
        });
        let data = data.to_string();
        let auth = self.sign(&format!("{socket_id}:{channel}:{data}"));
        Ok(json!({ "auth": auth, "channel_data": data }))
    }
}

/// Two numbers: nothing else may be signed as if it were a connection.
pub(super) fn check_socket_id(socket_id: &str) -> Result<(), Refusal> {
    let digits =
        |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    match socket_id.split_once('.') {
        Some((gateway, connection)) if digits(gateway) && digits(connection) => Ok(()),
        _ => Err(Refusal::malformed("`socket_id` is two numbers with a dot between them")),
    }
}
