//! What a token says, and whom it makes of its bearer.

use std::time::Duration;

use chat::{Access, Code, Grants, Refusal, Timestamp, User};
use serde::{Deserialize, Deserializer};
use serde_json::{Number, Value};

/// Who a client is and what its token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user: User,
    /// What the token grants, if it says so: then nothing else is allowed.
    pub grants: Option<Grants>,
    /// Whether the token makes its bearer an administrator.
    pub admin: bool,
    /// What was left of the token's life when it was checked, leeway included; it runs on the monotonic clock
    /// from then on.
    pub lives: Duration,
}

/// The claims that mean something to us, each still of any type, so that a refusal can name the one that is wrong.
/// `aud` and `iss` are checked with the signature.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    sub: Option<Value>,
    name: Option<Value>,
    exp: Option<Value>,
    nbf: Option<Value>,
    /// `null` is no object of patterns, and not the absence of all bounds.
    #[serde(default, deserialize_with = "present")]
    rooms: Option<Value>,
    admin: Option<Value>,
}

fn present<'de, D: Deserializer<'de>>(claim: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(claim).map(Some)
}

/// No timer needs to run longer, and sums of times stay far from their limits.
const LIVES_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl Claims {
    /// # Errors
    /// `not_identified` with the rule that the token breaks.
    pub(super) fn identity(self, leeway: Duration, now: Timestamp) -> Result<Identity, Refusal> {
        check_begun(self.nbf.as_ref(), leeway, now)?;
        let lives = lives(self.exp.as_ref(), leeway, now)?;
        Ok(Identity {
            user: user(self.sub.as_ref(), self.name.as_ref())?,
            grants: self.rooms.map(grants).transpose()?,
            admin: admin(self.admin.as_ref())?,
            lives,
        })
    }
}

fn check_begun(nbf: Option<&Value>, leeway: Duration, now: Timestamp) -> Result<(), Refusal> {
    let Some(nbf) = nbf else { return Ok(()) };
    let Some(begins) = numeric_date(nbf) else {
        return Err(not_identified("the token's `nbf` is not a time"));
    };
    match span(now, begins) {
        Some(early) if early > leeway => Err(not_identified("the token is not valid yet (`nbf`)")),
        _ => Ok(()),
    }
}

fn lives(exp: Option<&Value>, leeway: Duration, now: Timestamp) -> Result<Duration, Refusal> {
    let Some(exp) = exp else { return Err(not_identified("the token has no `exp`")) };
    let Some(ends) = numeric_date(exp) else { return Err(not_identified("the token's `exp` is not a time")) };
    let left = match (span(now, ends), span(ends, now)) {
        (Some(ahead), _) => ahead.saturating_add(leeway),
        (None, Some(behind)) => leeway.saturating_sub(behind),
        (None, None) => leeway,
    };
    if left.is_zero() {
        Err(Refusal::expired("the token has expired (`exp`)"))
    } else {
        Ok(left.min(LIVES_MAX))
    }
}

fn user(sub: Option<&Value>, name: Option<&Value>) -> Result<User, Refusal> {
    let Some(Value::String(sub)) = sub else {
        return Err(not_identified("the token has no `sub` that is text"));
    };
    let name = match name {
        None => None,
        Some(Value::String(name)) => Some(name.as_str()),
        Some(_) => return Err(not_identified("the token's `name` is not text")),
    };
    User::parse(sub, name).map_err(|bad| not_identified(bad.to_string()))
}

fn admin(admin: Option<&Value>) -> Result<bool, Refusal> {
    match admin {
        None => Ok(false),
        Some(Value::Bool(admin)) => Ok(*admin),
        Some(_) => Err(not_identified("the token's `admin` is neither true nor false")),
    }
}

fn grants(rooms: Value) -> Result<Grants, Refusal> {
    let Value::Object(rooms) = rooms else {
        return Err(not_identified("the token's `rooms` is not an object of patterns"));
    };
    let pairs = rooms.into_iter().map(|(pattern, access)| {
        let access = access.as_str().and_then(Access::parse);
        access.map(|access| (pattern, access))
    });
    let pairs: Option<Vec<_>> = pairs.collect();
    let pairs =
        pairs.ok_or_else(|| not_identified("the token's `rooms` grants something other than `r` or `rw`"))?;
    Grants::new(pairs).map_err(|_| {
        not_identified("a pattern of the token's `rooms` is empty, or has a `*` that is not at its end")
    })
}

pub(super) fn not_identified(message: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::NotIdentified, message)
}

/// Seconds since 1970, whole or not, as tokens write times.
fn numeric_date(value: &Value) -> Option<Timestamp> {
    let Value::Number(number) = value else { return None };
    Some(Timestamp::from_micros(micros(number)?))
}

/// Far times are cut; a negative fraction is nobody's time.
fn micros(seconds: &Number) -> Option<i64> {
    if let Some(whole) = seconds.as_i64() {
        return Some(whole.saturating_mul(1_000_000));
    }
    let seconds = seconds.as_f64().filter(|s| *s >= 0.0)?;
    let since_1970 = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    Some(i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX))
}

/// How long after `from` it is `to`; `None` if it is not after.
fn span(from: Timestamp, to: Timestamp) -> Option<Duration> {
    let micros = to.as_micros() - from.as_micros();
    u64::try_from(micros).ok().filter(|m| *m > 0).map(Duration::from_micros)
}
