//! What is asked by request and answer, without a connection: for the HTTP API.

use chat::{Draft, Refusal, RoomId, RoomState, Verdict};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Line, Want};

impl Line {
    /// Where a room stands; with `create` it is made if it is not there.
    ///
    /// # Errors
    /// As a session is refused: at the latest after [`crate::session::ANSWER_WITHIN`].
    pub(crate) async fn look(&self, room: RoomId, create: bool) -> Result<RoomState, Refusal> {
        let (reply, answer) = oneshot::channel();
        let want = Want::Look { room, create, accepted: Instant::now(), reply };
        self.ask(want).map_err(|_| busy())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Appends a draft. Dropped, it may have been appended or not.
    ///
    /// # Errors
    /// As a session is refused: at the latest after [`crate::session::ANSWER_WITHIN`].
    pub(crate) async fn append(&self, draft: Draft) -> Verdict {
        let (reply, verdict) = oneshot::channel();
        let want = Want::Append { draft: Box::new(draft), accepted: Instant::now(), reply };
        self.ask(want).map_err(|_| busy())?;
        verdict.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn busy() -> Refusal {
    Refusal::unavailable("this gateway is busy")
}

fn gone() -> Refusal {
    Refusal::unavailable("this gateway is going away")
}
