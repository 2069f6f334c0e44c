//! The result of a verification, and how it reads.

use std::collections::BTreeMap;
use std::fmt;

pub use crate::export::Exported;
use crate::merkle::Hash;
use crate::note::VerifierKey;
pub use crate::pass::{Begun, Removal};
use crate::problem::Problem;
pub use crate::review::check::Indexed;

/// What was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the log.
    pub origin: String,
    /// The key that it was verified with.
    pub key: VerifierKey,
    /// Whether the key was given, and not taken from the log's own folder.
    pub key_given: bool,
    /// Witnesses of the policy that signed the checkpoint, with the time of each in seconds since the epoch.
    pub witnesses: Vec<(String, u64)>,
    /// Entries that the checkpoint with their signatures covers; `None` when no witness of a policy signed.
    pub witnessed: Option<u64>,
    /// Entries that the checkpoint covers.
    pub signed: u64,
    /// Root over them.
    pub root: Hash,
    /// Entries behind them: intact and in order, but not yet signed.
    pub unsigned: u64,
    /// A batch at the very end that did not reach the disk whole, or is being written now.
    pub torn: Option<Problem>,
    /// Segments.
    pub segments: u32,
    /// Segments with bytes of a failed write that are not part of the log.
    pub left_behind: u32,
    /// Entries at the beginning that were removed when their retention ended; their hashes are in the tree.
    pub pruned: u64,
    /// What `prune` entries of this log say was removed, of it and of others.
    pub removals: Vec<Removal>,
    /// Whether such an entry says it of this log's own beginning. Not where nothing is gone, nor where the epoch that would say so
    /// is not among what was verified.
    pub recorded: bool,
    /// Attempts and outcomes whose decision is among those.
    pub cut: u64,
    /// Bytes of the entries.
    pub bytes: u64,
    /// Entries by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Decisions without outcome: in work, or cut off by a crash that no start has followed yet.
    pub unfinished: u64,
    /// Earlier checkpoints that the log was found to extend.
    pub known: u32,
    /// Time of the first entry.
    pub first_time: Option<String>,
    /// Time of the last entry.
    pub last_time: Option<String>,
    /// Entries dated before the one in front of them: the clock was set back.
    pub clock_steps_back: u64,
    /// The key of the next epoch, when this one announced it.
    pub announced: Option<String>,
    /// The epoch that this one follows.
    pub begun: Option<Begun>,
    /// Exports that were compared.
    pub exports: Vec<Exported>,
    /// The review index, when it was to be checked; `Some(None)` where there is none, which whoever verifies a whole folder names.
    pub indexed: Option<Option<Indexed>>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source =
            if self.key_given { "given" } else { "taken from the log's own folder: compare it with one you keep" };
        writeln!(f, "VERIFIED: {}", self.origin)?;
        writeln!(f, "  key         {} ({source})", self.key)?;
        writeln!(f, "  signed      {} entries, root {}", self.signed, self.root)?;
        for (name, time) in &self.witnesses {
            let entries = self.witnessed.unwrap_or_default();
            writeln!(f, "  witness     {name} signed {entries} entries, at {}", utc(*time))?;
        }
        if let Some(begun) = &self.begun {
            writeln!(f, "  follows     {} with {} entries", begun.previous, begun.size)?;
        }
        if self.known > 0 {
            writeln!(f, "  extends     {} earlier checkpoint{}", self.known, plural(u64::from(self.known)))?;
        }
        if self.unsigned > 0 {
            writeln!(f, "  not signed  {} later entr{}, intact and in order", self.unsigned, ies(self.unsigned))?;
        }
        if let Some(torn) = &self.torn {
            writeln!(f, "  at the end  a batch that is not whole, cut short or being written: {torn}")?;
        }
        for (kind, count) in &self.kinds {
            writeln!(f, "  {kind:<10}  {count}")?;
        }
        if self.unfinished > 0 {
            writeln!(f, "  unfinished  {} decision{} without outcome", self.unfinished, plural(self.unfinished))?;
        }
        if self.pruned > 0 {
            let recorded = if self.recorded { "an entry says so" } else { "a later epoch of this log must say so" };
            writeln!(f, "  pruned      the first {} entries: their hashes are in the tree; {recorded}", self.pruned)?;
        }
        if self.cut > 0 {
            writeln!(f, "  cut         {} entr{} of requests decided on before", self.cut, ies(self.cut))?;
        }
        if self.clock_steps_back > 0 {
            writeln!(f, "  clock       set back {} time{}", self.clock_steps_back, plural(self.clock_steps_back))?;
        }
        if self.left_behind > 0 {
            writeln!(
                f,
                "  given up    {} segment{} after a failed write",
                self.left_behind,
                plural(u64::from(self.left_behind))
            )?;
        }
        if let (Some(first), Some(last)) = (&self.first_time, &self.last_time) {
            writeln!(f, "  from        {first}\n  to          {last}")?;
        }
        self.exports.iter().try_for_each(|export| self.tell(export, f))?;
        match &self.indexed {
            Some(Some(indexed)) => {
                let (left, gone) = (indexed.entries.saturating_sub(self.pruned), self.pruned.min(indexed.entries));
                let gone =
                    if gone == 0 { String::new() } else { format!(", and of {gone} pruned ones has their hashes") };
                writeln!(f, "  index       says of {left} entries what the log says{gone}")?;
            }
            Some(None) => writeln!(f, "  index       there is none beside this log")?,
            None => {}
        }
        writeln!(f, "  in          {} file{}, {} bytes", self.segments, plural(u64::from(self.segments)), self.bytes)
    }
}

impl Report {
    fn tell(&self, export: &Exported, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, matched) = (&export.name, export.matched);
        write!(f, "  export      {name}: {matched} line{} as in the log", plural(matched))?;
        let Some((first, last)) = export.range else { return writeln!(f, "; it holds no entry") };
        let behind = self.signed.saturating_add(self.unsigned).saturating_sub(last.saturating_add(1));
        let between = export.left_out;
        writeln!(
            f,
            ", from entry {first} to {last}; it leaves out {between} between these, {first} before and {behind} behind"
        )
    }
}

const fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

const fn ies(count: u64) -> &'static str {
    if count == 1 { "y" } else { "ies" }
}

/// Seconds since 1970 as RFC 3339.
fn utc(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, in the calendar of Gregory: of 400 of them each cycle is alike.
    let days = days.saturating_add(719_468);
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let year = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = cycle * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_825_600, "2000-02-29T12:00:00Z"),
            (1_795_000_000, "2026-11-18T11:06:40Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds), expected);
        }
    }
}
