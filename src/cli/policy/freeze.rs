//! `freeze` and `thaw`: the emergency brake. A running gateway takes an order up as it takes up any change of the folder.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::builder::NonEmptyStringValueParser;
use jiff::{SignedDuration, Timestamp};

use super::approval::{Against, Standing};
use super::bundle::{add, secret, signature};
use super::{Exit, Folder, Printer, heard, now, say, show, study};
use crate::app::{
    FREEZE_FILE, FREEZE_FORMAT, ORDERS_MAX, Order, Orders, REASON_MAX, Signed, Thaw as Ended, inside_bundle, sha256,
};
use crate::cli::init::replace;
use crate::model::entry::Digest;
use crate::policy::Language;
use crate::policy::study::Study;

/// Who signs.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Signer {
    /// The secret key
    #[arg(long)]
    key: PathBuf,
    /// The name of the approver
    #[arg(long = "as", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    approver: String,
    /// Why, in one sentence
    #[arg(long)]
    because: String,
    #[command(flatten)]
    against: Against,
}

impl Signer {
    /// How what was signed stands with a gateway.
    fn stand(&self, folder: &Path, signed: &Signed) -> anyhow::Result<Standing> {
        let what = (signed.statement.as_bytes(), &signed.signatures);
        self.against.stand(folder, what, &self.approver, heard(folder))
    }
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Freeze {
    #[command(flatten)]
    signer: Signer,
    /// How long, 24 hours at most
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(1..=24))]
    hours: i64,
    #[command(flatten)]
    pub(super) folder: Folder,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Thaw {
    #[command(flatten)]
    signer: Signer,
    /// A freeze to end whose file is gone: its digest, as `freeze` printed it and /readyz shows it
    #[arg(long, value_name = "DIGEST")]
    order: Vec<String>,
    #[command(flatten)]
    pub(super) folder: Folder,
}

pub(super) fn freeze(arguments: &Freeze, printer: Printer) -> anyhow::Result<Exit> {
    let (signer, folder) = (&arguments.signer, &arguments.folder);
    reason(&signer.because, heard(&folder.policies))?;
    is_looked_at(&folder.policies)?;
    // Whole seconds: what is signed is read aloud too.
    let from = now().round(jiff::Unit::Second).context("the time")?;
    let until = from + SignedDuration::from_hours(arguments.hours);
    let order = Order { format: FREEZE_FORMAT.to_owned(), from, until, because: signer.because.clone() };
    let statement = serde_json::to_string(&order).context("the order")?;
    let digest = sha256(statement.as_bytes());
    let mut orders = read(&folder.policies)?.unwrap_or_default();
    // Orders that still last stay beside it: a shorter one ends none.
    orders.freezes.retain(|signed| ends(signed).is_some_and(|until| until > from));
    let longest = orders.freezes.iter().filter_map(ends).max().filter(|longest| *longest > until);
    let order = signed(signer, &folder.policies, statement, None)?;
    let standing = signer.stand(&folder.policies, &order)?;
    orders.freezes.push(order);
    // Beyond the bound those go that end first: another lasts longer than they do.
    orders.freezes.sort_by_key(|signed| std::cmp::Reverse(ends(signed)));
    orders.freezes.truncate(ORDERS_MAX);
    save(&folder.policies, &orders)?;
    show(printer, folder.json, &orders, || {
        // An order holds though no sheet can be read; where they can, it is told by the clock at home as all else is.
        let home = study(&inside_bundle(&folder.policies)).ok();
        let clock = |instant: Timestamp| home.as_ref().map_or_else(|| greenwich(instant), |home| home.clock(instant));
        let (who, until) = (&signer.approver, clock(until));
        let longest = longest.map(clock);
        match heard(&folder.policies) {
            Language::En => {
                printer.line(format!("until {until} only backends on premises are used: ordered by {who}"));
                if let Some(longest) = longest {
                    printer.line(format!("an order before it lasts longer, until {longest}, and holds"));
                }
                printer.line(format!("order {digest}"));
            }
            Language::Fr => {
                printer.line(format!("jusqu'au {until}, seuls les hébergeurs sur site servent : ordre de {who}"));
                if let Some(longest) = longest {
                    printer.line(format!(
                        "un ordre antérieur dure plus longtemps, jusqu'au {longest}, et reste en vigueur"
                    ));
                }
                printer.line(format!("ordre {digest}"));
            }
        }
        printer.line(standing.said(1, heard(&folder.policies)));
    });
    Ok(Exit::Well)
}

/// Refuses the folder of sheets within a bundle: a gateway looks for orders beside the manifest.
fn is_looked_at(policies: &Path) -> anyhow::Result<()> {
    let whole = std::path::absolute(policies).unwrap_or_else(|_| policies.to_owned());
    let Some(bundle) = whole.parent().filter(|bundle| bundle.join("manifest.json").exists()) else { return Ok(()) };
    let (place, bundle) = (policies.display(), bundle.display());
    bail!(match heard(policies) {
        Language::En => format!(
            "{place}: this is the inside of a signed bundle, and gateways look for orders beside its manifest\n  help: --policies {bundle}"
        ),
        Language::Fr => format!(
            "{place} : c'est l'intérieur d'un lot signé, et les passerelles cherchent les ordres à côté de son manifeste\n  conseil : --policies {bundle}"
        ),
    })
}

pub(super) fn thaw(arguments: &Thaw, printer: Printer) -> anyhow::Result<Exit> {
    let (signer, folder) = (&arguments.signer, &arguments.folder);
    reason(&signer.because, heard(&folder.policies))?;
    is_looked_at(&folder.policies)?;
    let mut orders = read(&folder.policies)?.unwrap_or_default();
    let now = now();
    let lasting = orders.freezes.iter().filter(|signed| ends(signed).is_some_and(|until| until > now));
    let mut thaws: Vec<String> = lasting.map(|signed| sha256(signed.statement.as_bytes()).to_string()).collect();
    for order in &arguments.order {
        let order = order.trim_start_matches("sha256:");
        ensure!(Digest::parse(order).is_some(), "`--order` is the digest that `freeze` printed and /readyz shows");
        thaws.push(order.to_owned());
    }
    thaws.sort_unstable();
    thaws.dedup();
    if thaws.is_empty() {
        let place = folder.policies.join(FREEZE_FILE);
        let place = place.display();
        bail!(match heard(&folder.policies) {
            Language::En => format!(
                "{place}: no freeze lasts there\n  help: where its file is gone and a gateway still holds to it, name it: --order DIGEST, as /readyz shows it"
            ),
            Language::Fr => format!(
                "{place} : aucun gel n'y est en cours\n  conseil : si son fichier a disparu et qu'une passerelle l'observe encore, nommez-le : --order EMPREINTE, comme /readyz la montre"
            ),
        });
    }
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
    let thaw = signed(signer, &folder.policies, statement, before)?;
    let standing = signer.stand(&folder.policies, &thaw)?;
    orders.thaw = Some(thaw);
    save(&folder.policies, &orders)?;
    show(printer, folder.json, &orders, || {
        let language = heard(&folder.policies);
        // It opens flows, so one alone ends nothing.
        printer.line(match standing.left(2) {
            0 => say(
                language,
                "the freeze ends as soon as a gateway accepts this",
                "le gel prend fin dès qu'une passerelle l'accepte",
            ),
            _ => say(
                language,
                "a gateway with approvers goes on with the freeze until a second one has run the same command with a key of their own",
                "une passerelle qui a des approbateurs maintient le gel jusqu'à ce qu'un second ait lancé la même commande avec sa propre clé",
            ),
        });
        printer.line(standing.said(2, language));
    });
    Ok(Exit::Well)
}

/// The orders of a folder; none where it has no file.
fn read(folder: &Path) -> anyhow::Result<Option<Orders>> {
    let place = folder.join(FREEZE_FILE);
    let text = match std::fs::read_to_string(&place) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{}", place.display())),
    };
    let told = || format!("{}: it is not what `octroi policy freeze` writes", place.display());
    serde_json::from_str(&text).map(Some).with_context(told)
}

/// What whoever reads a folder at an instant is told of the orders in it: they are no part of the sheets, and count before them.
pub(super) fn notice(folder: &Path, study: &Study) -> Option<String> {
    let (now, language) = (study.instant(), study.language());
    // The orders of a bundle lie in its own folder, above its sheets.
    let bundle = folder.parent().filter(|bundle| bundle.join("manifest.json").exists());
    let folders = [Some(folder), bundle];
    let orders = match folders.into_iter().flatten().find_map(|folder| read(folder).transpose()).transpose() {
        Ok(orders) => orders?,
        Err(error) => {
            return Some(match language {
                Language::En => format!("an order to freeze cannot be read, and a gateway says so: {error:#}"),
                Language::Fr => format!("un ordre de gel est illisible, et une passerelle le signale : {error:#}"),
            });
        }
    };
    let keys = |signed: &Signed| signed.signatures.values().collect::<BTreeSet<_>>().len();
    let ended = orders.thaw.filter(|thaw| keys(thaw) > 1);
    let ended = ended.and_then(|thaw| serde_json::from_str::<Ended>(&thaw.statement).ok()).unwrap_or_default().thaws;
    let lasts = |signed: &Signed| {
        let order = serde_json::from_str::<Order>(&signed.statement).ok()?;
        let is_over = ended.contains(&sha256(signed.statement.as_bytes()).to_string());
        (!is_over && order.from <= now && now < order.until).then_some(order)
    };
    let order = orders.freezes.iter().filter_map(lasts).max_by_key(|order| order.until)?;
    let (until, because) = (study.clock(order.until), &order.because);
    Some(match language {
        Language::En => format!(
            "an order to freeze lies in this folder (\"{because}\"): until {until} a gateway that accepts its signature uses only backends on premises, whatever is said here"
        ),
        Language::Fr => format!(
            "un ordre de gel se trouve dans ce dossier (« {because} ») : jusqu'au {until}, une passerelle qui accepte sa signature n'emploie que les hébergeurs sur site, quoi qu'il soit dit ici"
        ),
    })
}

/// When an order ends.
fn ends(signed: &Signed) -> Option<Timestamp> {
    serde_json::from_str::<Order>(&signed.statement).ok().map(|order| order.until)
}

fn signed(signer: &Signer, folder: &Path, statement: String, before: Option<Signed>) -> anyhow::Result<Signed> {
    let signature = signature(&secret(&signer.key)?, statement.as_bytes());
    let mut signatures = before.map(|before| before.signatures).unwrap_or_default();
    add(&mut signatures, (&signer.approver, signature), &folder.join(FREEZE_FILE))?;
    Ok(Signed { statement, signatures })
}

/// An instant as it is read aloud where no sheet says where home is: to the minute, in Greenwich.
fn greenwich(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn reason(because: &str, language: Language) -> anyhow::Result<()> {
    let few = match language {
        Language::En => format!("`--because` has at most {REASON_MAX} characters"),
        Language::Fr => format!("`--because` a au plus {REASON_MAX} caractères"),
    };
    ensure!(!because.trim().is_empty(), say(language, "`--because` says why", "`--because` dit pourquoi"));
    ensure!(because.chars().count() <= REASON_MAX, few);
    Ok(())
}

fn save(folder: &Path, orders: &Orders) -> anyhow::Result<()> {
    ensure!(folder.is_dir(), "there is no policy folder `{}`", folder.display());
    let text = serde_json::to_string_pretty(orders).context("the order")?;
    replace(&folder.join(FREEZE_FILE), &format!("{text}\n"))
}
