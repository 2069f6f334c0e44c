//! Changing the key of the log: `key rotate`.

use std::path::Path;

use anyhow::{Context as _, bail};
use octroi_verify::shown;

use super::{Exit, Printer, as_owner};
use crate::app;
use crate::audit::{Clock, OpenError, SegmentLog, rotate};

/// Begins a new epoch: at once when no gateway writes the log, else at its next start.
pub(super) fn rotate(path: &Path, printer: Printer) -> anyhow::Result<Exit> {
    let config = app::configuration(path)?;
    let folder = &config.audit_folder;
    if !rotate::is_log(folder) {
        bail!(
            "`{}` holds no audit log, so there is no key to change\n  help: the gateway makes the log and its key when it first starts",
            shown(folder)
        );
    }
    as_owner(folder)?;
    // Of two that ask at once each gets a key, the second behind the first.
    let turn = rotate::Turn::of(folder)?;
    let stood = rotate::is_requested(folder);
    rotate::request(folder).with_context(|| shown(folder))?;
    let clock: Clock = std::sync::Arc::new(super::now);
    let options = match rotate::settle(&turn, &config.node, &clock, config.segment_bytes) {
        Ok(options) => options,
        Err(OpenError::Locked) => {
            printer.say("a gateway writes this log: it begins the new epoch when it starts again");
            return Ok(Exit::Well);
        }
        Err(error) => {
            // An order that failed must not take effect on its own later.
            let withdrawn = !stood && rotate::withdraw(folder).unwrap_or(false);
            let told = if withdrawn {
                "the key stays as it is, and nothing is left to be done"
            } else {
                "the order stands: when the gateway starts again, or with this command, the key is changed"
            };
            return Err(anyhow::Error::from(error).context(told));
        }
    };
    let key = "the key is changed, and the log of the new epoch is begun when the gateway starts";
    let log = SegmentLog::open(options).context(key)?;
    drop(turn);
    printer.line(log.key().to_string());
    printer.say("the new log has this key; hand it to the auditors, and to the witnesses, who sign for no key that they do not list. The old log is under `epochs`");
    log.stop();
    Ok(Exit::Well)
}
