//! Shows the log's checkpoints to its witnesses on a timer, and keeps what they sign.
//!
//! Never on the path of a request: a witness that is away costs nothing but the anchor. One that remembers more entries than
//! the log has, or other ones, is the sign of a log that was rolled back or that has two histories; that is told at every
//! round until somebody acts. Finished epochs are shown too, until enough witnesses signed their last checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use octroi_verify::fleet::EPOCHS;
use octroi_verify::verify::CHECKPOINT;
use tokio_util::sync::CancellationToken;

use super::web::Web;
use crate::audit::anchor::{Anchored, Shown, lines_of, request};
use crate::config::{self, Witnesses};
use crate::model::Word;
use crate::telemetry::Telemetry;
use crate::telemetry::witness::Witnessed;

/// Time in which a witness must have answered.
const DEADLINE: Duration = Duration::from_secs(10);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What one witness said of a checkpoint.
enum Said {
    /// The lines that it signed with.
    Signed(String),
    /// It has signed this many entries before, and none of ours since.
    Has(u64),
}

/// A witness, and the way to it.
struct Way {
    witness: config::Witness,
    web: Web,
    /// Entries of each log that it has signed, as far as we know.
    sizes: BTreeMap<String, u64>,
}

/// Shows checkpoints until `stop`.
///
/// # Errors
/// Authorities for a witness that cannot be read.
pub(super) fn follow(
    folder: PathBuf,
    witnesses: &Witnesses,
    telemetry: Arc<Telemetry>,
    stop: CancellationToken,
) -> anyhow::Result<impl Future<Output = ()> + Send + use<>> {
    let ways = witnesses.list.iter().map(|witness| {
        let web = Web::to(&witness.url, witness.roots.as_deref())?;
        Ok(Way { witness: witness.clone(), web, sizes: BTreeMap::new() })
    });
    let mut ways = ways.collect::<anyhow::Result<Vec<_>>>()?;
    let (interval, quorum) = (witnesses.interval, witnesses.quorum);
    Ok(async move {
        let mut timer = tokio::time::interval(interval);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut done = BTreeSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = timer.tick() => {}
            }
            for (log, finished) in logs(&folder) {
                if done.contains(&log) {
                    continue;
                }
                match round(&log, &mut ways, quorum, &telemetry).await {
                    Ok(()) if finished => drop(done.insert(log)),
                    Ok(()) => {}
                    Err(error) => tracing::error!(error = format!("{error:#}"), "The log's checkpoint is not anchored"),
                }
            }
        }
    })
}

/// The folders of logs: finished epochs, then the one that is written.
fn logs(folder: &Path) -> Vec<(PathBuf, bool)> {
    let epochs = std::fs::read_dir(folder.join(EPOCHS)).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut logs: Vec<_> = epochs.filter(|epoch| epoch.join(CHECKPOINT).exists()).map(|epoch| (epoch, true)).collect();
    logs.sort();
    logs.push((folder.to_owned(), false));
    logs
}

/// Shows the newest checkpoint of a log to every witness.
async fn round(log: &Path, ways: &mut [Way], quorum: usize, telemetry: &Telemetry) -> anyhow::Result<()> {
    let mut anchored = blocking({
        let log = log.to_owned();
        move || Ok(Anchored::open(&log)?)
    })
    .await?;
    let origin = anchored.origin().to_owned();
    let (mut lines, mut signed) = (String::new(), 0);
    let known = anchored.cosigned().unwrap_or(0);
    let sizes = ways.iter().map(|way| way.sizes.get(&origin).copied().unwrap_or(known)).collect();
    let shown;
    (anchored, shown) = show(anchored, sizes).await?;
    for way in ways.iter_mut() {
        let old = way.sizes.get(&origin).copied().unwrap_or(known);
        let name = Word::configured(way.witness.key.name());
        let asked = way.ask(&shown, old).await;
        let answer = match asked {
            // It was shown more, or less, than we knew of: the proof from there is made, once.
            Ok(Said::Has(size)) if size <= shown.checkpoint.size && size != old => {
                let again;
                (anchored, again) = show(anchored, BTreeSet::from([size])).await?;
                if again.checkpoint.root != shown.checkpoint.root {
                    // The log has grown meanwhile; the next round shows that.
                    way.sizes.insert(origin.clone(), size);
                    continue;
                }
                way.ask(&again, size).await
            }
            other => other,
        };
        let witnessed = match answer {
            Ok(Said::Signed(held)) => {
                way.sizes.insert(origin.clone(), shown.checkpoint.size);
                lines.push_str(&held);
                signed += 1;
                Witnessed::Signed
            }
            Ok(Said::Has(size)) if size > shown.checkpoint.size => {
                tracing::error!(
                    witness = %name,
                    log = origin,
                    signed_by_witness = size,
                    signed_here = shown.checkpoint.size,
                    "The log was rolled back: a witness has signed entries of it that are not here"
                );
                Witnessed::RolledBack
            }
            Ok(Said::Has(size)) => {
                tracing::error!(witness = %name, log = origin, size, "A witness has signed another history of this log");
                Witnessed::Forked
            }
            Err(error) => {
                tracing::warn!(witness = %name, error = format!("{error:#}"), "A witness did not sign");
                Witnessed::Failed
            }
        };
        telemetry.witnessed(&name, witnessed);
    }
    if signed < quorum {
        bail!("{signed} of {} witnesses signed `{origin}`, {quorum} must", ways.len());
    }
    let size = shown.checkpoint.size;
    blocking(move || anchored.keep(&shown, &lines).context("the cosigned checkpoint cannot be kept")).await?;
    telemetry.cosigned(size);
    Ok(())
}

async fn show(mut anchored: Anchored, sizes: BTreeSet<u64>) -> anyhow::Result<(Anchored, Shown)> {
    blocking(move || {
        let shown = anchored.show(&sizes)?;
        Ok((anchored, shown))
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the anchor failed inside")?
}

impl Way {
    /// Shows a checkpoint with the proof that it extends `old` entries.
    async fn ask(&self, shown: &Shown, old: u64) -> anyhow::Result<Said> {
        let Some(body) = request(shown, old) else { return Ok(Said::Has(old)) };
        let uri: Uri = format!("{}/add-checkpoint", self.witness.url.to_string().trim_end_matches('/')).parse()?;
        let post = Request::post(uri).body(Bytes::from(body))?;
        let answer = tokio::time::timeout(DEADLINE, self.web.ask(post, ANSWER_BYTES_MAX));
        let answer = answer.await.context("it took too long")??;
        let text = String::from_utf8_lossy(answer.body());
        match answer.status() {
            StatusCode::OK => {
                let held = lines_of(&text, shown, &self.witness.key);
                if held.is_empty() {
                    bail!("its answer holds no signature by its key");
                }
                Ok(Said::Signed(held))
            }
            StatusCode::CONFLICT => Ok(Said::Has(text.trim_end().parse().context("its answer holds no size")?)),
            StatusCode::UNPROCESSABLE_ENTITY => Ok(Said::Has(old)),
            StatusCode::NOT_FOUND => bail!("it does not know this log: it needs the log's public key"),
            status => bail!("it answered {status}"),
        }
    }
}
