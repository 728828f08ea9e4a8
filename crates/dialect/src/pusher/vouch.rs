//! Who lets a connection into a channel: whoever has the secret, by a signature over the connection's own name.
//!
//! Beside the user, an endpoint may say in `channel_data` how long that is good, and that the user may only read. The
//! library hands that text back as it is, for private channels too; other endpoints need not know of it.

use chat::{Access, Code, Refusal, Timestamp, User};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{App, present};
use crate::{Alias, Claim, Voucher};

/// The longest `channel_data`, in bytes.
const DATA_BYTES_MAX: usize = 2048;

/// What stands in `channel_data`.
#[derive(Deserialize)]
struct ChannelData {
    user_id: Value,
    #[serde(default)]
    user_info: Value,
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
        Some(data) => read(data),
        None if present::is_presence(channel) => {
            Err(Refusal::malformed("a presence channel needs `channel_data`"))
        }
        None => Ok(Voucher { user: None, access: Access::Write, until: None }),
    }
}

fn read(data: &str) -> Result<Voucher, Refusal> {
    let data: ChannelData = serde_json::from_str(data)
        .map_err(|_| Refusal::malformed("`channel_data` is a JSON object with a `user_id`"))?;
    let id = match &data.user_id {
        Value::String(id) => id.clone(),
        Value::Number(id) => id.to_string(),
        _ => return Err(Refusal::malformed("`user_id` must be a text or a number")),
    };
    let named = |field: &str| data.user_info.get(field).and_then(Value::as_str);
    let user = User::parse(&id, named("name").or_else(|| named("username")))
        .map_err(|bad| Refusal::malformed(bad.to_string()))?;
    let access = if data.parlor.read_only { Access::Read } else { Access::Write };
    let until = data.parlor.until.map(|s| Timestamp::from_micros(s.saturating_mul(1_000_000)));
    Ok(Voucher { user: Some(user), access, until })
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
