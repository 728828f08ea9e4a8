//! RFC 6455 frames, both sides, without I/O.
