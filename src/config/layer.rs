//! Lays what was given over the defaults. Each value is tried alone first, so that every one that cannot be
//! used is told, not only the first.

use config::ConfigError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::given::Given;
use super::mask::mask;
use super::mistake::Mistake;

/// The defaults with what was given over them, and a mistake for each value that cannot be used and was
/// therefore left out.
///
/// # Errors
/// If the defaults themselves cannot be written and read back.
pub(crate) fn lay<T>(defaults: &T, given: Vec<Given>) -> Result<(T, Vec<Mistake>), ConfigError>
where
    T: Serialize + DeserializeOwned,
{
    let base = config::Config::try_from(defaults)?;
    let mut usable = Vec::new();
    let mut mistakes = Vec::new();
    for one in given {
        match over::<T>(&base, std::slice::from_ref(&one)) {
            Ok(_) => usable.push(one),
            Err(e) => mistakes.push(Mistake::given(&one.key, &one.origin, explain(&one, &e))),
        }
    }
    Ok((over(&base, &usable)?, mistakes))
}

fn over<T: DeserializeOwned>(base: &config::Config, given: &[Given]) -> Result<T, ConfigError> {
    let builder = config::Config::builder().add_source(base.clone());
    given
        .iter()
        .try_fold(builder, |builder, one| builder.set_override(&one.key, one.value.clone()))?
        .build()?
        .try_deserialize()
}

fn explain(given: &Given, error: &ConfigError) -> String {
    let shown = mask(&given.key, &given.value.to_string());
    match error {
        ConfigError::Type { expected, .. } => format!("{shown:?} is not {expected}"),
        ConfigError::At { error, .. } => explain(given, error),
        // The text of other errors may repeat the value.
        _ if shown != given.value.to_string() => "this value cannot be used".to_owned(),
        other => format!("{shown:?} cannot be used: {other}"),
    }
}
