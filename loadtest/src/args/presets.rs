//! The run with other defaults: a word for what people often want to know. Everything can still be set.

use clap::Arg;

/// The defaults of a scenario that differ from those of the run: the name of an option, and what it is here.
pub(super) type Preset = &'static [(&'static str, &'static str)];

/// One room, and many who listen.
pub(super) const FANOUT: Preset = &[
    ("subscribers", "1000"),
    ("rooms", "1"),
    ("senders", "5"),
    ("rate", "5"),
    ("duration", "30s"),
    ("warm_up", "3s"),
];

/// Many small rooms, each with a word now and then.
pub(super) const ROOMS: Preset = &[
    ("subscribers", "1000"),
    ("rooms", "100"),
    ("senders", "200"),
    ("rate", "100"),
    ("duration", "30s"),
    ("warm_up", "3s"),
];

/// All connections break at once and come back.
pub(super) const RECONNECT: Preset = &[
    ("subscribers", "1000"),
    ("rooms", "100"),
    ("senders", "100"),
    ("rate", "100"),
    ("cut", "10s"),
    ("duration", "30s"),
    ("handshakes", "256"),
];

/// People who come, read, write, go, and come again.
pub(super) const CHAT: Preset = &[
    ("subscribers", "500"),
    ("rooms", "50"),
    ("senders", "250"),
    ("rate", "10"),
    ("distribution", "zipf"),
    ("duration", "1m"),
    ("stay", "20s"),
];

/// Short runs whose latencies must stay small.
pub(super) const SEARCH: Preset =
    &[("senders", "100"), ("duration", "5s"), ("settle", "5s"), ("max_p99", "250ms")];

/// Many clients that all want in at once.
pub(super) const CONNECT: Preset = &[("ramp_per_s", "5000"), ("handshakes", "256")];

/// Moderate, and for hours: connections that break come back.
pub(super) const SOAK: Preset = &[
    ("subscribers", "500"),
    ("rooms", "50"),
    ("senders", "100"),
    ("rate", "50"),
    ("distribution", "zipf"),
    ("duration", "4h"),
    ("warm_up", "30s"),
    ("reconnect", "true"),
];

/// Sets the defaults of a scenario.
pub(super) fn preset(preset: Preset) -> impl Fn(Arg) -> Arg {
    move |arg| {
        let default = preset.iter().find(|(name, _)| arg.get_id() == name);
        default.map_or_else(|| arg.clone(), |(_, value)| arg.clone().default_value(value))
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use crate::args::{Cli, Scenario};

    #[test]
    fn the_command_line_makes_sense() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_scenario_has_its_own_defaults_and_the_rest_of_the_run() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap();
        let Some(Scenario::Fanout(fanout)) = parse("x fanout --target ws://a --rate 7").scenario else {
            panic!("not a fan-out")
        };
        assert_eq!(
            (fanout.subscribers, fanout.rooms, fanout.messages_per_s(), fanout.size),
            (1000, 1, 7.0, 128)
        );
        assert!(!fanout.returns());
        let Some(Scenario::Soak(soak)) = parse("x soak --target ws://a").scenario else {
            panic!("not a soak")
        };
        assert!(soak.returns());
        let run = parse("x --target ws://a").run;
        assert_eq!((run.subscribers, run.returns()), (100, false));
    }

    #[test]
    fn every_default_belongs_to_an_option() {
        let command = Cli::command();
        let presets = [
            ("fanout", super::FANOUT),
            ("rooms", super::ROOMS),
            ("soak", super::SOAK),
            ("reconnect", super::RECONNECT),
            ("connect", super::CONNECT),
            ("search", super::SEARCH),
            ("chat", super::CHAT),
        ];
        for (name, preset) in presets {
            let scenario = command.find_subcommand(name).unwrap();
            for (option, _) in preset {
                assert!(scenario.get_arguments().any(|arg| arg.get_id() == option), "{name} {option}");
            }
        }
    }
}
