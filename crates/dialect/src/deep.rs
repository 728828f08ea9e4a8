//! However deep something in a frame nests, reading it takes no more of the stack: where that ends, a whole gateway ends.

use crate::pusher::{Secret, events};
use crate::{Command, DecodeLimits, Frame, Settings, dialects, pusher};

const LIMITS: DecodeLimits = DecodeLimits { body_bytes: 1 << 20 };

/// Frames of all dialects. `DEEP` stands for something that nests, `QUOTED` for a text in which that stands.
const FRAMES: [&str; 22] = [
    "DEEP",
    r#"{"type":"ping","x":DEEP}"#,
    r#"{"type":"ping","ref":DEEP}"#,
    r#"{"type":"send","room":"r","body":DEEP}"#,
    r#"{"type":"join","room":"r","after":DEEP}"#,
    r#"{"type":"whisper","room":"r","name":"x","data":DEEP}"#,
    r#"{"type":"whisper","room":"r","name":DEEP}"#,
    r#"{"command":"subscribe","identifier":QUOTED}"#,
    r#"{"command":"subscribe","identifier":"{\"channel\":\"RoomChannel\",\"room\":\"r\"}","history":DEEP}"#,
    r#"{"command":"message","identifier":"{\"channel\":\"RoomChannel\",\"room\":\"r\"}","data":QUOTED}"#,
    r#"{"command":"whisper","identifier":"{\"channel\":\"RoomChannel\",\"room\":\"r\"}","data":DEEP}"#,
    r#"["1","2","room:r","phx_join",DEEP]"#,
    r#"["1","2","room:r","message:add",DEEP]"#,
    r#"["1","2","room:r","message:add",{"message":DEEP}]"#,
    r#"["1",DEEP,"room:r","phx_join",{}]"#,
    r#"{"topic":"room:r","event":"phx_join","ref":"1","payload":DEEP}"#,
    r#"{"event":"client-x","channel":"private-room-r","data":DEEP}"#,
    r#"{"event":"client-x","channel":"private-room-r","data":QUOTED}"#,
    r#"{"event":"client-message","channel":"private-room-r","data":QUOTED}"#,
    r#"{"event":"pusher:subscribe","data":QUOTED}"#,
    r#"{"event":"pusher:subscribe","data":{"channel":"presence-room-r","auth":"k:s","channel_data":QUOTED}}"#,
    r#"{"event":DEEP}"#,
];

fn settings() -> Settings {
    let pusher = pusher::Settings {
        app_id: Some("1".into()),
        key: Some("key".into()),
        secret: Some(Secret::new("a secret of many bytes")),
        client_event: "client-message".into(),
        ..pusher::Settings::default()
    };
    Settings { pusher, ..Settings::default() }
}

/// Lists and objects, as many levels deep.
fn nests(levels: usize) -> [String; 2] {
    let list = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let object = format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    [list, object]
}

fn all_frames(levels: usize) -> Vec<String> {
    let mut frames = Vec::new();
    for deep in nests(levels) {
        let quoted = serde_json::Value::from(&*deep).to_string();
        frames.extend(FRAMES.map(|frame| frame.replace("DEEP", &deep).replace("QUOTED", &quoted)));
    }
    frames
}

#[test]
fn no_frame_nests_too_deep_to_be_read() {
    let (dialects, frames) = (dialects(settings()), all_frames(30_000));
    let mut whispers = 0;
    for (dialect, frame) in
        dialects.iter().flat_map(|dialect| frames.iter().map(move |frame| (dialect, frame)))
    {
        let mut commands = Vec::new();
        // Whether it is refused, and how, is tried elsewhere: here it comes back at all.
        let _refused = dialect.decode(Frame::Text(frame), &LIMITS, &mut commands);
        whispers += commands.iter().filter(|command| matches!(command, Command::Whisper { .. })).count();
    }
    assert_eq!((dialects.len(), whispers), (6, 2), "only texts are passed on");
    for frame in &frames {
        assert!(events(&settings().pusher, &LIMITS, frame.as_bytes()).is_err());
    }
}

#[test]
fn what_nests_as_programs_have_it_is_passed_on() {
    let whispers = |levels| {
        let mut commands = Vec::new();
        for (dialect, frame) in dialects(settings())
            .iter()
            .flat_map(|d| all_frames(levels).into_iter().map(move |frame| (*d, frame)))
        {
            let _refused = dialect.decode(Frame::Text(&frame), &LIMITS, &mut commands);
        }
        commands.iter().filter(|command| matches!(command, Command::Whisper { .. })).count()
    };
    // In three dialects a frame whispers a list and an object; in Pusher's another one holds a text.
    assert_eq!((whispers(32), whispers(33)), (8, 2));
}
