//! `octroi audit forward`: entries to a collector, as OTLP logs.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use octroi_verify::shown;
use serde_json::Value;

use super::{DIR, Exit, Printer, Reading, own_log_in, record};
use crate::audit::forward::{self, CURSOR, Cursor, ForwardError, Next};
use crate::cli::collector::{Collector, Signal};
use crate::cli::serve::Stop;

/// Time between two looks at the log.
const LOOK: Duration = Duration::from_secs(1);
/// The longest time between two tries.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// The longest pause that a collector may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(10);
/// Looks at a log whose key is being changed, unless it is followed.
const CHANGING_LOOKS_MAX: u32 = 5;
/// Characters that are told of what a collector says.
const TOLD_MAX: usize = 200;
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
    own_log_in(&forward.dir)?;
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
    let alone = Cursor::alone(dir, &forward.cursor).with_context(|| forward.cursor.clone())?;
    let Some(_alone) = alone else {
        bail!(
            "another `octroi audit forward` goes on from `{}` now\n  help: it sends all that is there; for a second collector name another file with --cursor",
            forward.cursor
        )
    };
    let mut cursor = Cursor::open(dir, &forward.cursor).with_context(|| forward.cursor.clone())?;
    let range = Some((cursor.as_ref().map_or(0, |cursor| cursor.next), None));
    record(dir, Reading { action: "export", range, ..Reading::default() }, printer)?;
    let (mut sent, mut pause, mut looks) = (0_usize, LOOK, 0);
    loop {
        let batch = match forward::next(dir, cursor.as_ref()).map_err(|error| advised(error, forward))? {
            Next::Batch(batch) => batch,
            Next::Sent(at) if !forward.follow => {
                printer.say(format!("{sent} entries forwarded; the next is entry {} of `{}`", at.next, at.origin));
                return Ok(Exit::Well);
            }
            Next::Changing if !forward.follow && looks >= CHANGING_LOOKS_MAX => bail!(
                "the log's key is being changed: {sent} entries forwarded\n  help: when the gateway has started again, ask again"
            ),
            Next::Sent(_) | Next::Changing => {
                looks = looks.saturating_add(1);
                tokio::time::sleep(LOOK).await;
                continue;
            }
        };
        looks = 0;
        if !batch.pruned.is_empty() {
            let (lost, origin) = (&batch.pruned, &batch.cursor.origin);
            printer.say(format!("entries {} to {} of `{origin}` were pruned unsent", lost.start, lost.end - 1));
        }
        match post(&collector, batch.body).await {
            Ok(()) => {
                sent = sent.saturating_add(batch.entries);
                batch.cursor.save(dir, &forward.cursor).with_context(|| forward.cursor.clone())?;
                cursor = Some(batch.cursor);
                pause = LOOK;
            }
            Err(Refused { why, passes: Some(asked) }) if forward.follow => {
                printer.say(format!("the collector does not take entries: {why:#}; trying again"));
                tokio::time::sleep(pause.max(asked.min(RETRY_AFTER_MAX))).await;
                pause = pause.saturating_mul(2).min(PAUSE_MAX);
            }
            Err(Refused { why, passes }) => {
                let told = format!("the collector does not take entries ({sent} were forwarded)");
                let help = passes
                    .map(|_| "\n  help: ask again later: it goes on where it ended; with --follow it tries by itself");
                bail!("{told}: {why:#}{}", help.unwrap_or_default())
            }
        }
    }
}

/// Says what to do about a cursor that fits nothing.
fn advised(error: ForwardError, forward: &Forward) -> anyhow::Error {
    let file = forward.dir.join(&forward.cursor);
    let help = match &error {
        ForwardError::Log(_) => return error.into(),
        ForwardError::Ahead { .. } => {
            "was the log put back from a copy? Then entries that were sent are not in it any more"
        }
        ForwardError::Stranger { .. } => "was the cursor copied here, or a finished epoch taken away?",
    };
    let file = shown(file);
    anyhow::anyhow!("{error}\n  help: {help}; without the file `{file}` all that the log holds is sent")
}

/// Why a batch was not taken.
struct Refused {
    why: anyhow::Error,
    /// It may be taken later, and not before this time has passed.
    passes: Option<Duration>,
}

async fn post(collector: &Collector, body: String) -> Result<(), Refused> {
    let lasts = |why| Refused { why, passes: None };
    let passes = |why, after| Refused { why, passes: Some(after) };
    let request = Request::post(collector.address("/v1/logs").map_err(lasts)?)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .map_err(|error| lasts(error.into()))?;
    let request = collector.with_headers(request).map_err(lasts)?;
    let answer = collector.ask(request, ANSWER_BYTES_MAX).await.map_err(|why| passes(why, Duration::ZERO))?;
    match answer.status() {
        // What it took only in part it will not take the second time either.
        StatusCode::OK => rejected(answer.body()).map_or(Ok(()), |told| Err(lasts(anyhow::anyhow!(told)))),
        // The answers of the specification of OTLP after which the same may be sent again.
        status @ (StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT) => {
            let after = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Err(passes(anyhow::anyhow!("it answered {status}"), after.and_then(seconds).unwrap_or_default()))
        }
        status => Err(lasts(anyhow::anyhow!("it answered {status}"))),
    }
}

/// The seconds of a `Retry-After`. A date, its other form, is not worth a look at the clock: the pause grows by itself.
fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

/// What an answer says of records that were not taken; `None` when all were. A collector answers in the JSON that it was asked in, or
/// nothing; whatever else answers, such as the page of a proxy, has taken nothing.
fn rejected(answer: &[u8]) -> Option<String> {
    if answer.trim_ascii().is_empty() {
        return None;
    }
    let Some(said) = serde_json::from_slice(answer).ok().filter(Value::is_object) else {
        return Some("what it answered is not what a collector of OTLP answers: is it one?".to_owned());
    };
    // A number of 64 bits is a text in the JSON of OTLP; some write it as a number all the same.
    let count = match said.pointer("/partialSuccess/rejectedLogRecords")? {
        Value::String(count) => count.parse().ok()?,
        count => count.as_u64()?,
    };
    if count == 0 {
        return None;
    }
    let why = said.pointer("/partialSuccess/errorMessage").and_then(Value::as_str).unwrap_or_default();
    let why: String = why.chars().filter(|char| !char.is_control()).take(TOLD_MAX).collect();
    let told = format!("it rejected {count} of them");
    Some(if why.is_empty() { told } else { format!("{told}: {why}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_collector_rejects_is_told_in_words() {
        for (name, answer, expected) in [
            ("nothing", "{}", None),
            ("empty", "\n", None),
            (
                "a page of a proxy",
                "<html>login please</html>",
                Some("what it answered is not what a collector of OTLP answers: is it one?"),
            ),
            ("something else", "\"ok\"", Some("what it answered is not what a collector of OTLP answers: is it one?")),
            ("none, as a text", r#"{"partialSuccess": {"rejectedLogRecords": "0"}}"#, None),
            ("a text", r#"{"partialSuccess": {"rejectedLogRecords": "3"}}"#, Some("it rejected 3 of them")),
            (
                "a number with a message",
                r#"{"partialSuccess": {"rejectedLogRecords": 3, "errorMessage": "too\n old"}}"#,
                Some("it rejected 3 of them: too old"),
            ),
        ] {
            assert_eq!(rejected(answer.as_bytes()).as_deref(), expected, "{name}");
        }
    }
}
