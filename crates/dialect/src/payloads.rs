//! The payloads of several text frames, written one behind the other.

/// Payloads of text frames, in order. Its owner keeps it for the next time: [`Payloads::clear`] keeps the memory.
#[derive(Debug, Default)]
pub struct Payloads {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Payloads {
    /// Adds one if `write` says that it has written it; what it has written otherwise is taken back.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
        if write(&mut self.bytes) {
            self.ends.push(self.bytes.len());
        } else {
            self.bytes.truncate(start);
        }
    }

    /// All of them, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(payloads: &mut Payloads, text: &str, written: bool) {
        payloads.add(|out| {
            out.extend_from_slice(text.as_bytes());
            written
        });
    }

    #[test]
    fn what_was_added_comes_out_in_order() {
        let mut payloads = Payloads::default();
        for (text, written) in [("a", true), ("not", false), ("", true), ("bc", true)] {
            add(&mut payloads, text, written);
        }
        assert_eq!(payloads.iter().collect::<Vec<_>>(), [&b"a"[..], b"", b"bc"]);
        payloads.clear();
        assert_eq!(payloads.iter().count(), 0);
    }
}
