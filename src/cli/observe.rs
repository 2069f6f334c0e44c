//! Logs, traces and metrics of the process: JSON lines on standard error; OTLP when the standard `OTEL_*` variables name an
//! endpoint. Panics are reported by place only: a panic's text may quote what was being handled.
#![expect(clippy::disallowed_methods, reason = "the standard OTEL variables are read here and nowhere else")]

use std::pin::Pin;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much is logged unless `OCTROI_LOG` says otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) enum Level {
    Info,
    Error,
}

/// Exporters that are flushed at the end.
#[derive(Debug, Default)]
pub(super) struct Observed {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
}

impl Observed {
    /// Sends what is left.
    pub(super) fn finish(self) {
        if let Some(traces) = self.traces {
            traces.shutdown().unwrap_or_default();
        }
        if let Some(metrics) = self.metrics {
            metrics.shutdown().unwrap_or_default();
        }
    }
}

/// Starts logging and, where the environment asks for it, exporting.
pub(super) fn start(level: Level) -> anyhow::Result<Observed> {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        tracing::error!(place, "Panicked");
    }));
    let default = match level {
        Level::Info => LevelFilter::INFO,
        Level::Error => LevelFilter::ERROR,
    };
    let filter = EnvFilter::builder().with_default_directive(default.into()).with_env_var("OCTROI_LOG").from_env()?;
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr).with_target(false);
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
    let named = |own: &str| {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        set("OTEL_EXPORTER_OTLP_ENDPOINT") || set(own)
    };
    let resource = || Resource::builder().with_service_name("octroi").build();
    let mut observed = Observed::default();
    if named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        let exporter =
            SpanExporter::builder().with_http().with_http_client(Posting::new()).build().context("OTLP traces")?;
        let traces = SdkTracerProvider::builder().with_resource(resource()).with_batch_exporter(exporter).build();
        observed.traces = Some(traces);
    }
    if named("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") {
        let exporter =
            MetricExporter::builder().with_http().with_http_client(Posting::new()).build().context("OTLP metrics")?;
        let metrics = SdkMeterProvider::builder().with_resource(resource()).with_periodic_exporter(exporter).build();
        opentelemetry::global::set_meter_provider(metrics.clone());
        observed.metrics = Some(metrics);
    }
    Ok(observed)
}

/// Time in which a collector must have taken what it is sent: the default of OpenTelemetry's specification.
const EXPORT_DEADLINE: Duration = Duration::from_secs(10);

/// Posts to a collector from the runtime: the exporters live on threads of their own, where no socket can be opened.
#[derive(Debug)]
struct Posting {
    runtime: tokio::runtime::Handle,
    client: HyperClient,
}

impl Posting {
    /// Made within the runtime, whose threads do the work.
    fn new() -> Self {
        let client = HyperClient::with_default_connector(EXPORT_DEADLINE, None);
        Self { runtime: tokio::runtime::Handle::current(), client }
    }
}

impl HttpClient for Posting {
    fn send_bytes<'a, 'f>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await });
        Box::pin(async move { sent.await? })
    }
}
