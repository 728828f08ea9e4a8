//! The writer: batches, commits, publishes, answers reads.
