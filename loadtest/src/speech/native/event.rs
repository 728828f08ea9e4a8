//! The frame of which a load test hears millions: a message, exactly as Parlor writes it.
//!
//! Everything that looks different in any way, be it only the order of its fields, is left to the general reader: it
//! understands whatever this one does, in the same way, and says what makes no sense.

use crate::speech::Heard;

/// A message that is written as Parlor writes it, without an escape in any text; `None` for every other frame.
pub(super) fn read(frame: &str) -> Option<Heard<'_>> {
    if !is_plain(frame) {
        return None;
    }
    let rest = frame.strip_prefix(r#"{"type":"message","room":""#)?;
    let (room, rest) = rest.split_once('"')?;
    let (seq, rest) = number(rest.strip_prefix(r#","seq":"#)?)?;
    let (_id, rest) = rest.strip_prefix(r#","id":""#)?.split_once('"')?;
    let (_user, rest) = rest.strip_prefix(r#","user":{"id":""#)?.split_once('"')?;
    let (_name, rest) = rest.strip_prefix(r#","name":""#)?.split_once('"')?;
    let (body, rest) = rest.strip_prefix(r#"},"body":""#)?.split_once('"')?;
    let (_at, rest) = rest.strip_prefix(r#","at":""#)?.split_once('"')?;
    (rest == "}").then(|| Heard::Event { room: room.into(), seq, body: Some(body.into()) })
}

/// True if a text of this frame ends at the next quote: nothing in it is escaped, nor would have to be.
fn is_plain(frame: &str) -> bool {
    // Not `all`: to look at all of it without a branch takes a fraction of the time.
    frame.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'\\'))
}

/// The number that a text begins with, as JSON writes it, and what follows.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let is_json = digits == 1 || !number.starts_with('0');
    Some((number.parse().ok().filter(|_| is_json)?, rest))
}

#[cfg(test)]
mod tests {
    use chat::{Body, Epoch, Event, EventKind, RequestId, RoomId, Seq, Timestamp, User};
    use dialect::{Alias, Dialect as _};
    use rand::rngs::StdRng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;
    use crate::speech::native::in_general;

    /// What the server writes when somebody of this name says this.
    fn written(name: &str, body: &str, reply_to: Option<Seq>) -> String {
        let event = Event {
            room: RoomId::parse("load-1").unwrap(),
            seq: Seq::new(5).unwrap(),
            id: RequestId::parse("r-5").unwrap(),
            by: User::parse("ana", Some(name)).unwrap(),
            at: Timestamp::from_micros(0),
            kind: EventKind::Message { body: Some(Body::trusted(body)), reply_to },
            except: None,
        };
        let mut out = Vec::new();
        assert!(dialect::native::Native.event(
            &Alias::new("load-1"),
            &Epoch::parse("e").unwrap(),
            &event,
            &mut out
        ));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_load_test_says_is_read_here() {
        for (name, body) in [("Ana", "r 5 70 xxx"), ("Änä", "größer"), ("Ana", "")] {
            let heard = Heard::Event { room: "load-1".into(), seq: 5, body: Some(body.into()) };
            assert_eq!(read(&written(name, body, None)), Some(heard));
        }
    }

    #[test]
    fn what_looks_different_is_left_to_the_general_reader() {
        for (name, body, reply_to) in
            [("Ana", "a\nb", None), ("A\"na", "a", None), ("Ana", "\\", None), ("Ana", "a", Seq::new(3).ok())]
        {
            let frame = written(name, body, reply_to);
            assert_eq!(read(&frame), None, "{frame}");
            assert!(matches!(in_general(&frame), Heard::Event { seq: 5, .. }), "{frame}");
        }
        for number in ["05", "", "-5", "+5", "5.0", "5e0", "18446744073709551616", " 5"] {
            let frame = written("Ana", "a", None).replace(r#""seq":5"#, &format!(r#""seq":{number}"#));
            assert_eq!(read(&frame), None, "{frame}");
        }
    }

    #[test]
    fn whatever_is_read_here_the_general_reader_reads_in_the_same_way() {
        let mut chance = StdRng::seed_from_u64(7);
        let whole = [written("Ana", "r 5 70 xxx", None), written("Ä", "say \"hi\"\n", Seq::new(3).ok())];
        let pieces = [
            "\"",
            "\\",
            ",",
            "}",
            "{",
            ":",
            "0",
            "9",
            " ",
            "\n",
            "\u{1}",
            "\"seq\":7",
            "\"room\":\"x\"",
            "é",
            "null",
        ];
        let mut read_here = 0;
        for _ in 0..100_000 {
            let mut frame: Vec<char> = whole[chance.random_range(0..2)].chars().collect();
            for _ in 0..chance.random_range(0..3) {
                let from = chance.random_range(0..frame.len());
                let to = (from + chance.random_range(0..4)).min(frame.len());
                let piece = pieces[chance.random_range(0..pieces.len())];
                let instead = if chance.random() { piece } else { "" };
                frame.splice(from..to, instead.chars());
            }
            let frame: String = frame.into_iter().collect();
            if let Some(heard) = read(&frame) {
                assert_eq!(heard, in_general(&frame), "{frame}");
                read_here += 1;
            }
        }
        assert!((10_000..90_000).contains(&read_here), "both kinds were tried: {read_here}");
    }
}
