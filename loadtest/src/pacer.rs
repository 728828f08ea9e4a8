//! The clock of the run: a thread of its own that tells each sender when its time has come, whatever the servers do.
//!
//! Not a timer of the clients' runtime: that one counts in whole milliseconds, and would stand still while it reads.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::crowd::Shared;
use crate::window::Window;

/// Tells every message of the plan to its sender, if that is one of this process. Ends after the last one, or when the
/// run is stopped.
///
/// The queues must hold all that their sender is to send: nobody here waits for a slow client.
pub(crate) fn start(shared: Arc<Shared>, begin: Instant, senders: Vec<Option<mpsc::Sender<u32>>>) {
    thread::spawn(move || {
        let mut window = Window::new(&shared);
        for message in 0..=u32::MAX {
            if !shared.plan.has(message) || shared.stop.is_cancelled() {
                break;
            }
            let planned = shared.plan.message(message);
            let Some(sender) = &senders[planned.sender as usize] else { continue };
            wait_until(begin + planned.at);
            if let Some(window) = &mut window {
                window.wait(planned.room);
                shared.ledger.take_turn(message, begin.elapsed());
            }
            // A sender that has given up takes no orders: what it does not send is counted at the end.
            let _ = sender.try_send(message);
        }
        shared.all_told.store(true, Ordering::Release);
    });
}

/// Precise to some tens of microseconds; may wake for no reason, hence the loop.
fn wait_until(time: Instant) {
    loop {
        let left = time.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}
