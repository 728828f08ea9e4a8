//! Heads in pieces that fit a message of the bus.

use bus::{Note, Partition};
use chat::RoomHead;

/// The most bytes of heads in one note.
const CHUNK_BYTES_MAX: usize = 64 * 1024;
/// What a head takes on the wire beside its names.
const HEAD_BYTES: usize = 64;

/// One note or more for each partition that has heads.
pub(crate) fn chunks(heads: Vec<RoomHead>) -> Vec<Note> {
    if heads.is_empty() {
        return Vec::new();
    }
    let mut partitions: Vec<Vec<RoomHead>> = Partition::all().map(|_| Vec::new()).collect();
    for head in heads {
        partitions[usize::from(Partition::of(&head.room).index())].push(head);
    }
    let mut notes = Vec::new();
    for (partition, heads) in Partition::all().zip(partitions) {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        for head in heads {
            let more = HEAD_BYTES + head.room.as_str().len() + head.epoch.as_str().len();
            if bytes + more > CHUNK_BYTES_MAX {
                notes.push(Note::Heads(partition, std::mem::take(&mut chunk)));
                bytes = 0;
            }
            bytes += more;
            chunk.push(head);
        }
        if !chunk.is_empty() {
            notes.push(Note::Heads(partition, chunk));
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use chat::{Epoch, RoomId, Seq};

    use super::*;

    #[test]
    fn heads_go_to_their_partitions_in_pieces_that_fit() {
        let name = "x".repeat(120);
        let head = |n: usize| RoomHead {
            room: RoomId::parse(&format!("{name}{n}")).unwrap(),
            epoch: Epoch::parse("7f3a.1").unwrap(),
            seq: Seq::MAX,
        };
        let notes = chunks((0..40_000).map(head).collect());
        let mut told = 0;
        for note in &notes {
            let Note::Heads(partition, heads) = note else { panic!() };
            assert!(heads.iter().all(|head| Partition::of(&head.room) == *partition));
            assert!(heads.len() * (HEAD_BYTES + 120) <= CHUNK_BYTES_MAX);
            told += heads.len();
        }
        assert_eq!(told, 40_000);
        assert!(chunks(Vec::new()).is_empty());
    }
}
