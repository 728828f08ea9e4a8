//! Who may log in to a NATS server, and what each may say there.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The name under which the server finds what the roles may: it includes only what lies beside its configuration.
const FILE: &str = "permissions";

/// Roles with permissions, and a password each, which are as secret as those of a test need be.
pub(super) struct Roles {
    permissions: String,
    names: Vec<&'static str>,
}

impl Roles {
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn read(permissions: &Path, names: &[&'static str]) -> Result<Self> {
        let text = fs::read_to_string(permissions);
        let permissions = text.with_context(|| format!("{} cannot be read", permissions.display()))?;
        Ok(Self { permissions, names: names.to_vec() })
    }

    /// Writes them into the home of a server, and gives the line of its configuration by which it finds them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn included_in(&self, home: &Path) -> Result<String> {
        fs::write(home.join(FILE), &self.permissions)?;
        Ok(format!("include {FILE}\n"))
    }

    /// The passwords, as the permissions name them.
    pub(super) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        let variable = |role: &&str| format!("NATS_{}_PASSWORD", role.to_uppercase());
        self.names.iter().map(move |role| (variable(role), password(role)))
    }
}

/// The password of a role.
pub(super) fn password(role: &str) -> String {
    format!("secret-of-{role}")
}
