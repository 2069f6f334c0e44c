//! The emergency freeze: an order, signed by one approver, that for at most a day only backends on premises are used.
//!
//! It lies in `freeze.json` of the policy folder, is taken up like any other change, even when the newest sheets are broken,
//! and is then remembered beside the audit log: neither taking the file away nor a shorter order ends it. It ends by itself, or
//! by a thaw that names it, which opens flows again and so needs two approvers. A thaw is remembered for as long as the freeze
//! would have lasted: the file of before, laid there again, begins nothing anew.
//!
//! Where the operator's file names no approvers nobody can verify a signature, and whoever may write the policy folder may
//! write any policy: there the order counts as it stands.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::approvers::Approvers;
use super::archive::{Held, State, Thawed};
use super::bundle::judged;
use super::each_once::each_once;
use super::files::sha256;
use crate::disk;
use crate::gateway::snapshot::Freeze;
use crate::limits::{POLICY_ORDERS_BYTES_MAX, POLICY_THAWED_MAX};
use crate::model::Word;
use crate::model::entry::Digest;
use crate::policy::Language;

/// The file of the policy folder.
pub(crate) const FILE: &str = "freeze.json";
pub(crate) const FORMAT: &str = "octroi policy freeze 1";
/// The longest time that one order lasts.
pub(crate) const LASTS_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of an approver and a gateway may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);
/// Orders that our commands leave in a file, and freezes that are remembered: those that last longest.
pub(crate) const ORDERS_MAX: usize = 16;
/// Characters of a reason.
pub(crate) const REASON_MAX: usize = 200;

/// The file: orders to freeze, oldest first, and perhaps one to thaw.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders {
    pub(crate) freezes: Vec<Signed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thaw: Option<Signed>,
}

/// A statement and signatures of its very bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// JSON, as text.
    pub(crate) statement: String,
    #[serde(deserialize_with = "each_once")]
    pub(crate) signatures: BTreeMap<String, String>,
}

/// What a freeze says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) format: String,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) because: String,
}

/// What a thaw says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thaw {
    pub(crate) format: String,
    /// SHA-256 of the statement of each freeze that it ends.
    pub(crate) thaws: Vec<String>,
    pub(crate) because: String,
}

/// What is to be done about freezes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// The freeze that counts: of those that last, the one that ends last.
    pub(super) freeze: Option<Freeze>,
    /// All that last and are to be remembered: when one is ended, the next counts.
    pub(super) lasting: Vec<Freeze>,
    /// Those that were thawed and would last yet.
    pub(super) thawed: Vec<Thawed>,
    /// Those that were not known before.
    pub(super) begun: Vec<Freeze>,
    /// Those that were and last no more, with the word for the record and whoever thawed them.
    pub(super) ended: Vec<(Freeze, &'static str, Vec<Word>)>,
    /// Why the file was refused: a word for the record, and a sentence.
    pub(super) refused: Option<(&'static str, String)>,
}

/// Looks at the file, at what is remembered and at what counts now. An order that was taken up lasts until it ends or is
/// thawed, whatever order comes after it and whatever becomes of the file.
pub(super) fn look(
    folder: &Path,
    known: Option<&Approvers>,
    state: &State,
    (live, now): (Option<&Freeze>, Timestamp),
) -> Look {
    let place = folder.join(FILE);
    let (file, mut refused) = match disk::read(&place, POLICY_ORDERS_BYTES_MAX) {
        Ok(bytes) => match serde_json::from_slice::<Orders>(&bytes) {
            Ok(orders) => (orders, None),
            Err(error) => (Orders::default(), Some(("faults", error.to_string()))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Orders::default(), None),
        Err(error) => (Orders::default(), Some(("faults", error.to_string()))),
    };
    // What is remembered was verified when it came.
    let mut held: Vec<Freeze> = state.freezes.iter().filter_map(Held::freeze).collect();
    let mut thawed: Vec<Thawed> = state.thawed.iter().filter(|thawed| now < thawed.until).cloned().collect();
    let is_over = |order: &Digest, thawed: &[Thawed]| thawed.iter().any(|thawed| thawed.order == order.to_string());
    let live = live.filter(|live| !is_over(&live.order, &thawed));
    held.extend(live.filter(|live| held.iter().all(|other| other.order != live.order)).cloned());
    let mut begun = Vec::new();
    // All of them: the file is bounded in bytes, and none that lasts hides behind others.
    for signed in &file.freezes {
        let digest = sha256(signed.statement.as_bytes());
        if is_over(&digest, &thawed) || held.iter().chain(&begun).any(|freeze| freeze.order == digest) {
            continue;
        }
        match self::begun(signed, known, now) {
            Ok(freeze) => begun.extend(freeze),
            Err(problem) => refused = Some(problem),
        }
    }
    let thaw = file.thaw.as_ref().map(|thaw| ended(thaw, known)).transpose();
    let (thaws, by) = thaw.map_err(|problem| refused = Some(problem)).ok().flatten().unwrap_or_default();
    let is_thawed = |freeze: &Freeze| thaws.contains(&freeze.order.to_string());
    for freeze in held.iter().chain(&begun).filter(|freeze| is_thawed(freeze) && now < freeze.until) {
        thawed.push(Thawed { order: freeze.order.to_string(), until: freeze.until });
    }
    // Beyond the bound those are forgotten that would end first: what is forgotten freezes again, and opens nothing.
    thawed.sort_by_key(|thawed| std::cmp::Reverse(thawed.until));
    thawed.truncate(POLICY_THAWED_MAX);
    begun.retain(|freeze| !is_thawed(freeze));
    let mut look = Look { begun: begun.clone(), thawed, ..Look::default() };
    for freeze in held {
        if is_thawed(&freeze) {
            look.ended.push((freeze, "thaw", by.clone()));
        } else if freeze.until <= now {
            look.ended.push((freeze, "expiry", Vec::new()));
        } else {
            look.lasting.push(freeze);
        }
    }
    look.lasting.extend(begun);
    // Beyond the bound those go that end first: another lasts longer than they do.
    look.lasting.sort_by_key(|freeze| std::cmp::Reverse(freeze.until));
    look.lasting.truncate(ORDERS_MAX);
    look.freeze = look.lasting.first().cloned();
    look.refused = refused.map(|(reason, problem)| (reason, format!("{}: {problem}", place.display())));
    look
}

/// Verifies an order to freeze that was not known before; nothing where it is over.
fn begun(signed: &Signed, known: Option<&Approvers>, now: Timestamp) -> Result<Option<Freeze>, (&'static str, String)> {
    let order: Order =
        serde_json::from_str(&signed.statement).map_err(|error| ("faults", format!("the freeze: {error}")))?;
    let fault = |problem: &str| Err(("faults", format!("the freeze: {problem}")));
    if order.format != FORMAT {
        return fault("it is of another format");
    }
    if order.until.duration_since(order.from) > LASTS_MAX {
        return fault("it lasts longer than 24 hours");
    }
    if order.from.duration_since(now) > CLOCKS {
        return fault("it begins in the future");
    }
    if order.because.chars().count() > REASON_MAX {
        return fault("its reason is too long");
    }
    if order.until <= now {
        return Ok(None);
    }
    Ok(Some(Freeze {
        until: order.until,
        by: verified(signed, known, 1)?,
        because: Word::configured(&order.because),
        order: sha256(signed.statement.as_bytes()),
    }))
}

/// Digests of the orders that a thaw ends, and who signed it.
type Ended = (Vec<String>, Vec<Word>);

/// Verifies a thaw: which order it ends, and who says so.
fn ended(signed: &Signed, known: Option<&Approvers>) -> Result<Ended, (&'static str, String)> {
    let thaw: Thaw =
        serde_json::from_str(&signed.statement).map_err(|error| ("faults", format!("the thaw: {error}")))?;
    if thaw.format != FORMAT {
        return Err(("faults", "the thaw: it is of another format".to_owned()));
    }
    Ok((thaw.thaws, verified(signed, known, 2)?))
}

fn verified(signed: &Signed, known: Option<&Approvers>, needed: usize) -> Result<Vec<Word>, (&'static str, String)> {
    let Some(known) = known else {
        return Ok(signed.signatures.keys().map(|name| Word::configured(name)).collect());
    };
    // Whoever can write the file can add a bad signature in anybody's name: it takes nothing from those that hold.
    let (by, broken) = judged(signed.statement.as_bytes(), &signed.signatures, known);
    if by.len() < needed {
        let broken = broken.map(|broken| format!("; {}", broken.said(Language::En))).unwrap_or_default();
        let problem = format!("signed by {} of {needed} approvers that it needs{broken}", by.len());
        return Err(("signature", problem));
    }
    Ok(by.iter().map(|name| Word::configured(name)).collect())
}
