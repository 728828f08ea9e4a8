//! How the target speaks.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::speech::{ActionCable, App, Centrifugo, Native, Phoenix, Plain, Pusher, Speech, Template};

/// How the target speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
enum Dialect {
    /// Parlor's own.
    #[default]
    Native,
    /// Action Cable, of Rails or AnyCable.
    ActionCable,
    /// Phoenix Channels, V2.
    Phoenix,
    /// Pusher Channels, protocol 7: client events.
    Pusher,
    /// Centrifugo's JSON protocol.
    Centrifugo,
    /// Texts made from templates.
    Plain,
}

/// How the target speaks.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Dialect of the target")]
pub(crate) struct DialectArgs {
    /// What the target speaks. The path of the target may hold {token}, {user} and {room}.
    #[arg(long, value_enum, default_value_t, value_name = "NAME")]
    dialect: Dialect,
    /// What a room is called there, with {room} for our name of it; for Action Cable the channel's class, or the
    /// whole identifier in JSON. [default: room:{room} for phoenix, private-{room} for pusher, {room} for centrifugo,
    /// RoomChannel for action-cable]
    #[arg(long, value_name = "TEXT")]
    channel: Option<String>,
    /// What a message is sent as: the action of Action Cable, the event of Phoenix and Pusher. [default: speak,
    /// message:add, client-message]
    #[arg(long, alias = "action", value_name = "NAME")]
    event: Option<String>,
    /// The field of a message that holds its text.
    #[arg(long, default_value = "message", value_name = "NAME")]
    field: String,
    /// The key of the Pusher application, where channels are signed for.
    #[arg(long, requires = "app_secret", value_name = "KEY")]
    app_key: Option<String>,
    /// The secret of the Pusher application.
    #[arg(long, requires = "app_key", value_name = "SECRET")]
    app_secret: Option<String>,
    /// For pusher: sign who each client is, too, for servers that take messages only from those whose name they know.
    /// Clients of presence channels are always named.
    #[arg(long, requires = "app_key")]
    sign_users: bool,
    /// For pusher: a sender gets its own messages, too.
    #[arg(long)]
    echo: bool,
    /// For plain: what a client sends when it has connected, with {user} and {token}.
    #[arg(long, value_name = "TEXT")]
    on_connect: Option<String>,
    /// For plain: what it sends to join a room, with {room}, {user} and {token}.
    #[arg(long, value_name = "TEXT")]
    on_join: Option<String>,
    /// For plain: what it sends to say something, with {room}, {user}, {token}, {id} and {body}.
    #[arg(long, value_name = "TEXT")]
    on_send: Option<String>,
    /// For plain: what the text begins with that says that a connection is ready; nothing is joined before.
    #[arg(long, value_name = "TEXT")]
    welcome: Option<String>,
    /// For plain: a text that asks for a sign of life, and the one that gives it, with = between them.
    #[arg(long, value_name = "PING=PONG", value_parser = ping_pong)]
    ping_pong: Option<(String, String)>,
    /// For plain: a sender does not get its own messages.
    #[arg(long)]
    no_echo: bool,
}

impl DialectArgs {
    /// The dialect.
    ///
    /// # Errors
    /// If it needs something that was not given.
    pub(crate) fn speech(&self) -> Result<Arc<dyn Speech>> {
        let channel = |default: &str| Template::new(self.channel.as_deref().unwrap_or(default));
        let event = |default: &str| self.event.as_deref().unwrap_or(default).to_owned();
        let field = self.field.clone();
        Ok(match self.dialect {
            Dialect::Native => Arc::new(Native),
            Dialect::ActionCable => {
                let identifier = ActionCable::identifier(self.channel.as_deref().unwrap_or("RoomChannel"));
                Arc::new(ActionCable { identifier, action: event("speak"), field })
            }
            Dialect::Phoenix => {
                Arc::new(Phoenix { topic: channel("room:{room}"), event: event("message:add"), field })
            }
            Dialect::Pusher => {
                let app = self.app_key.clone().zip(self.app_secret.clone());
                let app = app.map(|(key, secret)| App { key, secret });
                let event = event("client-message");
                ensure!(event.starts_with("client-"), "--event: Pusher's clients only send client-…");
                let (signs_users, echoes) = (self.sign_users, self.echo);
                Arc::new(Pusher {
                    channel: channel("private-{room}"),
                    event,
                    field,
                    app,
                    signs_users,
                    echoes,
                })
            }
            Dialect::Centrifugo => Arc::new(Centrifugo { channel: channel("{room}"), field }),
            Dialect::Plain => Arc::new(Plain {
                on_connect: self.on_connect.clone(),
                on_join: self.on_join.clone(),
                on_send: self.on_send.clone().context("--dialect plain needs --on-send")?,
                welcome: self.welcome.clone(),
                ping_pong: self.ping_pong.clone(),
                echoes: !self.no_echo,
            }),
        })
    }

    /// True if clients need no token.
    pub(crate) fn is_foreign(&self) -> bool {
        self.dialect != Dialect::Native
    }
}

fn ping_pong(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').ok_or("it is PING=PONG, such as 2=3")?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}
