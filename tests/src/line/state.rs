//! What is wrong with a line, and what that means for one way of a connection.

use std::time::Duration;

/// A direction of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the process to the server behind the line.
    There,
    /// From the server to the process: answers.
    Back,
    /// Both.
    Both,
}

impl Way {
    fn covers(self, way: Self) -> bool {
        self == Self::Both || self == way
    }

    /// The way on which the sender of this one learns what has become of the receiver.
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::There => Self::Back,
            Self::Back => Self::There,
            Self::Both => Self::Both,
        }
    }
}

/// What is wrong with a line.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    Cut,
    Refusing,
    BlackHole(Way),
    Holding(Way),
    Delaying(Duration),
}

/// The state that all connections of a line watch.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct State {
    pub(super) fault: Fault,
    /// How often the line was cut: a connection that looks too late to see the cut itself still sees that.
    cuts: u64,
}

/// What is done with bytes that go one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Pass,
    Swallow,
    Hold,
    Delay(Duration),
}

impl State {
    pub(super) fn cut(&mut self) {
        self.fault = Fault::Cut;
        self.cuts += 1;
    }

    pub(super) fn was_cut_since(self, then: Self) -> bool {
        self.cuts != then.cuts
    }

    pub(super) fn takes_connections(self) -> bool {
        !matches!(self.fault, Fault::Cut | Fault::Refusing)
    }

    pub(super) fn treatment(self, way: Way) -> Treatment {
        match self.fault {
            Fault::BlackHole(faulty) if faulty.covers(way) => Treatment::Swallow,
            Fault::Holding(faulty) if faulty.covers(way) => Treatment::Hold,
            Fault::Delaying(by) => Treatment::Delay(by),
            Fault::None | Fault::Cut | Fault::Refusing | Fault::BlackHole(_) | Fault::Holding(_) => {
                Treatment::Pass
            }
        }
    }

    /// True if what goes this way arrives at all.
    pub(super) fn lets_through(self, way: Way) -> bool {
        matches!(self.treatment(way), Treatment::Pass | Treatment::Delay(_))
    }
}
