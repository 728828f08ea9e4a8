//! The configuration as a whole: what overrides what, and what is refused.

use std::io::Write;

use tempfile::NamedTempFile;

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[derive(Default)]
struct Setting {
    sources: Sources,
    file: Option<NamedTempFile>,
}

impl Setting {
    fn file(mut self, toml: &str) -> Self {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(toml.as_bytes()).unwrap();
        self.sources.file = Some(file.path().to_owned());
        self.file = Some(file);
        self
    }

    fn env(mut self, key: &str, value: &str) -> Self {
        self.sources.environment.push((env_name(key).into(), value.into()));
        self
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.sources.flags.push(("--flag", key, value.to_owned()));
        self
    }

    fn load(&self, role: Role) -> Config {
        Config::load(role, &self.sources).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// What is refused, a line each.
    fn mistakes(&self, role: Role) -> Vec<String> {
        match Config::load(role, &self.sources) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.0.iter().map(ToString::to_string).collect(),
        }
    }
}

fn gateway() -> Setting {
    Setting::default().env("bus.url", "nats://localhost:4222").env("auth.secret", SECRET)
}

#[test]
fn solo_needs_no_configuration_at_all() {
    let config = Setting::default().load(Role::Solo);
    assert_eq!(config.bus.url.as_deref(), Some("local:"));
    assert_eq!(config.store.url.as_deref(), Some("sqlite:parlor-data/parlor.db"));
    assert!(config.rooms.auto_create);
    assert!(config.auth.dev);
    assert!(config.drain.unready.is_zero());
}

#[test]
fn flags_override_the_environment_and_that_the_file_and_that_the_defaults() {
    let page = |setting: Setting| setting.load(Role::Solo).limits.page;
    let all = || Setting::default().file("[limits]\npage = 1\nreplay = 7");
    assert_eq!(page(Setting::default()), 200);
    assert_eq!(page(all()), 1);
    assert_eq!(page(all().env("limits.page", "2")), 2);
    let config = all().env("limits.page", "2").flag("limits.page", "3").load(Role::Solo);
    assert_eq!((config.limits.page, config.limits.replay), (3, 7));
}

#[test]
fn every_topic_takes_its_values_from_a_file_and_from_the_environment() {
    let by_file =
        "[store]\nread_connections = 3\nidle = \"9s\"\n[writer]\nbatch_messages = 7\n[bus]\nping = \"2s\"";
    let by_env = Setting::default()
        .env("store.read_connections", "3")
        .env("store.idle", "9s")
        .env("writer.batch_messages", "7")
        .env("bus.ping", "2s");
    for config in [Setting::default().file(by_file).load(Role::Solo), by_env.load(Role::Solo)] {
        assert_eq!(config.store.options.read_connections.get(), 3);
        assert_eq!(config.store.options.idle.as_secs(), 9);
        assert_eq!(config.writer.batch_messages.get(), 7);
        assert_eq!(config.bus.ping.as_secs(), 2);
    }
}

#[test]
fn a_list_in_the_environment_has_commas() {
    let origins = |text: &str| gateway().env("gateway.origins", text).load(Role::Gateway).gateway.origins;
    assert_eq!(origins("https://a.example, https://b.example"), ["https://a.example", "https://b.example"]);
    assert!(origins("").is_empty());
}

#[test]
fn text_stays_text_even_if_it_looks_like_a_number() {
    let secret = "00000000000000000000000000000001e5";
    let config = gateway().env("auth.secret", secret).load(Role::Gateway);
    assert_eq!(config.auth.secret.unwrap().reveal(), secret.as_bytes());
}

#[test]
fn anybody_may_have_a_token_only_where_only_this_machine_can_ask() {
    let dev = |setting: Setting, role| setting.load(role).auth.dev;
    assert!(dev(Setting::default().flag("gateway.listen", "[::1]:8080"), Role::Solo));
    assert!(!dev(Setting::default().flag("gateway.listen", "0.0.0.0:8080"), Role::Solo));
    assert!(dev(
        Setting::default().flag("gateway.listen", "0.0.0.0:8080").env("auth.dev", "true"),
        Role::Solo
    ));
    assert!(!dev(Setting::default().env("auth.dev", "false"), Role::Solo));
    assert!(!dev(gateway(), Role::Gateway));
}

#[test]
fn everybody_knows_an_application_of_pusher_only_where_only_this_machine_can_ask() {
    let key = |setting: Setting, role| setting.load(role).pusher.key;
    assert_eq!(key(Setting::default(), Role::Solo).as_deref(), Some("parlor"));
    let renamed = Setting::default().env("pusher.event", "said").load(Role::Solo).pusher;
    assert_eq!((renamed.key.as_deref(), &*renamed.event), (Some("parlor"), "said"));
    for elsewhere in [
        Setting::default().env("auth.dev", "false"),
        Setting::default().flag("gateway.listen", "0.0.0.0:8080"),
        Setting::default().flag("gateway.listen", "0.0.0.0:8080").env("auth.dev", "true"),
    ] {
        assert_eq!(key(elsewhere, Role::Solo), None);
    }
    assert_eq!(key(gateway(), Role::Gateway), None);
    let known =
        || gateway().env("pusher.app_id", "1").env("pusher.key", "k").env("pusher.secret", "parlor-secret");
    assert_eq!(known().mistakes(Role::Gateway), [""; 0]);
    let [mistake] = &known().flag("gateway.listen", "0.0.0.0:8080").mistakes(Role::Gateway)[..] else {
        panic!()
    };
    assert!(mistake.contains("pusher.secret"), "{mistake}");
}

#[test]
fn a_gateway_must_be_told_its_bus_and_its_key_and_a_writer_its_bus_and_its_store() {
    let named = |role| Setting::default().mistakes(role).join("\n");
    let gateway = named(Role::Gateway);
    assert!(gateway.contains("PARLOR__BUS__URL") && gateway.contains("PARLOR__AUTH__SECRET"), "{gateway}");
    assert!(!gateway.contains("PARLOR__STORE__URL"), "{gateway}");
    let writer = named(Role::Writer);
    assert!(writer.contains("PARLOR__BUS__URL") && writer.contains("PARLOR__STORE__URL"), "{writer}");
    assert!(!writer.contains("PARLOR__AUTH__SECRET"), "{writer}");
    let migrate = named(Role::Migrate);
    assert!(migrate.contains("PARLOR__STORE__URL") && !migrate.contains("PARLOR__BUS__URL"), "{migrate}");
}

#[test]
fn gateways_and_writers_do_not_meet_inside_one_process() {
    let mistakes = gateway().env("bus.url", "local:").mistakes(Role::Gateway);
    assert!(matches!(&mistakes[..], [one] if one.starts_with("bus.url")), "{mistakes:?}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_names() {
    let mistakes = Setting::default()
        .file("[limits]\npgae = 3\nbody_bytes = \"big\"\n[gateway]\nlisten = \"127.0.0.1:7000\"\n")
        .env("drain.grace", "soon")
        .env("auth.secret", "short")
        .env("limits.replay", "0")
        .env("admin.listen", "0.0.0.0:7000")
        .env("log.format", "xml")
        .env("log.level", "loud")
        .env("store.read_connections", "0")
        .env("store.call_limit", "0s")
        .env("writer.beat", "2s")
        .mistakes(Role::Solo);
    for (key, env) in [
        ("limits.pgae", "PARLOR__LIMITS__PGAE"),
        ("limits.body_bytes", "PARLOR__LIMITS__BODY_BYTES"),
        ("drain.grace", "PARLOR__DRAIN__GRACE"),
        ("auth.secret", "PARLOR__AUTH__SECRET"),
        ("limits.replay", "PARLOR__LIMITS__REPLAY"),
        ("admin.listen", "PARLOR__ADMIN__LISTEN"),
        ("log.format", "PARLOR__LOG__FORMAT"),
        ("log.level", "PARLOR__LOG__LEVEL"),
        ("store.read_connections", "PARLOR__STORE__READ_CONNECTIONS"),
        ("store.call_limit", "PARLOR__STORE__CALL_LIMIT"),
        ("writer.silence", "PARLOR__WRITER__SILENCE"),
    ] {
        assert!(mistakes.iter().any(|m| m.starts_with(key) && m.contains(env)), "{key}: {mistakes:#?}");
    }
    assert_eq!(mistakes.len(), 11, "{mistakes:#?}");
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_one_and_its_place() {
    let mistakes =
        Setting::default().file("[gatway]\nlisten = 1").env("limit.page", "1").mistakes(Role::Solo);
    assert!(mistakes[0].contains("gatway.listen") && mistakes[0].contains("gateway.listen"), "{mistakes:?}");
    assert!(mistakes[0].contains("set in /"), "{mistakes:?}");
    assert!(mistakes[1].contains("PARLOR__LIMIT__PAGE"), "{mistakes:?}");
    assert!(mistakes[1].contains("the nearest is limits.page (PARLOR__LIMITS__PAGE)"), "{mistakes:?}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake_with_its_name() {
    let mut missing = Setting::default();
    missing.sources.file = Some("no-such-file.toml".into());
    assert!(missing.mistakes(Role::Solo)[0].starts_with("no-such-file.toml cannot be read"));
    let broken = Setting::default().file("[limits\npage = 1").mistakes(Role::Solo);
    assert!(broken[0].contains("is no TOML"), "{broken:?}");
}

#[test]
fn a_section_is_not_a_value_nor_a_value_a_section() {
    let mistakes = Setting::default().file("gateway = 3\n[limits.page]\nx = 1").mistakes(Role::Solo);
    assert!(mistakes.iter().any(|m| m.contains("this is a section")), "{mistakes:?}");
    assert!(mistakes.iter().any(|m| m.starts_with("limits.page ")), "{mistakes:?}");
}

#[test]
fn what_is_shown_can_be_read_again_and_gives_the_same() {
    let shown = gateway().env("limits.page", "17").load(Role::Gateway).show(Role::Gateway).unwrap();
    let again = Setting::default().file(&shown).env("auth.secret", SECRET).load(Role::Gateway);
    assert_eq!(again.show(Role::Gateway).unwrap(), shown);
    assert!(shown.contains("page = 17"), "{shown}");
}

#[test]
fn no_secret_is_shown_and_no_mistake_repeats_one() {
    let setting = gateway()
        .env("bus.url", "nats://ana:hush-hush@localhost")
        .env("store.url", "postgres://ana:hush-hush@localhost/chat");
    for role in [Role::Gateway, Role::Writer] {
        let shown = setting.load(role).show(role).unwrap();
        assert!(!shown.contains("hush") && !shown.contains(SECRET), "{shown}");
        assert!(shown.contains("ana:********@localhost"), "{shown}");
    }
    let mistakes =
        Setting::default().env("bus.url", "ftp://ana:hush@h").env("auth.secret", "hush").mistakes(Role::Solo);
    assert!(mistakes.len() == 2 && !mistakes.concat().contains("hush"), "{mistakes:?}");
}

#[test]
fn a_gateway_without_a_key_of_32_bytes_is_refused_by_its_name() {
    let named = |mistakes: Vec<String>| {
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        let mistake = mistakes.concat();
        assert!(mistake.contains("auth.secret") && mistake.contains("PARLOR__AUTH__SECRET"), "{mistake}");
    };
    let bus = || Setting::default().env("bus.url", "nats://localhost:4222");
    named(bus().mistakes(Role::Gateway));
    named(bus().env("auth.secret", "").mistakes(Role::Gateway));
    named(bus().env("auth.secret", &SECRET[1..]).mistakes(Role::Gateway));
    assert_eq!(bus().env("auth.secret", SECRET).mistakes(Role::Gateway), [""; 0]);
}

#[test]
fn a_variable_with_one_underscore_too_few_is_told_by_the_name_that_it_should_have() {
    let mut setting = gateway();
    let environment = &mut setting.sources.environment;
    environment.push(("PARLOR_AUTH_SECRET".into(), SECRET.into()));
    // What a cluster sets for a service of that name.
    environment.push(("PARLOR_GATEWAY_SERVICE_HOST".into(), "10.0.0.7".into()));
    environment.push(("PARLOR_GATEWAY_PORT".into(), "tcp://10.0.0.7:8080".into()));
    let mistakes = setting.mistakes(Role::Gateway);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].starts_with("PARLOR_AUTH_SECRET is not read"), "{mistakes:?}");
    assert!(mistakes[0].contains("PARLOR__AUTH__SECRET") && !mistakes[0].contains(SECRET), "{mistakes:?}");
}

#[test]
fn traces_are_off_until_there_is_a_collector_and_then_a_hundredth_of_all() {
    use gateway::settings::Sampling;
    let sampling = |setting: Setting| setting.load(Role::Gateway).for_gateway().sampling;
    assert_eq!(sampling(gateway().env("telemetry.ratio", "1")), Sampling::NONE);
    let sends = || gateway().env("telemetry.endpoint", "http://collector:4318");
    assert_eq!(sampling(sends()), Sampling::ratio(0.01));
    assert_eq!(sampling(sends().env("telemetry.ratio", "1")), Sampling::ratio(1.0));
    assert_eq!(sampling(sends().file("[telemetry]\nratio = 0.25")), Sampling::ratio(0.25));
}

#[test]
fn a_collector_that_cannot_be_reached_like_that_is_a_mistake() {
    for (key, value) in [
        ("telemetry.endpoint", "https://collector:4318"),
        ("telemetry.endpoint", "collector:4318"),
        ("telemetry.endpoint", "http://ana:hush-hush@collector:4318"),
        ("telemetry.endpoint", ""),
        ("telemetry.protocol", "smoke"),
        ("telemetry.ratio", "1.5"),
        ("telemetry.ratio", "-1"),
        ("telemetry.ratio", "NaN"),
        ("telemetry.ratio", "some"),
        ("telemetry.queue_spans", "0"),
        ("telemetry.timeout", "0s"),
    ] {
        for role in [Role::Gateway, Role::Writer] {
            let setting = gateway().env("store.url", "postgres://localhost/chat").env(key, value);
            let mistakes = setting.mistakes(role);
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(key), "{key}={value}: {mistakes:?}");
            assert!(!mistakes[0].contains("hush"), "{mistakes:?}");
        }
    }
}
