//! Those besides the operator on whom the log rests: `[[audit.witnesses]]`, who sign its checkpoints, how often, and how many
//! must have; `[audit] custodians`, without two of whom nothing sealed is opened.

use std::path::PathBuf;
use std::time::Duration;

use http::Uri;
use octroi_verify::cosign::CosignerKey;
use toml::Spanned;

use super::raw::{RawAudit, RawWitness};
use super::resolve::Resolver;

/// Seconds between two rounds unless the file says otherwise.
const INTERVAL_S: u64 = 60;
/// Seconds between two rounds at most: a day.
const INTERVAL_S_MAX: u64 = 86_400;
/// Witnesses at most.
const WITNESSES_MAX: usize = 16;

/// The witnesses of a log.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// Each of them; none when the log has none.
    pub list: Vec<Witness>,
    /// How many must have signed a checkpoint for it to be kept as cosigned.
    pub quorum: usize,
    /// Time between two rounds.
    pub interval: Duration,
}

/// A witness (C2SP tlog-witness).
#[derive(Debug, Clone)]
pub struct Witness {
    /// Its submission prefix: requests go to `add-checkpoint` below it. `https://` or, for one whose answers are not private,
    /// `http://`: what counts is its signature.
    pub url: Uri,
    /// The key with which it signs.
    pub key: CosignerKey,
    /// PEM of the authorities trusted for it; `None`: those of the system.
    pub roots: Option<PathBuf>,
}

impl Resolver<'_> {
    /// Reads the witnesses.
    pub(super) fn witnesses(&mut self, raw: &RawAudit) -> Witnesses {
        let list: Vec<Witness> = raw.witnesses.iter().filter_map(|witness| self.witness(witness)).collect();
        if let Some(over) = raw.witnesses.get(WITNESSES_MAX) {
            self.fault(
                &over.key,
                format!("more than {WITNESSES_MAX} witnesses"),
                "a handful in different hands is enough",
            );
        }
        for (index, witness) in raw.witnesses.iter().enumerate() {
            if raw.witnesses.iter().take(index).any(|before| before.key.get_ref() == witness.key.get_ref()) {
                self.fault(&witness.key, "this witness stands twice", "name each witness once");
            }
        }
        let count = raw.witnesses.len() as u64;
        let quorum = raw.witness_quorum.as_ref().map_or(count, |quorum| {
            if count == 0 {
                let what = format!("asks for the signatures of {} witnesses, and none is named", quorum.get_ref());
                self.fault(quorum, what, "name them in [[audit.witnesses]] tables, or leave the key out");
                return 0;
            }
            let help = "leave the key out to ask for all of them";
            self.between(quorum, (1, count), count, help)
        });
        let interval = raw.witness_interval_s.as_ref().map_or(INTERVAL_S, |seconds| {
            self.between(seconds, (1, INTERVAL_S_MAX), INTERVAL_S, "a minute is a good choice")
        });
        let quorum = usize::try_from(quorum).unwrap_or(usize::MAX);
        Witnesses { list, quorum, interval: Duration::from_secs(interval) }
    }

    /// Reads the public keys of custodians: none, or two at least.
    pub(super) fn custodians(&mut self, raw: &[Spanned<String>]) -> Vec<(PathBuf, String)> {
        if let [only] = raw {
            self.fault(only, "one custodian alone cannot open anything", "name the keys of two persons or more");
        }
        let mut read = Vec::with_capacity(raw.len());
        for file in raw {
            let bytes = self.readable(file).unwrap_or_default();
            read.push((self.folder.join(file.get_ref()), String::from_utf8_lossy(&bytes).trim_end().to_owned()));
        }
        read
    }

    fn witness(&mut self, raw: &RawWitness) -> Option<Witness> {
        let plain = |url: &Uri| {
            url.host().is_some() && matches!(url.scheme_str(), Some("https" | "http")) && url.query().is_none()
        };
        let url = raw.url.get_ref().trim_end_matches('/').parse().ok().filter(plain);
        if url.is_none() {
            self.fault(&raw.url, "is not the address of a witness", "write `https://host[:port][/prefix]`");
        }
        let key = CosignerKey::parse(raw.key.get_ref()).ok();
        if key.is_none() {
            let help = "write what `octroi witness new` printed: `name+id+base64`";
            self.fault(&raw.key, "is not the public key of a witness", help);
        }
        if let Some(roots) = &raw.roots {
            self.readable(roots)?;
        }
        let roots = raw.roots.as_ref().map(|path| self.folder.join(path.get_ref()));
        Some(Witness { url: url?, key: key?, roots })
    }

    pub(super) fn between(&mut self, value: &Spanned<u64>, (least, most): (u64, u64), instead: u64, help: &str) -> u64 {
        if (least..=most).contains(value.get_ref()) {
            return *value.get_ref();
        }
        self.fault(value, format!("is not between {least} and {most}"), help);
        instead
    }
}
