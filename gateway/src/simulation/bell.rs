//! Tells which gateway has something to say: asking all of them each time is a quarter of the time of a town.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Wakes the town, and remembers that it did.
pub(super) struct Bell {
    town: Waker,
    rung: AtomicBool,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Relaxed);
        self.town.wake_by_ref();
    }
}

/// A door with a bell: whoever has nothing to say is not asked again before it rings.
#[derive(Default)]
pub(super) struct Rung(Option<Arc<Bell>>);

impl Rung {
    /// Polls, if the bell has rung since there was nothing.
    pub(super) fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let same = |bell: &&Arc<Bell>| bell.town.will_wake(cx.waker());
        let bell = match self.0.as_ref().filter(same) {
            Some(bell) if !bell.rung.load(Ordering::Relaxed) => return Poll::Pending,
            Some(bell) => Arc::clone(bell),
            None => Arc::new(Bell { town: cx.waker().clone(), rung: AtomicBool::new(true) }),
        };
        bell.rung.store(false, Ordering::Relaxed);
        let polled = poll(&mut Context::from_waker(&Waker::from(Arc::clone(&bell))));
        // There may be more of it.
        bell.rung.fetch_or(polled.is_ready(), Ordering::Relaxed);
        self.0 = Some(bell);
        polled
    }
}
