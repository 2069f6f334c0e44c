//! The emergency freeze: an order, signed by one approver, that for at most a day only backends on premises are used.
//!
//! It lies in `freeze.json` of the policy folder, is taken up like any other change, even when the newest sheets are broken,
//! and is then remembered beside the audit log: taking the file away does not end it. It ends by itself, or by a thaw, which
//! opens flows again and so needs two approvers.
//!
//! Where the operator's file names no approvers nobody can verify a signature, and whoever may write the policy folder may
//! write any policy: there the order counts as it stands.
#![expect(clippy::disallowed_methods, reason = "the composition root reads these files")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::archive::State;
use super::bundle::{Approvers, signed_by};
use super::files::sha256;
use crate::gateway::snapshot::Freeze;
use crate::model::Word;

/// The file of the policy folder.
pub(crate) const FILE: &str = "freeze.json";
pub(crate) const FORMAT: &str = "octroi policy freeze 1";
/// The longest time that one order lasts.
pub(crate) const LASTS_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How far the clocks of an approver and a gateway may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);
/// Characters of a reason.
pub(crate) const REASON_MAX: usize = 200;

/// The file: an order to freeze, and perhaps one to thaw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Orders {
    pub(crate) freeze: Signed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thaw: Option<Signed>,
}

/// A statement and signatures of its very bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    /// JSON, as text.
    pub(crate) statement: String,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Thaw {
    pub(crate) format: String,
    /// SHA-256 of the statement of the freeze that it ends.
    pub(crate) thaws: String,
    pub(crate) because: String,
}

/// What is to be done about a freeze.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Look {
    /// The freeze that lasts.
    pub(super) freeze: Option<Freeze>,
    /// Who ended the one before, if somebody did.
    pub(super) thawed_by: Vec<Word>,
    /// What is to be remembered.
    pub(super) remember: Option<Orders>,
    /// Why the file was refused: a word for the record, and a sentence.
    pub(super) refused: Option<(&'static str, String)>,
}

/// Looks at the file and at what is remembered.
pub(super) fn look(folder: &Path, known: Option<&Approvers>, state: &State, now: Timestamp) -> Look {
    let place = folder.join(FILE);
    let (file, mut refused) = match std::fs::read(&place) {
        Ok(bytes) => match serde_json::from_slice::<Orders>(&bytes) {
            Ok(orders) => (Some(orders), None),
            Err(error) => (None, Some(("faults", error.to_string()))),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (None, None),
        Err(error) => (None, Some(("faults", error.to_string()))),
    };
    let thaw = file.as_ref().and_then(|orders| orders.thaw.as_ref());
    let thaw = thaw.and_then(|thaw| ended(thaw, known).map_err(|problem| refused = Some(problem)).ok());
    let mut look = Look::default();
    // What is remembered was verified when it came.
    for (orders, fresh) in file.iter().map(|orders| (orders, true)).chain(state.freeze.iter().map(|o| (o, false))) {
        let freeze = match begun(&orders.freeze, known.filter(|_| fresh), fresh.then_some(now)) {
            Ok(freeze) => freeze,
            Err(problem) if fresh => {
                refused = Some(problem);
                continue;
            }
            Err(_) => continue,
        };
        if let Some((thaws, by)) = thaw.as_ref().filter(|(thaws, _)| *thaws == freeze.order.to_string()) {
            tracing::debug!(order = %thaws, "Freeze was ended by a thaw");
            look.thawed_by.clone_from(by);
        } else if freeze.until > now && look.freeze.as_ref().is_none_or(|other| other.until < freeze.until) {
            let mut remember = orders.freeze.clone();
            remember.signatures.retain(|name, _| freeze.by.iter().any(|by| by == name.as_str()));
            look.remember = Some(Orders { freeze: remember, thaw: None });
            look.freeze = Some(freeze);
        }
    }
    look.refused = refused.map(|(reason, problem)| (reason, format!("{}: {problem}", place.display())));
    look
}

/// Verifies an order to freeze. One that began before is not asked when that was: a clock that was put back ends no freeze.
fn begun(
    signed: &Signed,
    known: Option<&Approvers>,
    fresh_at: Option<Timestamp>,
) -> Result<Freeze, (&'static str, String)> {
    let order: Order =
        serde_json::from_str(&signed.statement).map_err(|error| ("faults", format!("the freeze: {error}")))?;
    let fault = |problem: &str| Err(("faults", format!("the freeze: {problem}")));
    if order.format != FORMAT {
        return fault("it is of another format");
    }
    if order.until.duration_since(order.from) > LASTS_MAX {
        return fault("it lasts longer than 24 hours");
    }
    if fresh_at.is_some_and(|now| order.from.duration_since(now) > CLOCKS) {
        return fault("it begins in the future");
    }
    if order.because.chars().count() > REASON_MAX {
        return fault("its reason is too long");
    }
    Ok(Freeze {
        until: order.until,
        by: verified(signed, known, 1)?,
        because: Word::configured(&order.because),
        order: sha256(signed.statement.as_bytes()),
    })
}

/// Verifies a thaw: which order it ends, and who says so.
fn ended(signed: &Signed, known: Option<&Approvers>) -> Result<(String, Vec<Word>), (&'static str, String)> {
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
    let by =
        signed_by(signed.statement.as_bytes(), &signed.signatures, known).map_err(|problem| ("signature", problem))?;
    if by.len() < needed {
        let problem = format!("signed by {} of {needed} approvers that it needs", by.len());
        return Err(("signature", problem));
    }
    Ok(by.iter().map(|name| Word::configured(name)).collect())
}
