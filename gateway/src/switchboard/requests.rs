//! The requests that the switchboard has under way, worked on within its own loop: so a verdict is found in the same turn
//! as the event that came before it, and both go to the shard in one hand-over.
//!
//! Owned by the operator, who bounds how many it begins; they end with it.

use std::future::pending;
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::future::{FutureExt, LocalBoxFuture};
use futures::stream::FuturesUnordered;
use tokio::task::unconstrained;

/// Requests beside each other, each of which ends with a `D`.
pub(super) struct Requests<D> {
    under_way: FuturesUnordered<LocalBoxFuture<'static, D>>,
}

impl<D: 'static> Requests<D> {
    /// None is under way yet.
    pub(super) fn new() -> Self {
        let under_way = FuturesUnordered::new();
        // A set that has just asked every member gives way, which wakes its task once more: with few members, that is
        // after each new one. One that nothing ever wakes is not asked again, so that it never comes to that.
        under_way.push(pending().boxed_local());
        Self { under_way }
    }

    /// Works on a request from now on. It begins when [`Requests::poll`] is called next. It may take as many steps as it
    /// can: what bounds a turn is how many requests are found at their end, and a share of steps that all of them
    /// had to divide would be used up by the first few.
    pub(super) fn begin(&self, request: impl Future<Output = D> + 'static) {
        self.under_way.push(unconstrained(request).boxed_local());
    }

    /// Begins all that are new, and goes on with those that were woken, until `ended` holds `most`. Ready if some have
    /// come to their end.
    pub(super) fn poll(&mut self, ended: &mut Vec<D>, most: usize, cx: &mut Context<'_>) -> Poll<()> {
        while ended.len() < most
            && let Poll::Ready(Some(end)) = self.under_way.poll_next_unpin(cx)
        {
            ended.push(end);
        }
        if ended.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use tokio::sync::oneshot;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn one_turn_begins_all_that_are_new_and_wakes_nobody() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let (mut requests, mut ended) = (Requests::new(), Vec::new());
        let mut turn = |requests: &mut Requests<usize>| {
            let found = requests.poll(&mut ended, 512, &mut Context::from_waker(&waker)).is_ready();
            found.then(|| std::mem::take(&mut ended))
        };
        assert_eq!(turn(&mut requests), None);
        let begun = Rc::new(Cell::new(0));
        for count in [1, 1, 64] {
            let wakes_before = wakes.0.load(Ordering::Relaxed);
            let answers: Vec<_> = (0..count).map(|number| begin(&requests, number, &begun)).collect();
            begun.set(0);
            assert_eq!(turn(&mut requests), None);
            assert_eq!(begun.get(), count);
            assert_eq!(wakes.0.load(Ordering::Relaxed), wakes_before);
            for answer in answers {
                answer.send(()).unwrap();
            }
            let mut ended = turn(&mut requests).unwrap();
            ended.sort_unstable();
            assert_eq!(ended, (0..count).collect::<Vec<_>>());
        }
    }

    fn begin(requests: &Requests<usize>, number: usize, begun: &Rc<Cell<usize>>) -> oneshot::Sender<()> {
        let (answer, answered) = oneshot::channel();
        let begun = Rc::clone(begun);
        requests.begin(async move {
            begun.set(begun.get() + 1);
            answered.await.unwrap();
            number
        });
        answer
    }
}
