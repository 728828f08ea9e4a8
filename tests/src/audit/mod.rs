//! Holds what clients sent, were answered and were shown against each other and against what is stored.
//!
//! Pure: diaries and books in, findings out. It is the judge of every test of the whole system, so each kind of
//! finding has a test with a history in which just that is wrong.

mod books;
mod finding;
mod sending;
mod showing;
#[cfg(test)]
mod tests;
mod timing;

pub use books::Books;
pub use finding::{Finding, Kind};
pub use timing::{Bounds, Fault, Slowest, Times};

use crate::diary::Diary;

/// What came out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// Different requests to say something.
    pub asked: usize,
    /// Those that were answered as stored.
    pub acknowledged: usize,
    /// Those whose last word was that they are certainly not stored.
    pub refused: usize,
    /// Those of which the client never learnt what became.
    pub unknown: usize,
    /// Messages shown, to all clients together.
    pub shown: usize,
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
}

impl Audit {
    /// Reads all diaries. Without books, what is stored is not looked at.
    #[must_use]
    pub fn of(diaries: &[Diary], books: Option<&Books>) -> Self {
        let mut audit = Self::default();
        sending::check(diaries, books, &mut audit);
        showing::check(diaries, books, &mut audit);
        if let Some(books) = books {
            books.check(&mut audit.findings);
        }
        audit
    }

    /// How often something of this kind is wrong.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|finding| finding.kind == kind).count()
    }

    /// Gives itself back if nothing is wrong.
    ///
    /// # Panics
    /// If something is: with the first findings.
    #[must_use]
    pub fn clean(self) -> Self {
        let first: Vec<String> = self.findings.iter().take(20).map(ToString::to_string).collect();
        assert!(first.is_empty(), "{} findings:\n{}", self.findings.len(), first.join("\n"));
        self
    }
}
