//! What the system allows this process.

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open anyway: standard streams, the runtimes' own, the report.
const SPARE: u64 = 100;

/// Raises the limit of open files as far as that is allowed, and sees whether so many connections fit.
///
/// # Errors
/// If they do not: how many would, and what to do.
pub(crate) fn allow_connections(connections: u32) -> Result<()> {
    let needed = u64::from(connections) + SPARE;
    raise();
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fits = allowed.saturating_sub(SPARE).max(1);
    ensure!(
        needed <= allowed,
        "{connections} clients do not fit: a process may have {allowed} open files, which is enough for {fits}. \
         Raise the limit (ulimit -n), or leave them to --processes {}",
        u64::from(connections).div_ceil(fits),
    );
    Ok(())
}

/// How many processes so many connections need.
pub(crate) fn processes_for(connections: u32) -> u32 {
    raise();
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let fits = allowed.saturating_sub(SPARE).max(1);
    u32::try_from(u64::from(connections).div_ceil(fits)).unwrap_or(u32::MAX)
}

/// Lets this process have as many open files as it may allow itself.
pub(crate) fn raise() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    // Nothing follows from a refusal here: whoever needs more than there are says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_with_what_would() {
        allow_connections(10).unwrap();
        let error = allow_connections(u32::MAX - 1).unwrap_err().to_string();
        assert!(error.contains("4294967294 clients do not fit"), "{error}");
        assert_eq!(processes_for(10), 1);
        assert!(error.contains(&format!("--processes {}", processes_for(u32::MAX - 1))), "{error}");
    }
}
