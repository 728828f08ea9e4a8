//! Several gateways, a bus that loses, and clients that come, go, break and come back, out of one seed and without a
//! clock: at the end everybody knows the same, and on the way no client is told anything that does not follow.

mod client;
mod town;

use proptest::prelude::*;

use town::{Faults, Town};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_lost_all_gateways_come_to_know_the_same(seed in any::<u64>(), list_max in 2_u32..12) {
        let mut town = Town::new(seed, list_max, Faults::all());
        town.live(600);
        town.heal();
        town.live_on_quietly(20);
        town.check_agreement();
    }

    #[test]
    fn who_comes_back_in_time_was_never_gone(seed in any::<u64>()) {
        let mut town = Town::new(seed, 1000, Faults::none());
        town.live_restlessly(600);
        prop_assert_eq!(town.departures(), 0, "users were told to be gone");
        town.live_on_quietly(20);
        town.check_agreement();
    }
}

/// A change that is clean is known everywhere within three seconds, one by the death of a gateway within fifteen.
#[test]
fn what_changes_is_known_in_time() {
    let mut town = Town::new(1, 100, Faults::none());
    town.live_on_quietly(7);
    let ana = town.connect(0);
    town.live_on_quietly(3);
    town.check_agreement();
    assert_eq!(town.known_by(2), 1);
    town.disconnect(ana);
    town.live_on_quietly(3);
    assert_eq!(town.known_by(2), 0, "known after they have left");
    town.connect(0);
    town.live_on_quietly(3);
    town.kill(0);
    assert_eq!(town.known_by(2), 1);
    town.live_on_quietly(15);
    assert_eq!(town.known_by(2), 0, "known after their gateway has died");
}

#[test]
fn a_bus_that_is_gone_makes_nobody_leave() {
    let mut town = Town::new(2, 100, Faults::none());
    town.connect(0);
    town.connect(1);
    town.live_on_quietly(5);
    town.cut(true);
    town.live_on_quietly(120);
    let known = [0, 1, 2].map(|gateway| town.known_by(gateway));
    assert_eq!(known, [2, 2, 2], "known while there is no bus");
    town.connect(2);
    town.cut(false);
    town.live_on_quietly(10);
    town.check_agreement();
    assert_eq!((town.known_by(0), town.departures()), (3, 0));
}
