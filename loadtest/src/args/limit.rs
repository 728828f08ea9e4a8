//! The limit.

use std::iter::once;
use std::net::SocketAddr;

use anyhow::{Result, ensure};
use clap::{Args, CommandFactory as _, FromArgMatches as _, ValueEnum};

use super::{Cli, RunArgs};

/// The word that makes this program the bare server.
pub(crate) const LIMIT_SERVER: &str = "limit-server";

/// A run against a server that only writes.
#[derive(Debug, Clone, Args)]
pub(crate) struct LimitArgs {
    /// A run that the project measures itself with.
    #[arg(long, value_enum, value_name = "NAME")]
    shape: Option<Shape>,
    /// Options of the run, as they would stand behind `parlor-loadtest`: they win over those of the shape. What they
    /// leave out is what a run has without them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS OF THE RUN")]
    options: Vec<String>,
}

/// The bare server by itself, for a load tester elsewhere.
#[derive(Debug, Clone, Args)]
pub(crate) struct LimitServerArgs {
    /// Where it listens; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
}

/// The runs that the project measures itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// One room with 1000 listeners, 32 messages on their way at once, as fast as they get through.
    S1,
    /// One room with 10 000 listeners, 5 messages/s.
    S2,
    /// 990 rooms with 10 listeners each, 1 message/s in each of them.
    S3,
    /// 990 rooms with 100 listeners each, as 4950 clients are in 20 rooms each; 16 384 messages on their way at once, as
    /// fast as they get through.
    S5,
    /// One room with 1000 listeners, 200 messages/s.
    S6,
}

impl Shape {
    /// The same in options of the run.
    const fn options(self) -> &'static str {
        match self {
            Self::S1 => {
                "--subscribers 1000 --rooms 1 --senders 1 --rate 2000 --in-flight 32 --duration 5s --warm-up 0s --size 128"
            }
            Self::S2 => "--subscribers 10000 --rooms 1 --senders 1 --rate 5 --size 128",
            Self::S3 => "--subscribers 9900 --rooms 990 --senders 990 --rate 990 --size 128",
            Self::S5 => {
                "--subscribers 4950 --rooms 990 --rooms-per-client 20 --senders 990 --rate 20000 --in-flight 16384 \
                 --duration 5s --warm-up 0s --size 128"
            }
            Self::S6 => "--subscribers 1000 --rooms 1 --senders 1 --rate 200 --size 128",
        }
    }
}

impl LimitArgs {
    /// The run that these arguments stand for, against this server.
    ///
    /// # Errors
    /// If the options are not those of a run.
    pub(crate) fn run_against(&self, url: &str, pid: u32) -> Result<RunArgs> {
        let shape = self.shape.map_or("", Shape::options).split_whitespace();
        let pid = pid.to_string();
        let own = ["--target", url, "--secret", "nobody checks", "--server-pid", &pid];
        let given = self.options.iter().map(String::as_str);
        let words = once("parlor-loadtest").chain(shape).chain(own).chain(given);
        let cli = Cli::command().args_override_self(true).try_get_matches_from(words)?;
        let Cli { scenario, run } = Cli::from_arg_matches(&cli)?;
        ensure!(scenario.is_none(), "only options of the run may follow");
        Ok(run)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Scenario;
    use super::*;

    fn run(words: &str) -> Result<RunArgs> {
        let cli = Cli::try_parse_from(format!("parlor-loadtest limit {words}").split_whitespace())?;
        let Some(Scenario::Limit(args)) = cli.scenario else { panic!("not a limit: {words}") };
        args.run_against("ws://127.0.0.1:9", 77)
    }

    #[test]
    fn options_win_over_those_of_the_shape() {
        let args = run("--shape s2 --subscribers 50 --duration 3s").unwrap();
        assert_eq!((args.subscribers, args.rooms, args.senders, args.messages_per_s()), (50, 1, 1, 5.0));
        assert_eq!(args.duration.as_secs(), 3);
        assert_eq!(args.connect.targets, ["ws://127.0.0.1:9".parse().unwrap()]);
        assert_eq!(args.server_pids, [77]);
    }

    #[test]
    fn without_a_shape_it_is_the_run_and_every_shape_is_one() {
        assert_eq!(run("--rooms 7").unwrap().rooms, 7);
        for shape in Shape::value_variants() {
            let name = shape.to_possible_value().unwrap();
            run(&format!("--shape {}", name.get_name())).unwrap();
        }
        assert!(run("--no-such-option").is_err());
        assert!(run("--shape s2 selftest").is_err());
    }
}
