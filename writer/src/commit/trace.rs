//! What is recorded of a batch in which something is traced; nothing of the others.

use bus::{Bus, Note, RoomEvents, Step, TraceParent};

/// How many submissions a batch links to: as many as are kept of a span by default.
const LINKS_MAX: usize = 128;

/// The step of a batch, which is part of the trace of its first submission that has one, and links to all of them.
pub(super) fn batch(
    bus: &dyn Bus,
    traces: impl Iterator<Item = Option<TraceParent>>,
    drafts: usize,
) -> Option<Step> {
    let mut traces = traces.flatten().peekable();
    let step = Step::batch(bus.system(), *traces.peek()?, drafts)?;
    let mut last = None;
    // Drafts of one submission stand side by side.
    let submissions = traces.filter(|trace| last.replace(*trace) != Some(*trace));
    submissions.take(LINKS_MAX).for_each(|submission| step.link(submission));
    Some(step)
}

/// Publishes events that belong to a trace, perhaps.
pub(super) async fn publish(
    bus: &dyn Bus,
    events: RoomEvents,
    trace: Option<TraceParent>,
    batch: Option<&Step>,
) -> Result<(), bus::BusError> {
    let publication = |trace| Step::publication(bus.system(), trace, &events.room, events.events.len());
    let step = trace.and_then(publication);
    if let (Some(step), Some(batch)) = (&step, batch.and_then(Step::parent)) {
        step.link(batch);
    }
    // A writer that records nothing itself hands the trace on.
    let trace = step.as_ref().and_then(Step::parent).or(trace);
    bus.publish(Note::Events(events), trace).await
}
