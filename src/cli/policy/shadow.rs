//! `shadow`: a candidate beside the live policy. The folder is put where a running gateway looks for it; what the gateway counts
//! is asked of its admin listener and told as a table.
//!
//! Nothing of a candidate is enforced, so nobody needs to sign it. It is copied: what is evaluated is what was checked, however
//! the draft goes on.
#![expect(clippy::disallowed_types, reason = "the gateway's own admin listener is asked what was counted")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;

use super::read::colon;
use super::replay::{SAME, many, word_of};
use super::{Exit, Printer, counted, form, heard, now, say, show};
use crate::app::{Files, Officer, SHADOW_FOLDER, configuration, inside_bundle};
use crate::cli::{ConfigPath, runtime};
use crate::policy::Language;

/// Bytes of an answer of the admin listener.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long it may take.
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Shadow {
    /// The candidate: a policy folder or a bundle. Without one, what was counted of the candidate that is there
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    /// End it: take the candidate away
    #[arg(long, conflicts_with = "new")]
    end: bool,
    /// The policy folder or bundle that the gateway has in force (default: the configuration's, else policies)
    #[arg(long, value_name = "DIR")]
    pub(super) policies: Option<PathBuf>,
    /// Write JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    path: ConfigPath,
}

impl Shadow {
    /// The folder that is in force: as named, as the configuration has it, or the usual one.
    pub(super) fn in_force(&self) -> PathBuf {
        let configured = || configuration(&self.path.config).ok().map(|config| config.policy_folder);
        self.policies.clone().or_else(configured).unwrap_or_else(|| PathBuf::from("policies"))
    }
}

/// A candidate that a gateway may take up.
#[derive(Serialize)]
struct Begun {
    candidate: String,
    version: u32,
    digest: String,
    folder: String,
}

/// What was counted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Counted {
    policy: String,
    candidate: String,
    digest: String,
    decisions: u64,
    same: u64,
    failed: u64,
    differences: Vec<Difference>,
}

/// Decisions that came out otherwise in the same way. A decision counts in the row of each class that it carries.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Difference {
    change: String,
    app: String,
    class: String,
    decisions: u64,
}

/// Exit 0: it is put there or taken away; shown: nothing differs. 1: something does. 2: it cannot be evaluated or asked for.
pub(super) fn shadow(arguments: &Shadow, printer: Printer) -> anyhow::Result<Exit> {
    let policies = &arguments.in_force();
    let place = policies.join(SHADOW_FOLDER);
    match &arguments.new {
        Some(new) => begin(new, (arguments, policies), &place, printer),
        None if arguments.end => {
            ensure!(place.is_dir(), "there is no candidate in {}", place.display());
            std::fs::remove_dir_all(&place).with_context(|| format!("{}", place.display()))?;
            show(printer, arguments.json, &Value::Null, || {
                printer.line(say(
                    heard(policies),
                    "the candidate is no longer evaluated",
                    "le projet n'est plus évalué",
                ));
            });
            Ok(Exit::Well)
        }
        None => counts(arguments, printer),
    }
}

/// Checks a candidate and puts it where a gateway looks for it, as a whole.
fn begin(new: &Path, (arguments, policies): (&Shadow, &Path), place: &Path, printer: Printer) -> anyhow::Result<Exit> {
    ensure!(policies.is_dir(), "there is no policy folder `{}`", policies.display());
    let candidate = Officer::of_folder(&inside_bundle(new))?;
    let study = candidate.study(now())?;
    let live = Officer::of_folder(&inside_bundle(policies))?;
    let (said, policy) = (|en, fr| say(study.language(), en, fr), study.policy());
    if live.policy(now())?.catalogue() != policy.catalogue() {
        bail!(said(
            "the candidate knows other types or classes of data than the policy in force: what is found is of those\n  help: `octroi policy replay` compares it with what was recorded",
            "le projet connaît d'autres types ou classes de données que la politique en vigueur : ce qui est trouvé relève de celles-ci\n  conseil : `octroi policy replay` le compare à ce qui a été enregistré",
        ));
    }
    let beside = place.with_extension("new");
    for old in [&beside, &place.to_owned()] {
        if old.exists() {
            std::fs::remove_dir_all(old).with_context(|| format!("{}", old.display()))?;
        }
    }
    write(&beside, &candidate.files)?;
    std::fs::rename(&beside, place).with_context(|| format!("{}", place.display()))?;
    let begun = Begun {
        candidate: policy.name().to_string(),
        version: policy.version(),
        digest: policy.digest().to_string(),
        folder: place.display().to_string(),
    };
    show(printer, arguments.json, &begun, || {
        printer.line(format!(
            "{} version {}{}{}",
            begun.candidate,
            begun.version,
            colon(study.language()),
            begun.folder
        ));
        printer.line(said(
            "a running gateway decides each request under it too, and enforces nothing of it",
            "une passerelle en marche décide aussi chaque requête selon ce projet, et n'en applique rien",
        ));
        let policies = policies.display();
        printer.line(format!("octroi policy shadow --policies {policies}"));
        printer.line(format!("octroi policy shadow --end --policies {policies}"));
    });
    Ok(Exit::Well)
}

/// Copies the officer's files; lists of exact values stay where they are, since nothing of a candidate searches.
fn write(folder: &Path, files: &Files) -> anyhow::Result<()> {
    for (path, bytes) in files.by_path.iter().filter(|(path, _)| !path.starts_with(crate::app::MATCH_LISTS)) {
        let place = folder.join(path);
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent).with_context(|| format!("{}", parent.display()))?;
        }
        std::fs::write(&place, bytes).with_context(|| format!("{}", place.display()))?;
    }
    Ok(())
}

fn counts(arguments: &Shadow, printer: Printer) -> anyhow::Result<Exit> {
    let config = configuration(&arguments.path.config).map_err(|faults| {
        anyhow::anyhow!("{faults}\n  help: what was counted is asked of the gateway, whose file --config names")
    })?;
    let Some(admin) = config.admin else {
        bail!(
            "{}: there is no [admin] listener that could be asked what was counted\n  help: it serves `octroi_shadow_decisions_total` in /metrics; [admin] address opens it",
            arguments.path.config.display()
        );
    };
    let (ready, metrics) =
        runtime()?.block_on(async { anyhow::Ok((page(admin, "/readyz").await?, page(admin, "/metrics").await?)) })?;
    let ready: Value = serde_json::from_str(&ready).context("/readyz")?;
    let text = |key: &str| ready.get(key).and_then(Value::as_str).map(str::to_owned);
    let Some(candidate) = text("shadow") else {
        let why = text("rejected").map(|problem| format!("\n{problem}")).unwrap_or_default();
        let place = arguments.in_force().join(SHADOW_FOLDER);
        if why.is_empty() && place.is_dir() {
            let place = place.display();
            bail!(match language(&arguments.in_force()) {
                Language::En => format!(
                    "the gateway has not taken {place} up yet\n  help: it looks at its folder every few seconds, and reads what is new there; ask again"
                ),
                Language::Fr => format!(
                    "la passerelle n'a pas encore repris {place}\n  conseil : elle regarde son dossier à intervalles de quelques secondes et lit ce qui y est nouveau ; redemandez"
                ),
            });
        }
        bail!("the gateway evaluates no candidate\n  help: octroi policy shadow NEW{why}");
    };
    let mut counted = counts_of(&metrics);
    (counted.policy, counted.candidate) = (text("policy").unwrap_or_default(), candidate);
    counted.digest = text("shadow_digest").unwrap_or_default();
    let language = language(&arguments.in_force().join(SHADOW_FOLDER));
    show(printer, arguments.json, &counted, || print(&counted, language, printer));
    let same = counted.differences.is_empty() && counted.failed == 0 && counted.decisions == counted.same;
    Ok(if same { Exit::Well } else { Exit::Findings })
}

/// The language of the candidate's sheet, where it can be read here.
fn language(folder: &Path) -> Language {
    let study = Officer::read(folder).and_then(|officer| officer.study(now()));
    study.map_or(Language::En, |study| study.language())
}

/// Reads a page of the admin listener.
async fn page(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let asked = async {
        let stream = tokio::net::TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::get(path).header(HOST, address.to_string()).body(Empty::<Bytes>::new())?;
        let exchange = async {
            let answer = sender.send_request(request).await?.into_body();
            let body = Limited::new(answer, ANSWER_BYTES_MAX).collect().await.map_err(anyhow::Error::from_boxed)?;
            anyhow::Ok(String::from_utf8(body.to_bytes().to_vec())?)
        };
        tokio::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = connection => {
                ended?;
                exchange.await
            }
        }
    };
    tokio::time::timeout(DEADLINE, asked)
        .await
        .map_err(anyhow::Error::from)
        .flatten()
        .with_context(|| format!("the gateway does not answer at {address} ([admin] address)"))
}

/// Reads the counts of a page of metrics.
fn counts_of(metrics: &str) -> Counted {
    let mut counted = Counted::default();
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for line in metrics.lines() {
        let Some((series, value)) = line.rsplit_once(' ') else { continue };
        let value: u64 = value.trim().parse().unwrap_or(0);
        if let Some(labels) = series.strip_prefix("octroi_shadow_decisions_total") {
            outcomes.insert(label(labels, "outcome"), value);
        } else if let Some(labels) = series.strip_prefix("octroi_shadow_differences_total") {
            let [change, app, class] = ["change", "app", "class"].map(|name| label(labels, name));
            counted.differences.push(Difference { change, app, class, decisions: value });
        }
    }
    counted.decisions = outcomes.values().sum();
    counted.same = outcomes.get("same").copied().unwrap_or(0);
    counted.failed = outcomes.get("failed").copied().unwrap_or(0);
    counted.differences.sort_by(|one, other| other.decisions.cmp(&one.decisions).then_with(|| one.cmp(other)));
    counted
}

/// A label of a series; its values are closed words and names of a configuration, in which a quotation mark is escaped.
fn label(labels: &str, name: &str) -> String {
    let begins = format!("{name}=\"");
    let behind = labels.split_once(&begins).map_or("", |(_, behind)| behind);
    let mut value = String::new();
    let mut characters = behind.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => break,
            '\\' => value.extend(characters.next()),
            _ => value.push(character),
        }
    }
    value
}

fn print(shown: &Counted, language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    let Counted { policy, candidate, decisions, same, failed, .. } = shown;
    printer.line(format!("{candidate}, {} {policy}", said("beside", "à côté de")));
    let taken = (["decision", "decisions"], ["décision", "décisions"]);
    let [decisions, same] = [(*decisions, taken), (*same, SAME)].map(|(n, words)| counted(language, many(n), words));
    printer.line(format!("{decisions}, {same}"));
    if *failed > 0 {
        let words = (["failed inside the candidate"; 2], ["a échoué dans le projet", "ont échoué dans le projet"]);
        printer.line(format!("{failed:>9}  {}", form(language, many(*failed), words)));
    }
    for Difference { change, app, class, decisions } in &shown.differences {
        let (told, class) = (told(change, many(*decisions), language), word_of(class, 2, language));
        printer.line(format!("{decisions:>9}  {told}  {app}  {class}"));
    }
}

/// What a difference means to whoever asks, of so many decisions.
pub(super) fn told(change: &str, count: usize, language: Language) -> &'static str {
    let said = |en, fr| form(language, count, (en, fr));
    match change {
        "refused" => said(
            ["would be refused and was not", "would be refused and were not"],
            ["serait refusée et ne l'a pas été", "seraient refusées et ne l'ont pas été"],
        ),
        "allowed" => said(
            ["would be allowed and was not", "would be allowed and were not"],
            ["serait permise et ne l'a pas été", "seraient permises et ne l'ont pas été"],
        ),
        "moved" => said(
            ["would go to another backend first"; 2],
            ["irait d'abord à un autre hébergeur", "iraient d'abord à un autre hébergeur"],
        ),
        "more-changed" => said(
            ["would go where it went, with more changed", "would go where they went, with more changed"],
            ["irait où elle est allée, plus changée", "iraient où elles sont allées, plus changées"],
        ),
        "less-changed" => said(
            ["would go where it went, with less changed", "would go where they went, with less changed"],
            ["irait où elle est allée, moins changée", "iraient où elles sont allées, moins changées"],
        ),
        _ => said(
            [
                "would go where it went, with other backends behind",
                "would go where they went, with other backends behind",
            ],
            [
                "irait où elle est allée, avec d'autres hébergeurs derrière",
                "iraient où elles sont allées, avec d'autres hébergeurs derrière",
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_a_page_of_metrics() {
        let page = "# HELP x y\noctroi_shadow_decisions_total{outcome=\"same\"} 7\noctroi_shadow_decisions_total{outcome=\"refused\"} 2\n\
            octroi_shadow_differences_total{app=\"the \\\"lab\\\"\",class=\"health\",change=\"refused\"} 2\n\
            octroi_shadow_differences_total{app=\"desk\",class=\"none\",change=\"refused\"} 5\nother 9\n";
        let counted = counts_of(page);
        assert_eq!((counted.decisions, counted.same, counted.failed), (9, 7, 0));
        let rows: Vec<(&str, &str, u64)> =
            counted.differences.iter().map(|row| (row.app.as_str(), row.class.as_str(), row.decisions)).collect();
        assert_eq!(rows, [("desk", "none", 5), ("the \"lab\"", "health", 2)]);
    }
}
