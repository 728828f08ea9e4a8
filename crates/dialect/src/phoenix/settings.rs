//! `phoenix.*`: what an application calls its topics, its events and the text of a message.

use serde::{Deserialize, Serialize};

/// `phoenix.*`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// What stands before the room in a topic that is one. All other topics are not there.
    pub topic: String,
    /// The event as which a message comes; `{topic}` stands for its topic.
    pub new_message: String,
    /// The field in which its text is.
    pub text: String,
    /// The parameter of the socket in which a token may come.
    pub token: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topic: "room:".to_owned(),
            new_message: "{topic}:new_message".to_owned(),
            text: "content".to_owned(),
            token: "token".to_owned(),
        }
    }
}
