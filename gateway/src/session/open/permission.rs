//! Who may do what: the one place where it is decided, at every join, every send and every page.

use chat::{Access, Code, Grants, Refusal, RoomId, RoomKind};

/// What somebody wants to do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Read,
    Write,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    Allowed,
    Refused(Refusal),
    /// It hangs on what the room is, which is not known yet.
    HangsOnKind,
}

/// What somebody with these grants may do in a room of this kind; `None` if that hangs on the kind, which is not known.
/// Grants are the whole truth where there are any; else it is what the room is. Private and direct rooms have no members
/// yet, so nobody enters them without a grant.
pub(crate) fn access(grants: Option<&Grants>, room: &RoomId, kind: Option<RoomKind>) -> Option<Access> {
    match (grants, kind) {
        (Some(grants), _) => Some(grants.access(room)),
        (None, Some(RoomKind::Public)) => Some(Access::Write),
        (None, Some(RoomKind::Private | RoomKind::Direct)) => Some(Access::None),
        (None, None) => None,
    }
}

/// Rules on a wish.
pub(super) fn rule(grants: Option<&Grants>, room: &RoomId, kind: Option<RoomKind>, wish: Wish) -> Ruling {
    let Some(access) = access(grants, room, kind) else { return Ruling::HangsOnKind };
    match (access, wish) {
        (Access::Write, _) | (Access::Read, Wish::Read) => Ruling::Allowed,
        (Access::Read, Wish::Write) => {
            Ruling::Refused(Refusal::new(Code::NotAllowed, "you may read in this room, not write"))
        }
        (Access::None, _) => Ruling::Refused(no_entry()),
    }
}

/// A refusal by those who know whether a room is there, in the words for a room that is not open: nobody learns
/// from them which rooms there are.
pub(super) fn veiled(refusal: Refusal) -> Refusal {
    if refusal.code == Code::NotAllowed { no_entry() } else { refusal }
}

fn no_entry() -> Refusal {
    Refusal::new(Code::NotAllowed, "there is no such room, or it is not open to you")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruled(grants: Option<&[(&str, Access)]>, kind: Option<RoomKind>, wish: Wish) -> &'static str {
        let grants =
            grants.map(|pairs| Grants::new(pairs.iter().map(|(p, a)| ((*p).to_owned(), *a))).unwrap());
        match rule(grants.as_ref(), &RoomId::parse("team-7").unwrap(), kind, wish) {
            Ruling::Allowed => "allowed",
            Ruling::Refused(refusal) => {
                assert_eq!(refusal.code, Code::NotAllowed);
                "refused"
            }
            Ruling::HangsOnKind => "hangs on kind",
        }
    }

    #[test]
    fn without_grants_the_kind_of_the_room_decides() {
        for (kind, read, write) in [
            (Some(RoomKind::Public), "allowed", "allowed"),
            (Some(RoomKind::Private), "refused", "refused"),
            (Some(RoomKind::Direct), "refused", "refused"),
            (None, "hangs on kind", "hangs on kind"),
        ] {
            assert_eq!(ruled(None, kind, Wish::Read), read, "{kind:?}");
            assert_eq!(ruled(None, kind, Wish::Write), write, "{kind:?}");
        }
    }

    #[test]
    fn grants_are_the_whole_truth_whatever_the_room_is() {
        for (grants, read, write) in [
            (&[("team-*", Access::Write)][..], "allowed", "allowed"),
            (&[("team-*", Access::Read)], "allowed", "refused"),
            (&[("other", Access::Write)], "refused", "refused"),
            (&[], "refused", "refused"),
        ] {
            for kind in [None, Some(RoomKind::Public), Some(RoomKind::Private), Some(RoomKind::Direct)] {
                assert_eq!(ruled(Some(grants), kind, Wish::Read), read, "{grants:?} {kind:?}");
                assert_eq!(ruled(Some(grants), kind, Wish::Write), write, "{grants:?} {kind:?}");
            }
        }
    }
}
