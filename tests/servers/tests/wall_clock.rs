//! A wall clock is moved under a running program, and the clock that timers go by is not.
#![expect(clippy::unwrap_used, reason = "what is missing in a test fails the test")]
#![expect(clippy::disallowed_types, reason = "this is about the wall clock itself")]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use servers::{WallClock, if_possible};

const ROLE: &str = "A_PROGRAM_THAT_TELLS_THE_TIME";
/// Two clocks are not read at the same moment, and the machine may be busy in between.
const TOLERANCE: f64 = 60.0;

struct Teller {
    program: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Teller {
    fn start(clock: &WallClock) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tells_the_time", "--nocapture"]).env(ROLE, "1").envs(clock.environment());
        let mut program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (program.stdin.take().unwrap(), program.stdout.take().unwrap());
        Self { program, questions, answers: BufReader::new(answers).lines() }
    }

    /// Seconds since 1970 and seconds since its start, as the program sees them.
    fn tells(&mut self) -> (f64, f64) {
        writeln!(self.questions, "?").unwrap();
        let mut told = self.answers.by_ref().map(Result::unwrap).filter_map(|line| {
            let (wall, monotonic) = line.strip_prefix("it is ")?.split_once(' ')?;
            Some((wall.parse().unwrap(), monotonic.parse().unwrap()))
        });
        told.next().unwrap()
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

#[test]
fn the_wall_clock_jumps_and_the_monotonic_clock_goes_on() {
    let Some(clock) = if_possible(WallClock::new()).unwrap() else { return };
    let start = Instant::now();
    let mut teller = Teller::start(&clock);
    let mut earlier = 0.0;
    for by in [0, 3600, -3600, 86_400, 0] {
        let distance = Duration::from_secs(i32::unsigned_abs(by).into());
        if by < 0 { clock.is_slow_by(distance) } else { clock.is_fast_by(distance) }.unwrap();
        let by = f64::from(by);
        let (wall, monotonic) = teller.tells();
        assert!((wall - now() - by).abs() < TOLERANCE, "off by {} instead of {by}", wall - now());
        assert!(monotonic >= earlier && monotonic <= start.elapsed().as_secs_f64(), "{earlier}, {monotonic}");
        earlier = monotonic;
    }
}

#[test]
fn what_killed_programs_leave_behind_is_removed() {
    let Some(clock) = if_possible(WallClock::new()).unwrap() else { return };
    let mut teller = Teller::start(&clock);
    teller.tells();
    let left = format!("/dev/shm/faketime_shm_{}", teller.program.id());
    assert!(std::path::Path::new(&left).exists(), "libfaketime leaves something else behind now");
    drop(teller);
    drop(clock);
    assert!(!std::path::Path::new(&left).exists());
}

/// Not a test of its own: the program that the tests above start.
#[test]
fn tells_the_time() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let start = Instant::now();
    for _ in std::io::stdin().lines() {
        println!("it is {} {}", now(), start.elapsed().as_secs_f64());
    }
}
