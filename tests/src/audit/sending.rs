//! What was sent against what was answered and what is stored.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::finding::{Finding, Kind, find};
use super::{Audit, Books};
use crate::diary::{Diary, Entry};

/// The one code that leaves open whether the request was carried out.
const UNKNOWN: &str = "unavailable";

/// One request: (user, room, id), over all diaries and repetitions.
type Key = (String, String, String);

#[derive(Default)]
struct Request {
    /// What it asked for, each time that it was made.
    bodies: Vec<Arc<str>>,
    /// The diary in which it was made first, by number, and whether it stands in others too.
    first_in: usize,
    in_several: bool,
    seq: Option<u64>,
    /// The last refusal that was certain.
    refused: Option<String>,
}

/// Rooms that had more than one epoch: what was acknowledged in an earlier one is gone, and its seqs name others.
fn reborn(diaries: &[Diary]) -> HashSet<String> {
    let mut epochs: HashMap<String, String> = HashMap::new();
    let mut reborn = HashSet::new();
    for entry in diaries.iter().flat_map(Diary::read) {
        if let Entry::Joined { room, epoch, .. } = entry {
            let known = epochs.entry(room.clone()).or_insert_with(|| epoch.clone());
            if *known != epoch {
                reborn.insert(room);
            }
        }
    }
    reborn
}

pub(super) fn check(diaries: &[Diary], books: Option<&Books>, audit: &mut Audit) {
    let reborn = reborn(diaries);
    let requests = gather(diaries, &reborn, &mut audit.findings);
    for diary in diaries {
        let is_own = |room: &str, id: &str| {
            let key = (diary.user().to_owned(), room.to_owned(), id.to_owned());
            !reborn.contains(room) && requests.get(&key).is_some_and(|request| !request.in_several)
        };
        check_order(diary, is_own, &mut audit.findings);
    }
    for (key, request) in &requests {
        audit.asked += 1;
        match (request.seq, &request.refused) {
            (Some(_), _) => audit.acknowledged += 1,
            (None, Some(_)) => audit.refused += 1,
            (None, None) => audit.unknown += 1,
        }
        if let Some(books) = books.filter(|_| !reborn.contains(&key.1)) {
            check_stored(key, request, books, &mut audit.findings);
        }
    }
}

fn gather(
    diaries: &[Diary],
    reborn: &HashSet<String>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<Key, Request> {
    let mut requests: BTreeMap<Key, Request> = BTreeMap::new();
    for (number, diary) in diaries.iter().enumerate() {
        let key = |room: String, id: String| (diary.user().to_owned(), room, id);
        for entry in diary.read() {
            match entry {
                Entry::Asked { room, id, body } => {
                    let first = || Request { first_in: number, ..Request::default() };
                    let request = requests.entry(key(room, id)).or_insert_with(first);
                    request.in_several |= request.first_in != number;
                    request.bodies.push(body);
                }
                Entry::Sent { room, id, seq } => {
                    let key = key(room, id);
                    let request = requests.entry(key.clone()).or_default();
                    let before = *request.seq.get_or_insert(seq);
                    if before != seq && !reborn.contains(&key.1) {
                        let (user, room, id) = key;
                        let what =
                            format!("{id} of {user} in {room} was acknowledged as {before} and as {seq}");
                        find(findings, Kind::Renumbered, what);
                    }
                }
                Entry::Refused { room, id, code } if code != UNKNOWN => {
                    requests.entry(key(room, id)).or_default().refused = Some(code);
                }
                _ => {}
            }
        }
    }
    requests
}

fn check_stored((user, room, id): &Key, request: &Request, books: &Books, findings: &mut Vec<Finding>) {
    if let Some(seq) = request.seq {
        let stored = books.at(room, seq);
        if !stored.is_some_and(|m| m.user == *user && m.id == *id && request.bodies.contains(&m.body)) {
            let what =
                format!("{id} of {user} in {room} was acknowledged as {seq}, where {stored:?} is stored");
            find(findings, Kind::Lost, what);
        }
    } else if let Some(code) = &request.refused {
        let mut stored = books.room(room).iter().filter(|m| m.user == *user && m.id == *id);
        if let Some(ghost) = stored.find(|m| request.bodies.contains(&m.body)) {
            let what =
                format!("{id} of {user} in {room} was refused ({code}) and is stored as {}", ghost.seq);
            find(findings, Kind::Ghost, what);
        }
    }
}

/// What is known of the order of one sender's requests in one room.
#[derive(Default)]
struct Line {
    /// The largest seq acknowledged so far: whatever is asked later comes after it.
    acknowledged: u64,
    /// Requests in the order in which they were first asked.
    first_asked: Vec<String>,
    /// How often a request was asked, and what was the largest acknowledged seq when it was first.
    asked: HashMap<String, (u32, u64)>,
    seqs: HashMap<String, u64>,
}

/// A sender's messages have the order in which they were sent, as far as it sent each of them once: of a request
/// that it repeated it cannot know which attempt was stored. But whatever was acknowledged comes before whatever
/// was asked afterwards. Requests that other clients of the same user make too say nothing about order.
fn check_order(diary: &Diary, is_own: impl Fn(&str, &str) -> bool, findings: &mut Vec<Finding>) {
    let mut lines: HashMap<String, Line> = HashMap::new();
    for entry in diary.read() {
        match entry {
            Entry::Asked { room, id, .. } if is_own(&room, &id) => {
                let line = lines.entry(room).or_default();
                // Where the server made the id up, the client repeats what it has not asked like this before.
                let first = if line.seqs.contains_key(&id) { (1, 0) } else { (0, line.acknowledged) };
                line.asked.entry(id.clone()).or_insert(first).0 += 1;
                line.first_asked.push(id);
            }
            Entry::Sent { room, id, seq } => {
                let line = lines.entry(room).or_default();
                line.acknowledged = line.acknowledged.max(seq);
                line.seqs.insert(id, seq);
            }
            _ => {}
        }
    }
    for (room, line) in lines {
        line.check(&format!("{} in {room}", diary.user()), findings);
    }
}

impl Line {
    fn check(&self, whose: &str, findings: &mut Vec<Finding>) {
        let mut last = 0;
        for id in &self.first_asked {
            let (Some(&(times, before)), Some(&seq)) = (self.asked.get(id), self.seqs.get(id)) else {
                continue;
            };
            if seq <= before {
                let what = format!("{id} of {whose} is {seq}; {before} was acknowledged before it was sent");
                find(findings, Kind::Overtaken, what);
            } else if times == 1 {
                if seq <= last {
                    let what = format!("{id} of {whose} is {seq}, and one sent before it is {last}");
                    find(findings, Kind::Overtaken, what);
                }
                last = last.max(seq);
            }
        }
    }
}
