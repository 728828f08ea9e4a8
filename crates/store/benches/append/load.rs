//! What is appended: messages of 200 bytes with ids of 36, from 20 000 users, in rooms that differ in how busy they
//! are.

use chat::{Body, Change, Draft, RequestId, RoomId, User};

/// How messages spread over rooms.
#[derive(Clone, Copy)]
pub(crate) enum Spread {
    /// 100 000 rooms, the n-th as busy as 1/n.
    Zipf,
    /// 1000 rooms, all alike.
    Uniform,
    /// One room.
    Hot,
}

impl Spread {
    pub(crate) const ALL: [Self; 3] = [Self::Zipf, Self::Uniform, Self::Hot];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Zipf => "zipf over 100 000 rooms",
            Self::Uniform => "uniform over 1000 rooms",
            Self::Hot => "one hot room",
        }
    }
}

/// A source of drafts that never repeats itself.
pub(crate) struct Load {
    state: u64,
    counter: u64,
}

impl Load {
    pub(crate) const ROOMS: u64 = 100_000;

    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, counter: 0 }
    }

    /// A batch of messages in rooms that belong to `writer` of `writers`.
    pub(crate) fn batch(&mut self, spread: Spread, size: usize, writer: u64, writers: u64) -> Vec<Draft> {
        (0..size).map(|_| self.draft(spread, writer, writers)).collect()
    }

    fn draft(&mut self, spread: Spread, writer: u64, writers: u64) -> Draft {
        let number = loop {
            let number = self.number(spread);
            // A hot room of each writer: there is nothing to share in one.
            match spread {
                Spread::Hot => break number + writer,
                Spread::Zipf | Spread::Uniform if number % writers == writer => break number,
                Spread::Zipf | Spread::Uniform => {}
            }
        };
        let user = self.next() % 20_000;
        self.counter += 1;
        let id = format!("{:016x}-{:019x}", self.next(), self.counter);
        Draft {
            room: room(number),
            by: User::parse(&format!("user-{user}"), Some(&format!("User Number {user}")))
                .expect("printable"),
            id: RequestId::parse(&id).expect("printable"),
            change: Change::Message {
                body: Body::trusted(&format!("{:0>200}", self.counter)),
                reply_to: None,
            },
            except: None,
        }
    }

    /// A room, as busy ones come more often.
    pub(crate) fn room(&mut self, spread: Spread) -> RoomId {
        room(self.number(spread))
    }

    fn number(&mut self, spread: Spread) -> u64 {
        match spread {
            Spread::Zipf => {
                // Scattered, so that busy rooms are no neighbours on disk.
                self.zipf() * 7919 % Self::ROOMS
            }
            Spread::Uniform => self.next() % 1000 * 97,
            Spread::Hot => 4711,
        }
    }

    /// 1 to [`Self::ROOMS`], n as often as 1/n.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the power is within 1 and ROOMS"
    )]
    fn zipf(&mut self) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        (Self::ROOMS as f64).powf(unit) as u64
    }

    /// splitmix64
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

pub(crate) fn room(number: u64) -> RoomId {
    RoomId::parse(&format!("team-{number}:general")).expect("a room name is within its alphabet")
}
