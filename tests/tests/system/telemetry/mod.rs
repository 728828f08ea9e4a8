//! What Parlor tells of itself: metrics, traces, logs.

mod collectors;
mod logs;
mod metrics;
mod traces;
