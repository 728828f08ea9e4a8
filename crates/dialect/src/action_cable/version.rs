//! The two versions of the protocol, by their subprotocols.

/// Which of the two a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// That of Rails.
    Base,
    /// AnyCable's superset of it.
    Extended,
}

impl Version {
    /// The name of the dialect.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Base => "action_cable",
            Self::Extended => "action_cable_ext",
        }
    }

    /// The subprotocol. The libraries never retry where another one is answered, and none at all is no answer to those
    /// who offer some.
    pub(super) const fn protocol(self) -> &'static str {
        match self {
            Self::Base => "actioncable-v1-json",
            Self::Extended => "actioncable-v1-ext-json",
        }
    }
}
