//! The steps of a message's way that are recorded: spans of OpenTelemetry, for the few messages that are sampled.
//!
//! Names and attributes follow the semantic conventions for messaging. None of them has a value that a user chooses: a
//! subject is told by its template, a room by its partition.

use chat::{Code, RoomId};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, Status, TraceContextExt as _};
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::{Partition, TraceParent};

/// The target of every span of a trace, and of nothing else: by it a process finds what to export, and keeps it out of
/// its log.
pub const STEP_TARGET: &str = "parlor::step";

/// The subjects of submissions, as [`crate::Door::Submit`] has them. [`crate::Options::prefix`] stands as it is by default.
const SUBMISSIONS: &str = "parlor.submit.{partition}";
/// The subjects of rooms.
const ROOMS: &str = "parlor.room.{partition}.{room}";

/// One step. It lasts until its last clone is dropped, and the last [`Step::part`] of it. Where nothing is exported there is
/// none.
#[derive(Debug, Clone, PartialEq)]
pub struct Step(Span);

impl Eq for Step {}

/// What one does with messages.
struct Operation {
    name: &'static str,
    kind: &'static str,
    span_kind: &'static str,
    template: &'static str,
}

const SUBMIT: Operation =
    Operation { name: "submit", kind: "send", span_kind: "producer", template: SUBMISSIONS };
const COMMIT: Operation =
    Operation { name: "process", kind: "process", span_kind: "consumer", template: SUBMISSIONS };
const PUBLISH: Operation =
    Operation { name: "publish", kind: "send", span_kind: "producer", template: ROOMS };
const DELIVER: Operation =
    Operation { name: "process", kind: "process", span_kind: "consumer", template: ROOMS };

impl Step {
    /// A client's frame is worked on that says something in a room. Where a trace begins.
    #[must_use]
    pub fn frame(dialect: &'static str) -> Option<Self> {
        Self::of(info_span!(
            target: STEP_TARGET,
            parent: None,
            "receive frame",
            otel.kind = "server",
            network.protocol.name = "websocket",
            parlor.dialect = dialect,
        ))
    }

    /// A request over HTTP is worked on that says something in a room. Where a trace begins, too.
    #[must_use]
    pub fn request() -> Option<Self> {
        Self::of(info_span!(
            target: STEP_TARGET,
            parent: None,
            "receive request",
            otel.kind = "server",
            network.protocol.name = "http",
        ))
    }

    /// Drafts are submitted, until their verdicts are there. `after` ends by itself.
    #[must_use]
    pub fn submission(system: &'static str, after: &Self, room: &RoomId, drafts: usize) -> Option<Self> {
        let step = Self::message(&SUBMIT, system, Some(room), drafts)?;
        step.follows(after.context());
        Some(step)
    }

    /// Drafts are committed together, and told. Each one's submission is linked to with [`Step::link`].
    #[must_use]
    pub fn batch(system: &'static str, after: TraceParent, drafts: usize) -> Option<Self> {
        Self::after(&COMMIT, system, after, None, drafts)
    }

    /// Events of a room are published.
    #[must_use]
    pub fn publication(
        system: &'static str,
        after: TraceParent,
        room: &RoomId,
        events: usize,
    ) -> Option<Self> {
        Self::after(&PUBLISH, system, after, Some(room), events)
    }

    /// Events of a room have come, until they are written to the last of their sockets.
    #[must_use]
    pub fn arrival(system: &'static str, after: TraceParent, room: &RoomId, events: usize) -> Option<Self> {
        Self::after(&DELIVER, system, after, Some(room), events)
    }

    /// A part of this step, which lasts at least as long.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Self {
        Self(info_span!(target: STEP_TARGET, parent: &self.0, "part", otel.name = name))
    }

    /// Notes that this step has to do with another one, which may belong to another trace.
    pub fn link(&self, to: TraceParent) {
        self.0.add_link(to.context());
    }

    /// Notes that it came to nothing, and why.
    pub fn fail(&self, code: Code) {
        self.0.set_attribute("error.type", code.as_str());
        self.0.set_status(Status::error(code.as_str()));
    }

    /// What the header says with which this step's trace goes on elsewhere.
    #[must_use]
    pub fn parent(&self) -> Option<TraceParent> {
        TraceParent::of(self.context().span().span_context())
    }

    fn of(span: Span) -> Option<Self> {
        (!span.is_disabled()).then_some(Self(span))
    }

    fn after(
        operation: &Operation,
        system: &'static str,
        parent: TraceParent,
        room: Option<&RoomId>,
        messages: usize,
    ) -> Option<Self> {
        let step = Self::message(operation, system, room, messages)?;
        step.follows(Context::new().with_remote_span_context(parent.context()));
        Some(step)
    }

    fn message(
        operation: &Operation,
        system: &'static str,
        room: Option<&RoomId>,
        messages: usize,
    ) -> Option<Self> {
        let Operation { name, kind, span_kind, template } = *operation;
        Self::of(info_span!(
            target: STEP_TARGET,
            parent: None,
            "message",
            otel.name = format!("{name} {template}"),
            otel.kind = span_kind,
            messaging.system = system,
            messaging.operation.name = name,
            "messaging.operation.type" = kind,
            messaging.destination.template = template,
            messaging.destination.partition.id = room.map(|room| Partition::of(room).index().to_string()),
            messaging.batch.message_count = messages,
        ))
    }

    fn context(&self) -> Context {
        self.0.context()
    }

    fn follows(&self, parent: Context) {
        // Fails where nothing is exported, and there is no step then.
        let _ = self.0.set_parent(parent);
    }
}

impl TraceParent {
    /// What the header says of a span that is recorded.
    fn of(span: &SpanContext) -> Option<Self> {
        let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags());
        Self::parse(&format!("00-{trace}-{id}-{flags:02x}")).filter(Self::is_sampled)
    }
}
