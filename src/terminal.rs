//! What is said to people: facts on standard output, failures on standard error. Whoever has closed them does not
//! want to know.

use std::fmt::Display;
use std::io::{self, Write};

/// One line on standard output.
pub(crate) fn say(line: impl Display) {
    drop(writeln!(io::stdout(), "{line}"));
}

/// Why there is no result.
pub(crate) fn complain(failure: impl Display) {
    drop(writeln!(io::stderr(), "parlor: {failure}"));
}
