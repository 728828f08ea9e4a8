//! `POST /apps/{app_id}/users/{user}/terminate_connections`: ends the connections of a user, on all gateways.

use std::sync::Arc;

use chat::{Refusal, UserId};
use serde_json::{Value, json};

use super::Office;
use super::backend::Call;

/// The dialect whose connections end. Those that the same user has in others are none of this application's.
const DIALECT: &str = "pusher";

/// # Errors
/// `malformed`, or `unavailable`: some of them may go on.
pub(super) async fn send_away(office: Arc<Office>, call: Call) -> Result<Value, Refusal> {
    let user = UserId::parse(call.at("user")).map_err(|bad| Refusal::malformed(bad.to_string()))?;
    office.neighbours.send_away(&user, Some(DIALECT)).await?;
    Ok(json!({}))
}
