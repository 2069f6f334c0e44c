//! Sealed content: custodians' keys, opening with two of them, erasing.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use octroi_verify::kinds::ERASURE_BASES;
use octroi_verify::shown;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{DIR, Exit, Printer, Reading, absent, as_opener, as_owner, own_log_in, record, text_of};
use crate::audit::access;
use crate::audit::epochs::Epochs;
use crate::audit::query::Record;
use crate::audit::report::Month;
use crate::audit::seal::custodian::Secret;
use crate::audit::seal::erase::{Order, Scope, erase as destroy};
use crate::audit::seal::reveal::{RevealError, reveal as open};
use crate::audit::seal::{Subject, Which};
use crate::model::Word;
use crate::model::entry::RequestId;

/// Erasures of an epoch that are looked through, the newest.
const ERASURES_MAX: usize = 1 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Custodian {
    /// Make a custodian's key: writes the private half to a new file, prints the public one
    New {
        /// Who it is, without blanks
        name: String,
        /// The file of the private half, which stays with this person
        #[arg(long)]
        file: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Reveal {
    /// The request's id
    id: String,
    /// The private keys of two custodians
    #[arg(long = "key", num_args = 1, required = true)]
    keys: Vec<PathBuf>,
    /// What was sent to which backend: 1 for the first. The answer is opened with it
    #[arg(long, default_value_t = 1)]
    attempt: u32,
    /// The log's folder
    #[arg(long, default_value = DIR)]
    dir: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["request", "subject", "case", "month"]))]
pub(crate) struct Erase {
    /// All of whoever's or whichever case's content this request holds
    #[arg(long)]
    request: Option<String>,
    /// What this actor sent for no case, by the pseudonym of the log; what it sent for a case stays: see --case
    #[arg(long, requires = "tenant")]
    subject: Option<String>,
    /// All content of this case, whoever sent it, by the code of the log
    #[arg(long, requires = "tenant")]
    case: Option<String>,
    /// All content of this month, such as 2026-11
    #[arg(long, requires = "tenant")]
    month: Option<String>,
    /// Whose tenant it is
    #[arg(long)]
    tenant: Option<String>,
    /// Why; goes into the log
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(ERASURE_BASES))]
    basis: String,
    /// The log's folder
    #[arg(long, default_value = DIR)]
    dir: PathBuf,
}

pub(super) fn custodian(command: &Custodian, printer: Printer) -> anyhow::Result<Exit> {
    let Custodian::New { name, file } = command;
    let secret = Secret::new(name).with_context(|| format!("`{name}`: letters, digits, `-`, `_`, `.`, `@`"))?;
    let public = secret.public().context("a key could not be made")?;
    write_private(file, &secret.line()).with_context(|| shown(file))?;
    printer.line(public.to_string());
    // Nobody would know the other half of a key that was not shown.
    printer.written().inspect_err(|_| remove(file))?;
    printer
        .say("put this line into a file and name it in `[audit] custodians`; the private half stays with this person");
    Ok(Exit::Well)
}

pub(super) fn reveal(reveal: &Reveal, printer: Printer) -> anyhow::Result<Exit> {
    let [one, other] = reveal.keys.as_slice() else { bail!("two persons' keys are needed: --key FILE --key FILE") };
    let keys = [secret(one)?, secret(other)?];
    let id = RequestId::parse(&reveal.id).with_context(|| format!("`{}` is not the id of a request", reveal.id))?;
    let mut persons = Vec::with_capacity(2);
    for key in &keys {
        persons.push(key.public().context("a custodian's key is none")?.id());
    }
    own_log_in(&reveal.dir)?;
    as_opener(&reveal.dir)?;
    // Recorded before it is opened, whatever comes of it.
    let reading =
        Reading { action: "reveal", subject: Some(id), approver: Some(persons.join("+")), ..Reading::default() };
    record(&reveal.dir, reading, printer)?;
    let epochs = Epochs::of(&reveal.dir);
    let Some((_, found)) = epochs.find(id)? else {
        let why = absent::told(&epochs, id)?;
        printer.error(format!("the log in `{}` holds no request {id}", shown(&reveal.dir)), why.as_deref());
        return Ok(Exit::Findings);
    };
    let (tenant, sending) = sending(&found, reveal.attempt).context("the request was not sent so often")?;
    let [one, other] = &keys;
    // What was erased may come back with a copy of the folder: it stays erased.
    let erased = destroyed(&epochs, &found)?;
    let is_erased = |of: &Value| {
        let key = of.pointer("/sealed/key").and_then(Value::as_str);
        erased.iter().any(|destroyed| Some(destroyed.key.as_str()) == key)
    };
    let opened = |which, of: &Value| {
        if is_erased(of) { Err(RevealError::Erased) } else { open(&reveal.dir, (tenant, id, which), of, [one, other]) }
    };
    let sent = opened(Which::Attempt(reveal.attempt), sending);
    let answers = found.of_kind("outcome").filter(|outcome| outcome.get("sealed").is_some());
    let parts: Vec<_> = [sent].into_iter().chain(answers.map(|outcome| opened(Which::Answer, outcome))).collect();
    if let Some(content) = joined(parts.iter().flatten()) {
        printer.line(String::from_utf8_lossy(&content));
    }
    let mut faults: Vec<_> = parts.iter().filter_map(|part| part.as_ref().err()).collect();
    faults.dedup();
    for fault in &faults {
        printer.error(fault.to_string(), None);
    }
    Ok(if faults.is_empty() { Exit::Well } else { Exit::Findings })
}

/// One object with the members of all of these; nothing of none.
fn joined<'a>(parts: impl Iterator<Item = &'a Zeroizing<Vec<u8>>>) -> Option<Zeroizing<Vec<u8>>> {
    let mut whole = Zeroizing::new(Vec::new());
    for part in parts {
        let mark = if whole.is_empty() { b'{' } else { b',' };
        whole.push(mark);
        whole.extend_from_slice(part.strip_prefix(b"{").and_then(|part| part.strip_suffix(b"}")).unwrap_or_default());
    }
    whole.push(b'}');
    (whole.len() > 1).then_some(whole)
}

pub(super) fn erase(erase: &Erase, printer: Printer) -> anyhow::Result<Exit> {
    own_log_in(&erase.dir)?;
    as_owner(&erase.dir)?;
    let (tenant, scope) = what(erase, printer)?;
    let (basis, by) = (Word::configured(&erase.basis), super::reader());
    let erased = destroy(&erase.dir, &tenant, &scope, Order { basis: &basis, by: &by, clock: &super::now });
    let erased = erased.context("the erasure is not finished: do it again")?;
    if erased == 0 {
        printer.error("there is no key of that: nothing was sealed under it, or it is erased already", None);
        return Ok(Exit::Findings);
    }
    printer.say(format!("{erased} keys are destroyed; the log records it, and every proof still holds"));
    Ok(Exit::Well)
}

/// Whose keys.
fn what(erase: &Erase, printer: Printer) -> anyhow::Result<(Word, Scope)> {
    let given = || erase.tenant.as_deref().map(Word::configured).context("--tenant says whose it is");
    if let Some(actor) = &erase.subject {
        return Ok((given()?, Scope::Of(Subject::Actor(Word::configured(actor)))));
    }
    if let Some(case) = &erase.case {
        return Ok((given()?, Scope::Of(Subject::Case(Word::configured(case)))));
    }
    if let Some(month) = &erase.month {
        Month::parse(month).with_context(|| format!("`{month}` is not a month, such as 2026-11"))?;
        return Ok((given()?, Scope::Month(month.clone())));
    }
    let id = erase.request.as_deref().unwrap_or_default();
    let id = RequestId::parse(id).with_context(|| format!("`{id}` is not the id of a request"))?;
    record(&erase.dir, Reading { action: "show", subject: Some(id), ..Reading::default() }, printer)?;
    let found = find(&erase.dir, id)?.with_context(|| format!("the log holds no request {id}"))?;
    let (tenant, sending) = sending(&found, 1).context("the request was not sent")?;
    let word = |key: &str| sending.pointer(&format!("/sealed/{key}")).and_then(Value::as_str);
    let (Some(of), Some(scope)) = (word("of"), word("scope")) else { bail!("nothing of request {id} was sealed") };
    let of = Word::configured(of);
    let subject = if scope == "case" { Subject::Case(of) } else { Subject::Actor(of) };
    Ok((Word::configured(tenant), Scope::Of(subject)))
}

/// A key that was destroyed, as the log says.
pub(super) struct Destroyed {
    key: String,
    /// When and why.
    pub(super) told: String,
}

/// Which keys of what was sealed of a request are destroyed.
pub(super) fn destroyed(epochs: &Epochs, found: &Record) -> anyhow::Result<Vec<Destroyed>> {
    let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bodies = || ["decision", "attempt", "outcome"].into_iter().flat_map(|kind| found.of_kind(kind));
    let of = |body: &Value| body.get("sealed").or_else(|| body.pointer("/sending/sealed")).cloned();
    let mut keys: Vec<[String; 2]> = bodies().filter_map(of).map(|it| [text(&it, "key"), text(&it, "month")]).collect();
    keys.sort_unstable();
    keys.dedup();
    let times = found.entries.iter().filter_map(|entry| entry.get("time")?.as_str());
    let sealed = times.min().unwrap_or_default();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = found.of_kind("decision").next().map(|decision| text(decision, "tenant")).unwrap_or_default();
    let records = epochs.of_kind("erasure", ERASURES_MAX)?;
    let waiting = access::waiting_erasures(epochs.dir());
    let mut erasures: Vec<(String, &Value)> = Vec::new();
    for (_, record) in &records {
        // When it is recorded is later, and what came meanwhile has another key; several may be recorded in any order.
        let time =
            |erasure| Some(text(erasure, "at")).filter(|at| !at.is_empty()).unwrap_or_else(|| record.time.clone());
        erasures.extend(record.of_kind("erasure").map(|erasure| (time(erasure), erasure)));
    }
    // One that the gateway has not taken yet is done all the same.
    erasures.extend(waiting.iter().map(|erasure| (text(erasure, "at"), erasure)));
    erasures.retain(|(_, erasure)| text(erasure, "tenant") == tenant);
    erasures.sort_by(|(one, _), (other, _)| one.cmp(other));
    let mut told = Vec::new();
    for (time, erasure) in erasures {
        let whole = text(erasure, "scope") == "month";
        let went = erasure.get("keys").and_then(Value::as_array);
        let is_of = |[key, month]: &&[String; 2]| match went {
            Some(went) => went.iter().any(|one| one.as_str() == Some(key)),
            // An entry of an older version: what was sealed later has another key, as far as its clock tells.
            None if whole => text(erasure, "month") == *month && time.as_str() >= sealed,
            None => text(erasure, "key") == *key,
        };
        // One that is destroyed is not destroyed again with its month.
        told.extend(keys.extract_if(.., |key| is_of(&&*key)).map(|[key, _]| {
            let basis = text(erasure, "basis");
            let told =
                format!("At {time} the key {key} was destroyed ({basis}): nobody can open what it protected any more.");
            Destroyed { key, told }
        }));
    }
    Ok(told)
}

fn find(dir: &Path, id: RequestId) -> anyhow::Result<Option<Record>> {
    Ok(Epochs::of(dir).find(id)?.map(|(_, record)| record))
}

/// The tenant of a request and what was sent of it at this attempt.
fn sending(record: &Record, attempt: u32) -> Option<(&str, &Value)> {
    let decision = record.of_kind("decision").next()?;
    let tenant = decision.get("tenant")?.as_str()?;
    let numbered = |body: &&Value| body.get("number").and_then(Value::as_u64) == Some(u64::from(attempt));
    let body = if attempt == 1 { decision } else { record.of_kind("attempt").find(numbered)? };
    Some((tenant, body.get("sending")?))
}

fn secret(path: &Path) -> anyhow::Result<Secret> {
    let text = Zeroizing::new(text_of(path)?);
    Secret::parse(&text).with_context(|| format!("`{}` is not the private key of a custodian", shown(path)))
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap_or_default();
}

/// Writes a new file for its owner alone.
#[expect(clippy::disallowed_types, reason = "the command line names files")]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
