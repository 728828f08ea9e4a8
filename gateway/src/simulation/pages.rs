//! What the pages with the libraries of Action Cable do.

use std::sync::LazyLock;

use dialect::action_cable::{ActionCable, Settings};

use super::town::Town;

static CABLE: LazyLock<ActionCable> = LazyLock::new(ActionCable::default);
static EXTENDED: LazyLock<ActionCable> = LazyLock::new(|| ActionCable::extended(Settings::default()));

impl Town {
    /// A page comes back, asks for what it has not got, or does what comes to its mind.
    pub(super) fn act_as_page(&mut self, number: usize) {
        if self.place(number).is_none() {
            self.open_page(number);
        }
        let Some(cable) = self.cable(number) else { return };
        let subscribes = self.cables[cable].subscribes();
        self.say_all(number, &subscribes);
        if self.calm {
            return;
        }
        let at = self.chance.index(self.cables[cable].subscriptions.len());
        if !self.chance.happens(self.weather.restless) {
            return self.speak(number, at);
        }
        match self.chance.below(4) {
            0 => self.hang_up(number),
            1 => self.unsubscribe(number, at),
            2 => self.cables[cable].subscriptions[at].wanted = true,
            _ => self.subscribe_again(number, at),
        }
    }

    fn open_page(&mut self, number: usize) {
        let (gateway, shard) =
            (self.chance.index(self.gateways.len()), self.chance.index(self.weather.shards));
        let (Some(there), Some(cable)) =
            (&mut self.gateways[gateway], number.checked_sub(self.residents.len()))
        else {
            return;
        };
        let page = &mut self.cables[cable];
        page.place = Some((gateway, shard));
        let dialect = if page.extended { &*EXTENDED } else { &*CABLE };
        there.shards[shard].open(number, dialect, &page.token);
        self.deliver();
    }

    fn speak(&mut self, number: usize, at: usize) {
        let refused = self.chance.happens(50);
        let speaks = self.cable(number).and_then(|cable| self.cables[cable].speaks(at, refused));
        if let Some(frame) = speaks {
            self.say(number, &frame);
        }
    }

    /// Asks once more for what it may have: nothing comes of it, not even a second confirmation.
    fn subscribe_again(&mut self, number: usize, at: usize) {
        let again = self.cable(number).and_then(|cable| self.cables[cable].subscribes_again(at));
        if let Some(frame) = again {
            self.say(number, &frame);
        }
    }

    pub(super) fn unsubscribe(&mut self, number: usize, at: usize) {
        let Some(cable) = self.cable(number) else { return };
        let frame = self.cables[cable].unsubscribes(at);
        if self.say(number, &frame) {
            self.cables[cable].has_left(at);
        }
    }
}
