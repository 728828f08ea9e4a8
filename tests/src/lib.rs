//! The test language of Parlor: towns, the people in them, and what happens to both.
//!
//! ```no_run
//! # use town::Town;
//! # async fn test() {
//! let town = Town::new().gateways(2).writers(2).start().await;
//! let ana = town.person("ana").at(0).joins("r7").await;
//! let ben = town.person("ben").at(1).joins("r7").await;
//! ana.says("r7", "hello").await;
//! assert_eq!(&*ben.sees("r7", 1).await[0].body, "hello");
//! town.audit().await;
//! # }
//! ```
//! The parts of a [`Town`] are processes of the real `parlor`, over a real Postgres and NATS. Nothing here waits
//! for a time: it waits for conditions, and a time only bounds a hang. What clients do and see is written into
//! diaries, and an [`audit`] holds these against what is stored: lost 0, doubled 0, out of order 0.

pub mod audit;
mod balancer;
pub mod collector;
mod crowd;
mod diary;
mod haproxy;
mod length;
mod line;
mod message;
mod names;
mod older;
mod patience;
mod person;
pub mod probe;
mod process;
mod program;
mod resident;
mod server;
mod settings;
mod token;
mod town;
mod trial;
mod watchers;
mod witness;

pub use balancer::Balancer;
pub use crowd::{Crowd, Told};
pub use diary::{Diary, Entry, Place};
pub use haproxy::{HaProxy, Replica};
pub use length::length;
pub use line::{Line, Toll, Way};
pub use message::Message;
pub use older::{Older, older};
pub use patience::{PATIENCE, until};
pub use person::{Answer, Closed, Joined, Pending, Person, Refused, Sent, Turned, Visit, new_id};
pub use process::Process;
pub use program::{program, workspace};
pub use resident::Resident;
pub use server::{Role, Server};
pub use settings::Settings;
pub use token::{SECRET, Token};
pub use town::{Lines, Plan, Town};
pub use trial::{Outcome, Promised, Trial};
pub use watchers::Watchers;
pub use witness::{Account, Witnesses};
