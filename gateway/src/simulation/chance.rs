//! Where all chance comes from. A seed must mean the same for years: the generator is xoshiro256++, seeded by
//! SplitMix64, both published algorithms, and how a number is drawn from their bits stands here.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

pub(super) struct Chance(Xoshiro256PlusPlus);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `bound`; 0 if the bound is 0. The upper half of a product: good enough, and always one draw.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(product >> 64).expect("half of 128 bits")
    }

    /// A number from `least` to `most`, both included.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// A number below `bound`, as an index.
    pub(super) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("below a usize")
    }

    /// True this many times of a thousand.
    pub(super) fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// Nothing half of the time, else a number from `least` to `most`: a seed is to have some faults and lack others.
    pub(super) fn perhaps(&mut self, least: u64, most: u64) -> u64 {
        let there = self.happens(500);
        let how_much = self.between(least, most);
        if there { how_much } else { 0 }
    }
}
