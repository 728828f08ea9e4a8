//! What a session costs that is idle in one room: most of them are.

use super::*;
use crate::session::open::Open;

/// What the allocator adds to a block, about.
const BLOCK: usize = 16;

#[test]
fn an_idle_client_in_one_room_costs_little() {
    let mut scene = Scene::open();
    scene.joins("a-room-with-a-name");
    let State::Open(open) = &scene.session.state else { panic!() };
    let cost = size_of::<Session>() + BLOCK + size_of::<Open>() + open.heap_bytes(BLOCK);
    println!(
        "a session {} + an open one {} + its heap {} bytes",
        size_of::<Session>(),
        size_of::<Open>(),
        open.heap_bytes(BLOCK)
    );
    assert!(cost < 700, "{cost} bytes");
}

#[test]
fn nothing_is_kept_of_what_is_over() {
    let mut scene = Scene::open();
    scene.joins("r");
    let idle = |scene: &Scene| match &scene.session.state {
        State::Open(open) => open.heap_bytes(BLOCK),
        State::Greeting(_) | State::Closed => panic!(),
    };
    let before = idle(&scene);
    for n in 0..50 {
        scene.sends("r", &n.to_string());
    }
    assert!(idle(&scene) > before);
    scene.verdicts("r", [Ok(stored(1))]);
    scene.verdicts("r", vec![Ok(stored(2)); 49]);
    assert_eq!(idle(&scene), before);
}
