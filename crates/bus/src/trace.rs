//! The trace that a message belongs to, carried beside it in the headers.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

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

    /// True if whoever began the trace decided that it is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.flags().is_sampled()
    }

    /// The same as words of OpenTelemetry: of a span elsewhere.
    pub(crate) fn context(&self) -> SpanContext {
        let header = self.as_str();
        // The form was checked: neither can fail.
        let trace = TraceId::from_hex(&header[3..35]).unwrap_or(TraceId::INVALID);
        let span = SpanId::from_hex(&header[36..52]).unwrap_or(SpanId::INVALID);
        SpanContext::new(trace, span, self.flags(), true, TraceState::default())
    }

    fn flags(&self) -> TraceFlags {
        TraceFlags::new(u8::from_str_radix(&self.as_str()[53..], 16).unwrap_or_default())
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

    #[test]
    fn what_the_header_says_is_what_opentelemetry_knows() {
        let of = |flags: &str| {
            let header = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
            TraceParent::parse(&header).unwrap()
        };
        let context = of("01").context();
        assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span_id().to_string(), "00f067aa0ba902b7");
        assert!(context.is_remote() && context.is_sampled());
        let sampled = ["00", "01", "02", "03", "ff"].map(|flags| of(flags).is_sampled());
        assert_eq!(sampled, [false, true, false, true, true]);
    }
}
