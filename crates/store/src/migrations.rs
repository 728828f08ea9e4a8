//! Which migrations a database has, and whether this program can live with them.

use sqlx::migrate::{MigrateError, Migrator};

use crate::OpenError;

/// How the name of a migration begins that the version before it can live with.
const EXPAND: &str = "expand";

/// What sqlx notes of each migration that it has applied.
pub(crate) const APPLIED: &str =
    "SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version";

/// A migration that a database has.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Applied {
    version: i64,
    description: String,
    success: bool,
    checksum: Vec<u8>,
}

/// Whether a program with these migrations may use a database with those.
///
/// # Errors
/// [`OpenError::Newer`] if the database has what we do not know, unless it is an expansion;
/// [`OpenError::NotMigrated`] if it lacks what we know; [`OpenError::Migration`] if what both know differs.
pub(crate) fn fits(ours: &Migrator, applied: &[Applied]) -> Result<(), OpenError> {
    not_newer(ours, applied)?;
    let mut pending = 0;
    for migration in ours.iter() {
        match applied.iter().find(|applied| applied.version == migration.version) {
            Some(applied) if applied.checksum != *migration.checksum => {
                return Err(OpenError::Migration(format!(
                    "migration {} ({}) has been changed since it was applied",
                    migration.version, migration.description
                )));
            }
            Some(applied) if applied.success => {}
            _ => pending += 1,
        }
    }
    if pending == 0 { Ok(()) } else { Err(OpenError::NotMigrated { pending }) }
}

/// Whether everything that the database has is known here, or an expansion.
///
/// # Errors
/// [`OpenError::Newer`].
pub(crate) fn not_newer(ours: &Migrator, applied: &[Applied]) -> Result<(), OpenError> {
    let unknown = applied.iter().find(|applied| {
        !applied.description.starts_with(EXPAND) && !ours.iter().any(|m| m.version == applied.version)
    });
    match unknown {
        Some(unknown) => {
            Err(OpenError::Newer { version: unknown.version, description: unknown.description.clone() })
        }
        None => Ok(()),
    }
}

/// What went wrong while migrations were applied, by what to do next.
pub(crate) fn failure(error: MigrateError) -> OpenError {
    match error {
        MigrateError::Execute(
            error @ (sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_)),
        ) => OpenError::Unreachable(error.to_string()),
        other => OpenError::Migration(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> Migrator {
        sqlx::migrate!("migrations/sqlite")
    }

    fn applied(migrator: &Migrator) -> Vec<Applied> {
        let as_applied = |m: &sqlx::migrate::Migration| Applied {
            version: m.version,
            description: m.description.to_string(),
            success: true,
            checksum: m.checksum.to_vec(),
        };
        migrator.iter().map(as_applied).collect()
    }

    fn unknown(description: &str) -> Applied {
        Applied { version: 9999, description: description.to_owned(), success: true, checksum: Vec::new() }
    }

    #[test]
    fn an_equal_database_fits_and_an_empty_one_is_to_be_migrated() {
        assert_eq!(fits(&ours(), &applied(&ours())), Ok(()));
        assert!(matches!(fits(&ours(), &[]), Err(OpenError::NotMigrated { pending: 1.. })));
    }

    #[test]
    fn a_newer_database_fits_only_if_it_was_expanded() {
        let with = |description| [applied(&ours()), vec![unknown(description)]].concat();
        assert_eq!(fits(&ours(), &with("expand reactions")), Ok(()));
        let newer = OpenError::Newer { version: 9999, description: "drop bodies".to_owned() };
        assert_eq!(fits(&ours(), &with("drop bodies")), Err(newer));
    }

    #[test]
    fn a_migration_that_was_cut_off_is_to_be_applied_again() {
        let mut cut = applied(&ours());
        cut[0].success = false;
        assert!(matches!(fits(&ours(), &cut), Err(OpenError::NotMigrated { pending: 1 })));
    }

    #[test]
    fn a_migration_that_was_changed_afterwards_is_told() {
        let mut changed = applied(&ours());
        changed[0].checksum[0] ^= 1;
        assert!(matches!(fits(&ours(), &changed), Err(OpenError::Migration(_))));
    }
}
