//! Who a client is: tokens checked and made, and how often a user may be here at once.

mod claims;
mod key;
mod reception;
mod seats;
mod settings;
mod signer;
mod verifier;

#[cfg(test)]
mod tests;

pub use claims::Identity;
pub use settings::{Secret, Settings};
pub use signer::{Pass, SignError, Signer};
pub use verifier::Verifier;

pub(crate) use reception::{Admitted, Reception};
pub(crate) use seats::Seat;
