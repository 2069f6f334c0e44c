//! Logs, traces and metrics of the process: JSON lines on standard error; OTLP when the standard `OTEL_*` variables name an
//! endpoint. Panics are reported by place only: a panic's text may quote what was being handled.

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::collector::{self, Collector, Signal};

/// How much is logged unless `OCTROI_LOG` says otherwise.
#[derive(Debug, Clone, Copy)]
pub enum Level {
    /// Each request, each change, and all that is worse.
    Info,
    /// What somebody must act on.
    Error,
}

/// Exporters that are flushed at the end.
#[derive(Debug, Default)]
pub struct Observed {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

impl Observed {
    /// Sends what is left.
    pub fn finish(self) {
        if let Some(traces) = self.traces {
            traces.shutdown().unwrap_or_default();
        }
        if let Some(metrics) = self.metrics {
            metrics.shutdown().unwrap_or_default();
        }
    }
}

/// Refuses an `OCTROI_LOG` with a word that is no level: it would be taken for a module, and silence every other.
#[expect(clippy::disallowed_methods, reason = "the process's environment is read once, here")]
fn known_levels() -> anyhow::Result<()> {
    let Ok(asked) = std::env::var("OCTROI_LOG") else { return Ok(()) };
    let fits = |part: &str| {
        part.is_empty() || part.contains(['=', '[', ':']) || part == "octroi" || part.parse::<LevelFilter>().is_ok()
    };
    match asked.split(',').map(str::trim).find(|part| !fits(part)) {
        None => Ok(()),
        Some(part) => anyhow::bail!(
            "`OCTROI_LOG`: `{part}` is no level\n  help: write `error`, `warn`, `info`, `debug` or `trace`, or a level of one module, such as `octroi::audit=debug`"
        ),
    }
}

/// Starts logging and, where the environment asks for it, exporting. Called within a runtime, once in a process.
///
/// # Errors
/// What the environment asks for and this build has not; a logger that is set up already.
pub fn start(level: Level) -> anyhow::Result<Observed> {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(place, "Panicked");
    }));
    let default = match level {
        Level::Info => LevelFilter::INFO,
        Level::Error => LevelFilter::ERROR,
    };
    known_levels()?;
    let filter = EnvFilter::builder().with_default_directive(default.into()).with_env_var("OCTROI_LOG").from_env()?;
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(std::io::stderr)
        .with_target(false)
        // A reader of our lines that goes away must not take the gateway with it: a line that cannot be written is lost. The
        // layer would complain about it on the same broken pipe, and that panics.
        .log_internal_errors(false);
    let observed = exporters()?;
    let spans = observed.traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer("octroi"))
            .with_filter(tracing_subscriber::filter::Targets::new().with_target("octroi", LevelFilter::INFO))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(spans)
        .try_init()
        .context("logging is already set up")?;
    Ok(observed)
}

fn exporters() -> anyhow::Result<Observed> {
    let mut observed = Observed::default();
    if collector::is_disabled()? {
        return Ok(observed);
    }
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if !collector::names_service()? {
        resource = resource.with_service_name("octroi");
    }
    let resource = resource.build();
    if let Some(collector) = Collector::of(Signal::Traces)? {
        let exporter =
            SpanExporter::builder().with_http().with_http_client(collector).build().context("OTLP traces")?;
        let traces = SdkTracerProvider::builder().with_resource(resource.clone()).with_batch_exporter(exporter).build();
        observed.traces = Some(traces);
    }
    if let Some(collector) = Collector::of(Signal::Metrics)? {
        let exporter =
            MetricExporter::builder().with_http().with_http_client(collector).build().context("OTLP metrics")?;
        let metrics = SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporter).build();
        opentelemetry::global::set_meter_provider(metrics.clone());
        observed.metrics = Some(metrics);
    }
    Ok(observed)
}
