//! Appending: which of the two ways a batch takes.

use chat::Draft;
use sqlx::PgConnection;

use super::keys::Keys;
use super::{changes, messages};
use crate::{Appended, Declined};

pub(super) async fn append(
    connection: &mut PgConnection,
    keys: &Keys,
    batch: &[Draft],
) -> Result<Vec<Result<Appended, Declined>>, sqlx::Error> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    if batch.iter().any(|draft| draft.change.target().is_some()) {
        changes::append(connection, batch).await
    } else {
        messages::append(connection, keys, batch).await
    }
}
