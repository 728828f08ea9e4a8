//! What clients speak: bytes to words and back, one folder a dialect.
