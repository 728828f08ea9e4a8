//! Appending: which of the two ways a batch takes.

use chat::Draft;
use sqlx::PgConnection;

use super::messages::Memory;
use super::{changes, messages};
use crate::{Appended, Declined};

pub(super) async fn append(
    connection: &mut PgConnection,
    memory: &Memory,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    if batch.iter().any(|draft| draft.change.target().is_some()) {
        changes::append(connection, batch).await
    } else {
        messages::append(connection, memory, batch).await
    }
}
