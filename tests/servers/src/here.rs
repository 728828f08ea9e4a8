//! What cannot be done on every machine.

use std::fmt;

use anyhow::Result;

/// Why something cannot be done on this machine, although nothing is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotHere(pub(crate) String);

impl fmt::Display for NotHere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not possible here: {}", self.0)
    }
}

impl std::error::Error for NotHere {}

/// `None` for what is [`NotHere`], which is then printed: a test that needs it has not run and says so.
///
/// # Errors
/// Every other error.
pub fn if_possible<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let reason = error.downcast::<NotHere>()?;
            println!("not run: {reason}");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_possible_here_is_forgiven() {
        assert_eq!(if_possible(Ok(1)).unwrap(), Some(1));
        assert_eq!(if_possible::<()>(Err(NotHere("no tree".into()).into())).unwrap(), None);
        assert!(if_possible::<()>(Err(anyhow::anyhow!("broken"))).is_err());
    }
}
