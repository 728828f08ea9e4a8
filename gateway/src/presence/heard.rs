//! What was heard already: the bus may bring a note twice, and a broadcast is passed on once.
//!
//! Owned by the room or the channel. There is an entry for each gateway that has broadcast something there and lives.

use chat::Timestamp;

/// The time of the last broadcast of each gateway, which gives each of its own a later one.
#[derive(Debug, Default)]
pub(crate) struct Heard(Vec<(u64, Timestamp)>);

impl Heard {
    /// Whether a broadcast is heard for the first time, and notes that it is. First copies come in order.
    pub(crate) fn is_new(&mut self, gateway: u64, at: Timestamp) -> bool {
        match self.0.iter_mut().find(|(known, _)| *known == gateway) {
            Some((_, last)) if at <= *last => false,
            Some((_, last)) => {
                *last = at;
                true
            }
            None => {
                self.0.push((gateway, at));
                true
            }
        }
    }

    /// A gateway is gone.
    pub(crate) fn forget(&mut self, gateway: u64) {
        self.0.retain(|(known, _)| *known != gateway);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_broadcast_of_each_gateway_is_new_once() {
        let mut heard = Heard::default();
        let mut is_new = |gateway, at| heard.is_new(gateway, Timestamp::from_micros(at));
        assert!(is_new(1, 5) && is_new(2, 5) && is_new(1, 6));
        assert!(!is_new(1, 5) && !is_new(1, 6) && !is_new(2, 5));
        heard.forget(1);
        assert!(heard.is_new(1, Timestamp::from_micros(5)) && heard.0.len() == 2);
    }
}
