//! The comparison.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::Args;

use crate::target::Target;

/// Two runs, in turns.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArgs {
    /// The options of the first load tester, as one word: what would stand behind `parlor-loadtest`, also with a
    /// scenario in front. A shell takes them apart.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    a: String,
    /// The options of the second.
    #[arg(long, value_name = "OPTIONS", allow_hyphen_values = true)]
    b: String,
    /// A command that serves the first, started anew for each of its runs and ended after it; its processor time and
    /// memory are reported. Variables may stand in front of it. Without it the server is there already (name it by
    /// --server-pid in the options), or the scenario brings its own.
    #[arg(long, value_name = "COMMAND")]
    a_server: Option<String>,
    /// A command that serves the second.
    #[arg(long, value_name = "COMMAND")]
    b_server: Option<String>,
    /// What the first is called.
    #[arg(long, value_name = "NAME", default_value = "A")]
    a_name: String,
    /// What the second is called.
    #[arg(long, value_name = "NAME", default_value = "B")]
    b_name: String,
    /// How many runs are made of each.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) pairs: u16,
    /// Write the figures as JSON to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SideArgs {
    pub(crate) name: String,
    pub(crate) options: String,
    pub(crate) server: Option<String>,
}

impl CompareArgs {
    pub(crate) fn sides(&self) -> [SideArgs; 2] {
        let side = |name: &String, options: &String, server: &Option<String>| SideArgs {
            name: name.clone(),
            options: options.clone(),
            server: server.clone(),
        };
        [side(&self.a_name, &self.a, &self.a_server), side(&self.b_name, &self.b, &self.b_server)]
    }
}

impl SideArgs {
    /// The targets that its options name.
    ///
    /// # Errors
    /// If one of them is none.
    pub(crate) fn targets(&self) -> Result<Vec<Target>> {
        let words: Vec<&str> = self.options.split_whitespace().collect();
        let pairs = words.windows(2).filter(|pair| pair[0] == "--target").map(|pair| pair[1]);
        let joined = words.iter().filter_map(|word| word.strip_prefix("--target="));
        pairs
            .chain(joined)
            .map(|url| url.trim_matches(['"', '\'']).parse().map_err(|why: String| anyhow!(why)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found_among_the_options() {
        let side =
            |options: &str| SideArgs { name: String::new(), options: options.to_owned(), server: None };
        let found = side("fanout --target 'ws://a:1' --rate 5 --target=ws://b:2").targets().unwrap();
        assert_eq!(found, ["ws://a:1".parse().unwrap(), "ws://b:2".parse().unwrap()]);
        assert_eq!(side("limit --shape s2").targets().unwrap(), []);
        assert!(side("--target http://a").targets().is_err());
    }
}
