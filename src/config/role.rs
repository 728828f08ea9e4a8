//! What this process is, as far as its configuration depends on it.

use clap::ValueEnum;

/// What runs in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Gateway and writer together.
    Solo,
    /// A gateway.
    Gateway,
    /// A writer.
    Writer,
    /// The migrations of a store, and nothing else.
    #[value(skip)]
    Migrate,
    /// The signing of a token, and nothing else: with what solo would be configured with.
    #[value(skip)]
    Token,
    /// A question to another process, and nothing else.
    #[value(skip)]
    Health,
}

impl Role {
    /// True if the defaults are solo's: those of one machine where nothing is configured.
    pub(crate) fn is_at_home(self) -> bool {
        matches!(self, Self::Solo | Self::Token)
    }

    /// True if clients connect to this process.
    pub(crate) fn has_gateway(self) -> bool {
        matches!(self, Self::Solo | Self::Gateway)
    }

    /// True if this process is on the bus.
    pub(crate) fn has_bus(self) -> bool {
        matches!(self, Self::Solo | Self::Gateway | Self::Writer)
    }

    /// True if this process opens the store.
    pub(crate) fn has_store(self) -> bool {
        matches!(self, Self::Solo | Self::Writer | Self::Migrate)
    }

    /// True if this process writes what gateways submit.
    pub(crate) fn has_writer(self) -> bool {
        matches!(self, Self::Solo | Self::Writer)
    }
}
