//! The trace that a message belongs to, carried beside it in the headers.

/// A W3C `traceparent` header value (Trace Context, section 3.2): 55 bytes of `00-<trace>-<span>-<flags>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent([u8; 55]);

impl TraceParent {
    /// Checks the form: version 00, lower-case hexadecimal, neither id all zero. `None` otherwise, and a
    /// message without a trace is as good as one with it.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let bytes: [u8; 55] = header.as_bytes().try_into().ok()?;
        let dash_at = |i: usize| matches!(i, 2 | 35 | 52);
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let formed = bytes.iter().enumerate().all(|(i, &b)| if dash_at(i) { b == b'-' } else { hex(b) });
        let zero = |range: std::ops::Range<usize>| bytes[range].iter().all(|&b| b == b'0');
        (formed && &bytes[..2] == b"00" && !zero(3..35) && !zero(36..52)).then_some(Self(bytes))
    }

    /// The header's value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_header_is_taken() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(TraceParent::parse(good).unwrap().as_str(), good);
        for bad in [
            "",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
    }
}
