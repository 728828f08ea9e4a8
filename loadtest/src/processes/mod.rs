//! A run whose people are in several processes, as one may have only so many open files.
//!
//! The process that was started by hand conducts ([`parent`]): it starts itself once for each [`Share`] of the people
//! ([`member`]), and tells them what to do in lines of JSON over their standard input ([`words`]). They do it with a
//! crowd of their own ([`part`]), and answer each order over their standard output; nobody says anything unasked. So a
//! moment that all have in common is told as one of the machine's clock, what each has seen of how far rooms have come
//! is told to all until nobody has news and everybody has everything, and in the end each judges its own people by
//! what all have seen. Secrets are in these lines too, and on no command line.
//!
//! A process that dies ends the run: its answer does not come. Without a parent the others end: their standard input
//! does.

mod member;
mod parent;
mod part;
mod share;
mod words;

pub(crate) use parent::Processes;
pub(crate) use part::serve;
pub(crate) use share::Share;
