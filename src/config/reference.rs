//! `docs/configuration.md`, held against the code: every key, with its default, in the words of its field's
//! documentation. `PARLOR_WRITE_DOCS=1 cargo test -p parlor reference` writes what is made of them anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use syn::{Attribute, Expr, ExprLit, Field, Item, Lit, Meta};

use super::show::concerns;
use super::{Config, Role, Sources};

/// Above it stands what people have written, below it what is made here.
const MARK: &str = "<!-- Made from the code: PARLOR_WRITE_DOCS=1 cargo test -p parlor reference -->\n";

/// Each section, and the structs that it is read into. That none is forgotten, the test sees.
const SECTIONS: &[(&str, &[(&str, &str)])] = &[
    ("gateway", &[("gateway/src/settings/mod.rs", "Listen")]),
    ("admin", &[("src/config/admin.rs", "Admin")]),
    ("bus", &[("src/config/bus.rs", "Bus")]),
    ("store", &[("src/config/store.rs", "Store"), ("crates/store/src/options.rs", "Options")]),
    ("auth", &[("gateway/src/auth/settings.rs", "Settings")]),
    ("rooms", &[("gateway/src/settings/mod.rs", "Rooms")]),
    ("limits", &[("gateway/src/settings/limits.rs", "Limits")]),
    ("presence", &[("gateway/src/settings/presence.rs", "Presence")]),
    ("drain", &[("gateway/src/settings/drain.rs", "Drain")]),
    ("writer", &[("writer/src/settings.rs", "Settings")]),
    ("action_cable", &[("crates/dialect/src/action_cable/settings.rs", "Settings")]),
    ("phoenix", &[("crates/dialect/src/phoenix/settings.rs", "Settings")]),
    ("pusher", &[("crates/dialect/src/pusher/settings.rs", "Settings")]),
    ("log", &[("src/config/log.rs", "Log")]),
    ("telemetry", &[("src/config/telemetry.rs", "Telemetry")]),
];

/// A field and what its documentation says.
type Documented = (String, String);

#[test]
fn the_page_of_all_keys_says_what_the_code_says() {
    let path = root().join("docs/configuration.md");
    let text = fs::read_to_string(&path).unwrap();
    let (head, _) =
        text.split_once(MARK).expect("the mark between what people and what the code have written");
    let wanted = format!("{head}{MARK}{}", page());
    if std::env::var_os("PARLOR_WRITE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
        return;
    }
    let differs = text.lines().zip(wanted.lines()).find(|(stands, wanted)| stands != wanted);
    assert!(text == wanted, "docs/configuration.md is not what the code says ({MARK}): {differs:#?}");
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A table for each section.
fn page() -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let solo = Config::load(Role::Solo, &Sources::default()).map_err(|e| e.to_string()).unwrap();
    let solo = serde_json::to_value(solo).unwrap();
    let about: Vec<Documented> = fields(&root().join("src/config/mod.rs"), "Config");
    assert_eq!(names(&about), keys(&defaults), "a section is forgotten");
    let mut page = String::new();
    for (section, structs) in SECTIONS {
        let says = &about.iter().find(|(name, _)| name == section).unwrap().1;
        page +=
            &format!("\n## {section}\n\n{says} {}\n\n| key | default | |\n|---|---|---|\n", roles(section));
        let documented = structs.iter().flat_map(|(file, name)| fields(&root().join(file), name));
        // What is flattened is no key itself.
        let rows: Vec<Documented> =
            documented.filter(|(name, _)| defaults[*section].get(name).is_some()).collect();
        assert_eq!(names(&rows), keys(&defaults[*section]), "a key of {section} is forgotten");
        for (name, says) in &rows {
            let default = default(&defaults[*section][name], &solo[*section][name]);
            page += &format!("| `{section}.{name}` | {default} | {says} |\n");
        }
    }
    page
}

fn names(documented: &[Documented]) -> BTreeSet<&str> {
    documented.iter().map(|(name, _)| name.as_str()).collect()
}

fn keys(tree: &Value) -> BTreeSet<&str> {
    tree.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Whom a section concerns; nothing if it is everybody.
fn roles(section: &str) -> &'static str {
    match [Role::Gateway, Role::Writer].map(|role| concerns(role, section)) {
        [true, true] => "All processes.",
        [true, false] => "Gateways and solo.",
        _ => "Writers and solo.",
    }
}

/// A default, and that of solo where it is another one.
fn default(common: &Value, solo: &Value) -> String {
    if common == solo { shown(common) } else { format!("{}; solo: {}", shown(common), shown(solo)) }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "not set".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Object(entries) if entries.is_empty() => "none".to_owned(),
        other => format!("`{other}`"),
    }
}

/// The fields of a struct in a file, in their order.
fn fields(file: &Path, name: &str) -> Vec<Documented> {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let items = syn::parse_file(&text).unwrap().items;
    let found = items.into_iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(item),
        _ => None,
    });
    let found = found.unwrap_or_else(|| panic!("{}: no struct {name}", file.display()));
    found.fields.iter().map(documented).collect()
}

fn documented(field: &Field) -> Documented {
    let name = field.ident.as_ref().unwrap().to_string();
    let lines = field.attrs.iter().filter_map(documentation);
    let says = lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>().join(" ");
    let says = for_operators(&says);
    assert!(!says.is_empty(), "{name} is not documented");
    (name, says)
}

fn documentation(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The words without what only those who read code can use: names of constants, in parentheses, behind what they are.
fn for_operators(says: &str) -> String {
    let mut text = String::new();
    let mut rest = says;
    while let Some((before, link)) = rest.split_once(" ([`") {
        text += before;
        rest = link.split_once("`])").expect("the end of a link").1;
    }
    text += rest;
    assert!(!text.contains("[`"), "a link into the code: {says}");
    text.replace('|', "\\|")
}
