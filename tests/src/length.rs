//! How long experiments are: short each time, long when somebody asks for it.

/// The first, or with `PARLOR_TEST_LONG=1` the second.
#[must_use]
pub fn length<T>(short: T, long: T) -> T {
    if std::env::var_os("PARLOR_TEST_LONG").is_some_and(|value| value == "1") { long } else { short }
}
