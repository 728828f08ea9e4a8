//! Tokens that run out, and tokens that are renewed.

use super::*;

impl Scene {
    fn lives(lives: Duration) -> Self {
        let mut scene = Self::with(limits(), None);
        let token = scene.token("ana", None, lives);
        scene.says(&json!({"type": "hello", "token": token}));
        scene
    }

    /// Time passes, and the client gives signs of life.
    fn lives_on(&mut self, time: Duration) -> Done {
        let mut done = Done::default();
        for _ in 0..time.as_secs() {
            self.session.on_heard(self.now);
            let second = self.pass(Duration::from_secs(1));
            done.said.extend(second.said);
            done.wants.extend(second.wants);
        }
        done
    }

    fn renews(&mut self, user: &str, rooms: Option<Granted<'_>>) -> Done {
        let token = self.token(user, rooms, Duration::from_hours(1));
        self.says(&json!({"type": "hello", "ref": 9, "token": token}))
    }
}

#[test]
fn the_end_of_a_token_is_told_a_minute_before_and_then_comes() {
    let mut scene = Scene::lives(Duration::from_secs(600));
    assert!(scene.lives_on(Duration::from_secs(539)).is_nothing());
    assert_eq!(scene.lives_on(Duration::from_secs(1)).said, [json!({"type": "token_expiring", "in_s": 60})]);
    assert!(scene.lives_on(Duration::from_secs(59)).is_nothing());
    assert_eq!(scene.lives_on(Duration::from_secs(1)).end(), Some(("not_identified", 4001)));
}

#[test]
fn of_a_short_life_half_is_left_when_the_end_is_told() {
    let mut scene = Scene::lives(Duration::from_secs(20));
    assert!(scene.lives_on(Duration::from_secs(9)).is_nothing());
    assert_eq!(scene.lives_on(Duration::from_secs(1)).said, [json!({"type": "token_expiring", "in_s": 10})]);
}

#[test]
fn a_wall_clock_that_jumps_ends_nobody() {
    let mut scene = Scene::lives(Duration::from_secs(600));
    scene.clock.0.fetch_add(3_600_000_000, Ordering::Relaxed);
    assert!(scene.lives_on(Duration::from_secs(500)).is_nothing());
}

#[test]
fn a_renewed_token_lives_anew() {
    let mut scene = Scene::lives(Duration::from_secs(600));
    scene.lives_on(Duration::from_secs(599));
    let done = scene.renews("ana", None);
    assert_eq!(done.said, [json!({"type": "renewed", "ref": 9, "user": {"id": "ana", "name": "ana"}})]);
    assert!(scene.lives_on(Duration::from_secs(3000)).is_nothing());
    assert_eq!(scene.lives_on(Duration::from_secs(541)).answers(), ["token_expiring"]);
}

#[test]
fn a_token_of_somebody_else_or_none_at_all_ends_the_connection() {
    assert_eq!(Scene::open().renews("bob", None).end(), Some(("not_identified", 4001)));
    let done = Scene::open().says(&json!({"type": "hello", "token": "nonsense"}));
    assert_eq!(done.end(), Some(("not_identified", 4001)));
}

#[test]
fn rooms_that_the_new_token_does_not_grant_are_taken_away() {
    let mut scene = Scene::open();
    let kept = scene.joins("kept");
    let lost = scene.joins("lost");
    let join = scene.says(&json!({"type": "join", "ref": 1, "room": "soon"})).join();
    scene.sends("soon", "a");
    let done = scene.renews("ana", Some(&[("kept", Access::Read)]));
    assert_eq!(done.answers(), ["9 renewed", "removed", "1 not_allowed", "a not_allowed"]);
    assert_eq!(done.said[1]["room"], "lost");
    assert_eq!(done.wants, [Action::Leave(lost), Action::Leave(join.sub)]);
    let anew = at(RoomKind::Public, 3);
    let still = scene.restarted(kept, &anew);
    assert_eq!(still.answers(), ["joined"]);
}

#[test]
fn what_is_queued_is_looked_at_again_when_its_turn_comes() {
    let mut scene = Scene::open();
    scene.joins("r");
    scene.sends("r", "a");
    scene.sends("r", "b");
    scene.renews("ana", Some(&[("r", Access::Read)]));
    let done = scene.verdicts("r", [Ok(stored(1))]);
    assert_eq!(done.answers(), ["a sent", "b not_allowed"]);
    assert!(done.wants.is_empty());
}

#[test]
fn grants_that_are_gone_leave_the_room_to_decide() {
    let mut scene = Scene::granted(limits(), Some(&[("r", Access::Write)]));
    assert_eq!(scene.sends("r", "a").submitted(), ["a"]);
    scene.sends("r", "b");
    scene.renews("ana", None);
    let done = scene.verdicts("r", [Ok(stored(1))]);
    let (ask, read) = done.read();
    assert_eq!(*read, Read::Open { room: room_id("r"), create: false, accepted: scene.now });
    let done = scene.answer(Answered::Read(ask, Ok(ReadAnswer::Room(state(RoomKind::Private, 1)))));
    assert_eq!(done.answers(), ["b not_allowed"]);
}
