//! W3C trace context: to whose trace a request belongs, and which backends are told.
//!
//! In: a `traceparent` that is one makes the gateway's span part of the caller's trace. Whether a trace is exported is not the
//! caller's to say: a request cannot be hidden by a flag. `tracestate` and `baggage` are free text and never read. Out: a
//! backend that the inventory has on premises is told of the gateway's span. No other is: an id that outlives a request would
//! join what pseudonyms keep apart. Nor does the record: an id of the caller's making may hold anything that is written in digits,
//! and the span carries the request's own id.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::model::Tier;

/// The header of both ways.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Makes a span that was not entered yet part of the trace that a head names, and says whether it names one.
pub(super) fn join(span: &Span, headers: &HeaderMap) -> bool {
    let mut sent = headers.get_all(TRACEPARENT).iter();
    let (Some(one), None) = (sent.next(), sent.next()) else { return false };
    let Some(parent) = one.to_str().ok().and_then(read) else { return false };
    // Where no traces are exported there is nothing to join.
    span.set_parent(Context::new().with_remote_span_context(parent)).unwrap_or_default();
    true
}

/// What a backend of a tier is told of the span that is at work.
pub(super) fn told(tier: Tier) -> Option<(HeaderName, HeaderValue)> {
    if tier != Tier::OnPremises {
        return None;
    }
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    let text = format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8());
    let value = span.is_valid().then(|| HeaderValue::from_str(&text).ok()).flatten()?;
    Some((TRACEPARENT, value))
}

/// Reads a `traceparent` (W3C Trace Context, section 3.2): `00-` 32 digits `-` 16 digits `-` 2 digits, lower case, no id of
/// zeros. A later version may have more behind it.
fn read(text: &str) -> Option<SpanContext> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let whole = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    if !whole || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_traceparent() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (name, text, is_one) in [
            ("the standard's", format!("00-{trace}-{span}-01"), true),
            ("not sampled", format!("00-{trace}-{span}-00"), true),
            ("a later version", format!("cc-{trace}-{span}-01-what-may-come"), true),
            ("more than this version has", format!("00-{trace}-{span}-01-x"), false),
            ("no version", format!("ff-{trace}-{span}-01"), false),
            ("no trace", format!("00-{}-{span}-01", "0".repeat(32)), false),
            ("no span", format!("00-{trace}-{}-01", "0".repeat(16)), false),
            ("upper case", format!("00-{}-{span}-01", trace.to_uppercase()), false),
            ("too short", format!("00-{span}-{span}-01"), false),
            ("text", "Camille Aubertin".to_owned(), false),
            ("nothing", String::new(), false),
        ] {
            let found = read(&text);
            assert_eq!(found.is_some(), is_one, "{name}");
            assert!(found.is_none_or(|it| it.is_sampled() && it.trace_id().to_string() == trace), "{name}");
        }
    }
}
