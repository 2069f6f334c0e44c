//! `freeze` and `thaw`: the emergency brake. A running gateway takes an order up as it takes up any change of the folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use jiff::SignedDuration;

use super::bundle::{secret, signature};
use super::{Exit, Folder, Printer, now, show};
use crate::app::{FREEZE_FILE, FREEZE_FORMAT, Order, Orders, REASON_MAX, Signed, Thaw as Ended, sha256};
use crate::cli::init::replace;

/// Who signs.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Signer {
    /// The secret key
    #[arg(long)]
    key: PathBuf,
    /// The name of the approver
    #[arg(long = "as", value_name = "NAME")]
    approver: String,
    /// Why, in one sentence
    #[arg(long)]
    because: String,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Freeze {
    #[command(flatten)]
    signer: Signer,
    /// How long, 24 hours at most
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=24))]
    hours: i64,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Thaw {
    #[command(flatten)]
    signer: Signer,
    #[command(flatten)]
    folder: Folder,
}

pub(super) fn freeze(arguments: &Freeze, printer: Printer) -> anyhow::Result<Exit> {
    let (signer, folder) = (&arguments.signer, &arguments.folder);
    reason(&signer.because)?;
    // Whole seconds: what is signed is read aloud too.
    let from = now().round(jiff::Unit::Second).context("the time")?;
    let until = from + SignedDuration::from_hours(arguments.hours);
    let order = Order { format: FREEZE_FORMAT.to_owned(), from, until, because: signer.because.clone() };
    let statement = serde_json::to_string(&order).context("the order")?;
    let orders = Orders { freeze: signed(signer, statement, None)?, thaw: None };
    save(&folder.policies, &orders)?;
    show(printer, folder.json, &orders, || {
        printer.line(format!("until {until} only backends on premises are used: ordered by {}", signer.approver));
    });
    Ok(Exit::Well)
}

pub(super) fn thaw(arguments: &Thaw, printer: Printer) -> anyhow::Result<Exit> {
    let (signer, folder) = (&arguments.signer, &arguments.folder);
    reason(&signer.because)?;
    let place = folder.policies.join(FREEZE_FILE);
    let text = std::fs::read_to_string(&place).with_context(|| format!("{}: there is no freeze", place.display()))?;
    let mut orders: Orders = serde_json::from_str(&text).with_context(|| format!("{}", place.display()))?;
    let thaws = sha256(orders.freeze.statement.as_bytes()).to_string();
    // Whoever signs second signs what the first wrote.
    let before = orders
        .thaw
        .take()
        .filter(|thaw| serde_json::from_str::<Ended>(&thaw.statement).is_ok_and(|ended| ended.thaws == thaws));
    let statement = if let Some(before) = &before {
        before.statement.clone()
    } else {
        let ended = Ended { format: FREEZE_FORMAT.to_owned(), thaws, because: signer.because.clone() };
        serde_json::to_string(&ended).context("the order")?
    };
    let thaw = signed(signer, statement, before)?;
    let count = thaw.signatures.len();
    orders.thaw = Some(thaw);
    save(&folder.policies, &orders)?;
    show(printer, folder.json, &orders, || {
        printer.line(match count {
            1 => "one approver has signed the end of the freeze: a second must".to_owned(),
            _ => format!("{count} approvers have signed the end of the freeze"),
        });
    });
    Ok(Exit::Well)
}

fn signed(signer: &Signer, statement: String, before: Option<Signed>) -> anyhow::Result<Signed> {
    let signature = signature(&secret(&signer.key)?, statement.as_bytes());
    let mut signatures = before.map(|before| before.signatures).unwrap_or_default();
    signatures.insert(signer.approver.clone(), signature);
    Ok(Signed { statement, signatures })
}

fn reason(because: &str) -> anyhow::Result<()> {
    ensure!(!because.trim().is_empty(), "`--because` says why");
    ensure!(because.chars().count() <= REASON_MAX, "`--because` has at most {REASON_MAX} characters");
    Ok(())
}

fn save(folder: &Path, orders: &Orders) -> anyhow::Result<()> {
    if !folder.is_dir() {
        bail!("there is no policy folder `{}`", folder.display());
    }
    let text = serde_json::to_string_pretty(orders).context("the order")?;
    replace(&folder.join(FREEZE_FILE), &format!("{text}\n"))
}
