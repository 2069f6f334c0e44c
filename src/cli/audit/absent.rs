//! Why the log holds nothing of a request: what its `prune` entries say of the time at which it came, where entries of that time
//! are gone. Where the log of that time is whole, nothing is blamed on `prune`.
//!
//! The id tells that time and no more: whether there ever was such a request the log does not know once its entries are gone.

use serde_json::Value;

use crate::audit::decisions::Place;
use crate::audit::epochs::{Beginning, Epochs};
use crate::model::entry::RequestId;

/// `prune` entries of an epoch that are looked through, the newest.
const PRUNES_MAX: usize = 1 << 16;

/// What the log says of the time of a request that it does not hold, if that is before something that it still has.
pub(super) fn told(epochs: &Epochs, id: RequestId) -> anyhow::Result<Option<String>> {
    let Some(came) = time_of(id).map(|came| format!("{came:.9}")) else { return Ok(None) };
    let beginnings = epochs.beginnings()?;
    // The moment itself is within the time that is asked for. It may be that of several epochs: a clock can be set back.
    let lacking = beginnings.iter().filter(|beginning| beginning.lacks(&came, &format!("{came}~")));
    let gone: Vec<&Beginning> = lacking.collect();
    let prunes = if gone.is_empty() { Vec::new() } else { epochs.of_kind("prune", PRUNES_MAX)? };
    for (epoch, record) in prunes {
        // An entry that names no log speaks of its own.
        let is_of_it = |prune: &&Value| {
            let log = prune.get("log").and_then(Value::as_str);
            gone.iter().any(|gone| log.map_or(epoch == gone.at.epoch, |log| log == gone.origin))
        };
        let removes = |prune: &&Value| prune.get("to").and_then(Value::as_u64) > Some(0);
        for prune in record.of_kind("prune").filter(removes).filter(is_of_it) {
            let older_than = prune.get("older_than").and_then(Value::as_str).unwrap_or_default();
            // Times of the log are compared as they are written.
            if *came < *older_than {
                let (time, at) = (&record.time, Place { epoch, seq: record.seq });
                return Ok(Some(format!(
                    "it came at {came}, as its id says, and entries older than {older_than} were pruned: entry {at}, of {time}, says so"
                )));
            }
        }
    }
    let first = beginnings.last().filter(|first| came < first.time);
    Ok(first.map(|first| {
        let (time, at) = (&first.time, first.at);
        format!("it came at {came}, as its id says, and the log begins at {time} with entry {at}")
    }))
}

/// When a request came: an id of version 7 begins with it (RFC 9562).
fn time_of(id: RequestId) -> Option<jiff::Timestamp> {
    let uuid = uuid::Uuid::from_bytes(id.0);
    let (seconds, nanoseconds) = uuid.get_timestamp().filter(|_| uuid.get_version_num() == 7)?.to_unix();
    jiff::Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}
