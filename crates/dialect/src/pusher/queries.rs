//! What backends ask about channels through the HTTP API, as far as it is queries.

use chat::Refusal;

/// Which numbers a backend wants to know of channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Info {
    /// How many users are in it: for presence channels only.
    pub user_count: bool,
    /// How many subscriptions it has.
    pub subscription_count: bool,
    /// The event that is kept of it.
    pub cache: bool,
}

/// Which channels a backend wants to know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// What their names begin with.
    pub prefix: String,
    /// Only those whose names come behind this one.
    pub after: Option<String>,
    /// What it wants to know of them.
    pub info: Info,
}

impl Info {
    /// Reads what stands in `info`: names with commas between them.
    ///
    /// # Errors
    /// `malformed`: there is no such number.
    pub fn parse(names: &str) -> Result<Self, Refusal> {
        let mut info = Self::default();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "user_count" => info.user_count = true,
                "subscription_count" => info.subscription_count = true,
                "cache" => info.cache = true,
                _ => return Err(Refusal::malformed("`info` is of user_count, subscription_count and cache")),
            }
        }
        Ok(info)
    }

    /// Reads `info` of a query.
    ///
    /// # Errors
    /// As [`Info::parse`].
    pub fn of_query(query: &str) -> Result<Self, Refusal> {
        Self::parse(&parameter(query, "info").unwrap_or_default())
    }

    /// Checks that it can be told of a channel, or of channels with a prefix.
    ///
    /// # Errors
    /// `malformed`: only in presence channels users are known.
    pub fn check(self, is_presence: bool) -> Result<(), Refusal> {
        if self.user_count && !is_presence {
            return Err(Refusal::malformed("`user_count` is known of presence channels only"));
        }
        Ok(())
    }
}

impl ListQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// `malformed`.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let (prefix, info) =
            (parameter(query, "filter_by_prefix").unwrap_or_default(), Info::of_query(query)?);
        info.check(prefix.starts_with("presence-"))?;
        if info.cache {
            return Err(Refusal::malformed("`cache` is told of one channel at a time"));
        }
        Ok(Self { prefix, after: parameter(query, "after"), info })
    }
}

fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(named, _)| named == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_by_a_prefix_and_from_a_name_on() {
        let query =
            ListQuery::parse("auth_key=a&filter_by_prefix=presence-&info=user_count%2Csubscription_count");
        let info = Info { user_count: true, subscription_count: true, cache: false };
        assert_eq!(query, Ok(ListQuery { prefix: "presence-".to_owned(), after: None, info }));
        let query = ListQuery::parse("after=private-room-7").unwrap();
        assert_eq!((&*query.prefix, query.after.as_deref()), ("", Some("private-room-7")));
    }

    #[test]
    fn what_is_not_known_is_not_asked_for() {
        for bad in
            ["info=user_count", "info=user_count&filter_by_prefix=private-", "info=weather", "info=cache"]
        {
            assert!(ListQuery::parse(bad).is_err(), "{bad}");
        }
        for (query, is_presence, good) in
            [("info=user_count", true, true), ("info=user_count", false, false), ("info=cache", false, true)]
        {
            let checked = Info::of_query(query).and_then(|info| info.check(is_presence));
            assert_eq!(checked.is_ok(), good, "{query}");
        }
    }
}
