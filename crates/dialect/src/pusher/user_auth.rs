//! Saying who a connection is of, for `pusher.signin()`: as the library has it, with a signature over the connection's own
//! name and what is said of the user.

use chat::{Refusal, User};
use serde_json::{Value, json};

use super::App;
use super::vouch::check_socket_id;

impl App {
    /// What Parlor's own endpoint answers to a page that signs in: the signature, and the `user_data` that it is over. It
    /// says until when that is good.
    ///
    /// # Errors
    /// `malformed` if `socket_id` is no name of a connection.
    pub fn sign_in(&self, socket_id: &str, user: &User, until_s: i64) -> Result<Value, Refusal> {
        check_socket_id(socket_id)?;
        let data = json!({
            "id": user.id.as_str(),
            "user_info": { "name": &*user.name },
            "parlor": { "until": until_s },
        });
        let data = data.to_string();
        let auth = self.sign(&format!("{socket_id}::user::{data}"));
        Ok(json!({ "auth": auth, "user_data": data }))
    }
}
