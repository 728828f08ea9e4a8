//! The life of one connection as a state machine without I/O.

mod action;
