//! `octroi audit forward`: entries to a collector, as OTLP logs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use octroi_verify::VerifierKey;
use octroi_verify::verify::VERIFIER_KEY;

use super::{DIR, Exit, Printer, Reading, log_in, record, text_of};
use crate::audit::forward::{CURSOR, Cursor, batch, signed};
use crate::cli::collector::{Collector, Signal};
use crate::cli::serve::Stop;

/// Time between two looks at the log.
const LOOK: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Bytes of a collector's answer at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Forward {
    /// The log's folder
    #[arg(default_value = DIR)]
    dir: PathBuf,
    /// Go on as the log grows, until told to end
    #[arg(long)]
    follow: bool,
    /// The file in the log's folder that remembers how far it is
    #[arg(long, default_value = CURSOR)]
    cursor: String,
}

pub(super) fn forward(forward: &Forward, printer: Printer) -> anyhow::Result<Exit> {
    log_in(&forward.dir)?;
    if forward.cursor.contains('/') {
        bail!("`--cursor` is the name of a file in the log's folder");
    }
    crate::cli::runtime()?.block_on(async {
        let mut stop = Stop::heed()?;
        tokio::select! {
            ended = send(forward, printer) => ended,
            () = stop.told() => Ok(Exit::Well),
        }
    })
}

async fn send(forward: &Forward, printer: Printer) -> anyhow::Result<Exit> {
    let collector = Collector::of(Signal::Logs)?
        .context("no collector: name one in OTEL_EXPORTER_OTLP_LOGS_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let dir = &forward.dir;
    let key = VerifierKey::parse(&text_of(&dir.join(VERIFIER_KEY))?).context("the log's public key")?;
    let mut cursor = Cursor::open(dir, &forward.cursor, key.name()).with_context(|| forward.cursor.clone())?;
    let range = Some((cursor.next, u64::MAX));
    record(dir, Reading { action: "export", range, ..Reading::default() }, printer)?;
    let (mut sent, mut pause) = (0_u64, LOOK);
    loop {
        // The log may be rotated meanwhile: the next epoch is another log.
        let Some(next) = batch(dir, &cursor, signed(dir, &key)?)? else {
            if forward.follow {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            printer.say(format!("{sent} entries forwarded; the next is entry {}", cursor.next));
            return Ok(Exit::Well);
        };
        match post(&collector, next.body).await {
            Ok(()) => {
                sent = sent.saturating_add(next.next.saturating_sub(cursor.next));
                cursor.next = next.next;
                cursor.save(dir, &forward.cursor).with_context(|| forward.cursor.clone())?;
                pause = LOOK;
            }
            Err(refused) if refused.passes && forward.follow => {
                printer.say(format!("the collector does not take entries: {:#}; trying again", refused.why));
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
            }
            Err(refused) => return Err(refused.why.context("the collector does not take entries")),
        }
    }
}

/// Why a batch was not taken.
struct Refused {
    why: anyhow::Error,
    /// Whether it may be taken later.
    passes: bool,
}

async fn post(collector: &Collector, body: String) -> Result<(), Refused> {
    let (passes, lasts) = (|why| Refused { why, passes: true }, |why| Refused { why, passes: false });
    let request = Request::post(collector.address("/v1/logs").map_err(lasts)?)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .map_err(|error| lasts(error.into()))?;
    let request = collector.with_headers(request).map_err(lasts)?;
    let answer = collector.ask(request, ANSWER_BYTES_MAX).await.map_err(passes)?;
    match answer.status() {
        StatusCode::OK => {
            // What it took only in part it will not take the second time either.
            let said: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let rejected = said.pointer("/partialSuccess/rejectedLogRecords");
            let none = rejected.is_none_or(|count| count == 0 || count == "0");
            if none { Ok(()) } else { Err(lasts(anyhow::anyhow!("it rejected {rejected:?} of them"))) }
        }
        // The answers of the specification of OTLP after which the same may be sent again.
        status @ (StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT) => Err(passes(anyhow::anyhow!("it answered {status}"))),
        status => Err(lasts(anyhow::anyhow!("it answered {status}"))),
    }
}
