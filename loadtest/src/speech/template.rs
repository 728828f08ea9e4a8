//! The name of a room as the target knows it.

/// A text with `{room}` in it, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    before: String,
    after: String,
}

impl Template {
    /// Reads a template; without `{room}` it is the name of every room.
    pub(crate) fn new(text: &str) -> Self {
        let (before, after) = text.split_once("{room}").unwrap_or((text, ""));
        Self { before: before.to_owned(), after: after.to_owned() }
    }

    /// The target's name of our room.
    pub(crate) fn fill(&self, room: &str) -> String {
        format!("{}{room}{}", self.before, self.after)
    }

    /// Our room of the target's name.
    pub(crate) fn room<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_there_and_back() {
        let template = Template::new("private-{room}-x");
        assert_eq!(template.fill("load-1"), "private-load-1-x");
        assert_eq!(template.room("private-load-1-x"), Some("load-1"));
        assert_eq!(template.room("presence-load-1-x"), None);
        assert_eq!(Template::new("{room}").room("a"), Some("a"));
    }
}
