//! Names of connections.

use std::fmt;

/// The name of a connection to any gateway, which the gateway has made up: two numbers, the first of which is that of the
/// connection's shard. Unique for as long as the connection lives, and so likely afterwards that nothing more is made of it
/// than a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionName {
    /// The random number of its shard.
    pub shard: u32,
    /// Its own random number.
    pub number: u64,
}

impl ConnectionName {
    /// Reads a name as [`fmt::Display`] writes it. `None` for every other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (shard, number) = text.split_once('.')?;
        let name = Self { shard: shard.parse().ok()?, number: number.parse().ok()? };
        // What could be written in several ways would be several names.
        (name.to_string() == text).then_some(name)
    }
}

/// Two numbers with a dot between them: the form that the libraries of Pusher insist on.
impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.shard, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written_and_no_other_text_is_one() {
        let name = ConnectionName { shard: u32::MAX, number: u64::MAX };
        assert_eq!(ConnectionName::parse(&name.to_string()), Some(name));
        for bad in
            ["", "1", "1.", ".1", "01.2", "1.+2", "-1.2", "1.2.3", "4294967296.1", "1.18446744073709551616"]
        {
            assert_eq!(ConnectionName::parse(bad), None, "{bad}");
        }
    }
}
