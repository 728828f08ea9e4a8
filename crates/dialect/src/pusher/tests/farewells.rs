//! How connections end.

use super::*;

fn farewell(refusal: &Refusal) -> (u16, String) {
    let mut out = Vec::new();
    let farewell = pusher().farewell(refusal, &mut out);
    assert!(farewell.spoken);
    (farewell.close_code, String::from_utf8(out).unwrap())
}

#[test]
fn the_close_code_says_when_to_come_back_and_a_frame_says_why() {
    let going = Refusal::new(Code::GoingAway, "this server is going away");
    assert_eq!(farewell(&going), (4200, golden("error-going-away")));
}

/// A promise to clients: the numbers are written out here once more.
#[test]
fn every_code_has_its_number() {
    let numbers = [4300, 4009, 4001, 4300, 4100, 4100, 4100, 4200, 4201, 4009];
    for (code, number) in Code::ALL.into_iter().zip(numbers) {
        let (close_code, frame) = farewell(&Refusal::new(code, "no"));
        assert_eq!(close_code, number, "{code}");
        assert!(frame.contains(&format!("\"code\":{number},")), "{frame}");
    }
    assert_eq!(farewell(&Refusal::expired("late")).0, 4200);
}
