//! Traces, put together from the spans that a collector was told.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

/// One span, as the collector got it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The process that it comes from: `service.name`.
    pub service: String,
    /// Which of the processes of that name: `service.instance.id`.
    pub instance: String,
    /// The span itself.
    pub span: Span,
}

impl Step {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.span.name
    }

    /// Its attributes, as text.
    #[must_use]
    pub fn attributes(&self) -> BTreeMap<&str, String> {
        attributes(&self.span.attributes)
    }

    /// True if it is part of this one, or was caused by it.
    #[must_use]
    pub fn is_child_of(&self, other: &Self) -> bool {
        self.span.trace_id == other.span.trace_id && self.span.parent_span_id == other.span.span_id
    }

    /// True if it links to that one.
    #[must_use]
    pub fn links_to(&self, other: &Self) -> bool {
        let span = &other.span;
        self.span.links.iter().any(|link| link.trace_id == span.trace_id && link.span_id == span.span_id)
    }

    fn kind(&self) -> String {
        SpanKind::try_from(self.span.kind)
            .map_or_else(|_| "?".to_owned(), |kind| format!("{kind:?}").to_lowercase())
    }
}

/// All spans of one trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace(pub Vec<Step>);

impl Trace {
    /// All traces that these spans make, each in the order in which its spans began.
    #[must_use]
    pub fn all(steps: Vec<Step>) -> Vec<Self> {
        let mut traces: BTreeMap<Vec<u8>, Vec<Step>> = BTreeMap::new();
        for step in steps {
            traces.entry(step.span.trace_id.clone()).or_default().push(step);
        }
        traces
            .into_values()
            .map(|mut steps| {
                steps.sort_by_key(|step| step.span.start_time_unix_nano);
                Self(steps)
            })
            .collect()
    }

    /// The spans of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&Step> {
        self.0.iter().filter(|step| step.name() == name).collect()
    }

    /// The spans that follow this one.
    #[must_use]
    pub fn after(&self, step: &Step) -> Vec<&Step> {
        self.0.iter().filter(|other| other.is_child_of(step)).collect()
    }

    fn show(&self, step: &Step, depth: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let began = self.0[0].span.start_time_unix_nano;
        let ms = |nanoseconds: u64| nanoseconds.saturating_sub(began) as f64 / 1e6;
        let (span, process) = (&step.span, format!("{} {}", step.service, &step.instance));
        let name = format!("{}{}", "  ".repeat(depth), span.name);
        write!(
            out,
            "{name:<48} {:<9} {process:<32} {:>8.3} … {:>8.3} ms",
            step.kind(),
            ms(span.start_time_unix_nano),
            ms(span.end_time_unix_nano)
        )?;
        let linked = self.0.iter().filter(|other| step.links_to(other)).map(Step::name).collect::<Vec<_>>();
        if !linked.is_empty() {
            write!(out, "  links to: {}", linked.join(", "))?;
        }
        out.write_char('\n')?;
        self.after(step).into_iter().try_for_each(|next| self.show(next, depth + 1, out))
    }
}

/// The spans as a tree, then the attributes of each kind of span.
impl fmt::Display for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roots = self.0.iter().filter(|step| !self.0.iter().any(|other| step.is_child_of(other)));
        let id: String = self
            .0
            .iter()
            .take(1)
            .flat_map(|step| &step.span.trace_id)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        writeln!(out, "trace {id}\n")?;
        for root in roots {
            self.show(root, 0, out)?;
        }
        let mut shown = Vec::new();
        for step in &self.0 {
            if !shown.contains(&step.name()) {
                shown.push(step.name());
                writeln!(out, "\n{}", step.name())?;
                step.attributes().iter().try_for_each(|(key, value)| writeln!(out, "  {key} = {value}"))?;
            }
        }
        Ok(())
    }
}

/// The spans of a request.
pub(super) fn steps(request: ExportTraceServiceRequest) -> Vec<Step> {
    let mut steps = Vec::new();
    for process in request.resource_spans {
        let about = process.resource.map(|resource| resource.attributes).unwrap_or_default();
        let about = attributes(&about);
        let of = |key: &str| about.get(key).cloned().unwrap_or_default();
        for span in process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            steps.push(Step { service: of("service.name"), instance: of("service.instance.id"), span });
        }
    }
    steps
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |value: &AnyValue| match &value.value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), attribute.value.as_ref().map(text).unwrap_or_default()))
        .collect()
}
