//! What a token allows without asking anybody: `{"team-*":"rw","news":"r"}`.

use crate::RoomId;

/// What somebody may do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Read and write.
    Write,
}

impl Access {
    /// From the word in a token: `r` or `rw`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "r" => Some(Self::Read),
            "rw" => Some(Self::Write),
            _ => None,
        }
    }
}

/// The patterns of a token's `rooms`. Present, they are the whole grant: the longest pattern that matches
/// wins, and no match means no access.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(Vec<(String, Access)>);

impl Grants {
    /// Takes the pairs of pattern and access. A `*` is allowed only as the last character of a pattern.
    ///
    /// # Errors
    /// The first pattern that is empty or has a `*` elsewhere.
    pub fn new(pairs: impl IntoIterator<Item = (String, Access)>) -> Result<Self, String> {
        let mut grants = Vec::new();
        for (pattern, access) in pairs {
            let stem = pattern.strip_suffix('*').unwrap_or(&pattern);
            if pattern.is_empty() || stem.contains('*') {
                return Err(pattern);
            }
            grants.push((pattern, access));
        }
        // Longest first; of a name and a pattern of the same length the name is the closer match.
        grants.sort_by_key(|(pattern, _)| (std::cmp::Reverse(pattern.len()), pattern.ends_with('*')));
        Ok(Self(grants))
    }

    /// Allows something in one room, by its name, in the place of what was allowed by that name before.
    pub fn put(&mut self, room: &RoomId, access: Access) {
        self.take(room);
        let longer = |(pattern, _): &(String, Access)| pattern.len() > room.as_str().len();
        let at = self.0.partition_point(longer);
        self.0.insert(at, (room.as_str().to_owned(), access));
    }

    /// Takes back what is allowed in a room by its name.
    pub fn take(&mut self, room: &RoomId) {
        self.0.retain(|(pattern, _)| pattern != room.as_str());
    }

    /// Whether nothing is granted at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is allowed in this room.
    #[must_use]
    pub fn access(&self, room: &RoomId) -> Access {
        let matches = |pattern: &str| match pattern.strip_suffix('*') {
            Some(stem) => room.as_str().starts_with(stem),
            None => room.as_str() == pattern,
        };
        self.0.iter().find(|(pattern, _)| matches(pattern)).map_or(Access::None, |(_, access)| *access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(pairs: &[(&str, &str)]) -> Grants {
        Grants::new(pairs.iter().map(|(p, a)| ((*p).to_owned(), Access::parse(a).unwrap()))).unwrap()
    }

    fn access(grants: &Grants, room: &str) -> Access {
        grants.access(&RoomId::parse(room).unwrap())
    }

    #[test]
    fn the_longest_pattern_wins_whatever_the_order() {
        let g = grants(&[("*", "r"), ("team-a*", "r"), ("team-*", "rw"), ("news", "r")]);
        assert_eq!(access(&g, "team-b"), Access::Write);
        assert_eq!(access(&g, "team-a1"), Access::Read);
        assert_eq!(access(&g, "elsewhere"), Access::Read);
    }

    #[test]
    fn single_rooms_are_put_in_and_taken_out() {
        let mut g = grants(&[("te*", "r"), ("team-*", "r"), ("news", "r")]);
        let room = |name| RoomId::parse(name).unwrap();
        for (name, before) in [("team-b", Access::Read), ("news", Access::Read), ("elsewhere", Access::None)]
        {
            assert_eq!(access(&g, name), before);
            g.put(&room(name), Access::Read);
            g.put(&room(name), Access::Write);
            assert_eq!(access(&g, name), Access::Write);
            g.take(&room(name));
        }
        assert_eq!([access(&g, "team-b"), access(&g, "elsewhere")], [Access::Read, Access::None]);
        assert_eq!(access(&g, "news"), Access::None);
        assert_eq!(g.0.len(), 2);
    }

    #[test]
    fn a_whole_name_beats_a_pattern_of_the_same_length() {
        let g = grants(&[("new*", "r"), ("news", "rw")]);
        assert_eq!(access(&g, "news"), Access::Write);
        assert_eq!(access(&g, "newt"), Access::Read);
    }

    #[test]
    fn no_match_is_no_access() {
        assert_eq!(access(&grants(&[]), "any"), Access::None);
        assert_eq!(access(&grants(&[("team-*", "rw")]), "tea"), Access::None);
    }

    #[test]
    fn a_star_stands_only_at_the_end() {
        for bad in ["a*b", "**", ""] {
            assert_eq!(Grants::new([(bad.to_owned(), Access::Read)]), Err(bad.to_owned()));
        }
    }
}
