//! `matrix`, `ask`, `explain`, `test`, `suggest`, `lint`: what a policy says.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::{Exit, Folder, Printer, Reading, counted, form, freeze, page, record, say, show};
use crate::app::{Officer, Problems};
use crate::model::entry::RequestId;
use crate::policy::study::{Answer, Coverage, MatrixRow, Mutant, Study};
use crate::policy::{self, Language, run_scenarios, starter};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Matrix {
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Write one self-contained page that prints well
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    html: bool,
    /// Write CSV
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Ask {
    /// What is given, and where to: "health and FR resident to openai-us"
    question: String,
    #[command(flatten)]
    pub(super) reading: Reading,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Explain {
    /// A file with the question in words, or the id of a request
    #[arg(value_name = "FILE|ID")]
    what: PathBuf,
    /// The folder of the audit log, for the id of a request
    #[arg(long, default_value = "audit")]
    audit: PathBuf,
    #[command(flatten)]
    pub(super) reading: Reading,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Test {
    #[command(flatten)]
    pub(super) reading: Reading,
    /// Weaken or take out each rule, and fail when no scenario notices
    #[arg(long)]
    mutate: bool,
    /// Also run the scenarios of the packs that octroi brings and of the folder, on the example inventory
    #[arg(long)]
    packs: bool,
}

#[derive(Serialize)]
struct Table<'a> {
    policy: String,
    version: u32,
    digest: String,
    /// The instant as of which it is said.
    as_of: String,
    backends: Vec<String>,
    rows: &'a [MatrixRow],
    /// Hosts into whose addresses answers may have values put back, as a URL may spell them.
    value_hosts: Vec<&'a str>,
    /// An order that counts before the sheets.
    frozen: Option<String>,
}

#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    answer: &'a Answer,
    /// An order that counts before the sheets.
    frozen: Option<String>,
}

#[derive(Serialize)]
struct Tested {
    failures: Vec<String>,
    /// Scenarios of packs that were run besides; nothing where nobody asked.
    pack_scenarios: Option<usize>,
    coverage: Coverage,
    mutants: Option<Vec<Mutant>>,
}

pub(super) fn matrix(arguments: &Matrix, printer: Printer) -> anyhow::Result<Exit> {
    let study = arguments.reading.study()?;
    let (columns, rows) = (study.columns(), study.matrix());
    let day = study.clock(study.instant());
    let frozen = freeze::notice(&arguments.reading.folder.policies, &study);
    if arguments.html {
        printer.text(page::html(&study, &columns, &rows, frozen.as_deref()));
    } else if arguments.csv {
        printer.text(page::csv(&columns, &rows, &day, study.language()));
    } else {
        let policy = study.policy();
        let table = Table {
            policy: policy.name().to_string(),
            version: policy.version(),
            digest: policy.digest().to_string(),
            as_of: study.instant().to_string(),
            backends: columns.clone(),
            rows: &rows,
            value_hosts: page::value_hosts(&study),
            frozen: frozen.clone(),
        };
        show(printer, arguments.reading.folder.json, &table, || {
            printer.text(page::text(&columns, &rows, study.language()));
            if let Some(line) = page::addresses(&study) {
                printer.text(format!("\n{line}\n"));
            }
            printer.say(format!("{} {day}", say(study.language(), "as it stands on", "état au")));
        });
    }
    warn(frozen.as_deref(), study.language(), printer);
    let undecided = rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.exact).count();
    if undecided > 0 {
        let cells = [
            "cell, marked `?`, is not proven over all requests",
            "cells, marked `?`, are not proven over all requests",
        ];
        let cases = [
            "case, marquée `?`, n'est pas prouvée pour toute requête",
            "cases, marquées `?`, ne sont pas prouvées pour toute requête",
        ];
        let language = study.language();
        let told = counted(language, undecided, (cells, cases));
        printer.say(format!("{}{told}", say(language, "undecided: ", "indécis : ")));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Well)
}

pub(super) fn ask(arguments: &Ask, printer: Printer) -> anyhow::Result<Exit> {
    let study = arguments.reading.study()?;
    answer(&study, &arguments.question, false, &arguments.reading.folder, printer)
}

pub(super) fn explain(arguments: &Explain, printer: Printer) -> anyhow::Result<Exit> {
    let id = arguments.what.to_str().and_then(RequestId::parse);
    if let Some(id) = id.filter(|_| !arguments.what.exists()) {
        if arguments.reading.on.is_some() {
            bail!(say(
                super::heard(&arguments.reading.folder.policies),
                "a request is explained with the policy of the day on which it was decided: leave out `--on`",
                "une requête s'explique par la politique du jour où elle a été décidée : retirez `--on`"
            ));
        }
        let folder = &arguments.reading.folder;
        return record::explain(id, &arguments.audit, (folder.json, super::spoken(&folder.policies)), printer);
    }
    let study = arguments.reading.study()?;
    if !arguments.what.exists() {
        bail!(neither_file_nor_id(&arguments.what, study.language()));
    }
    let text = std::fs::read_to_string(&arguments.what).with_context(|| arguments.what.display().to_string())?;
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let question = lines.collect::<Vec<_>>().join(" ");
    answer(&study, &question, true, &arguments.reading.folder, printer)
}

/// What is said of something that is no file and no whole id.
fn neither_file_nor_id(what: &Path, language: Language) -> String {
    let what = what.display();
    match language {
        Language::En => format!(
            "`{what}` is neither the id of a request nor a file with a question\n  help: an id has 32 hexadecimal digits in five groups, as the answer and the log show it; copy it whole"
        ),
        Language::Fr => format!(
            "`{what}` n'est ni l'identifiant d'une requête ni un fichier qui contient une question\n  conseil : un identifiant a 32 chiffres hexadécimaux en cinq groupes, comme la réponse et le journal le montrent ; copiez-le en entier"
        ),
    }
}

fn answer(study: &Study, question: &str, changes: bool, folder: &Folder, printer: Printer) -> anyhow::Result<Exit> {
    let answer = study.ask(question, changes).map_err(Problems::from)?;
    let frozen = freeze::notice(&folder.policies, study);
    warn(frozen.as_deref(), study.language(), printer);
    let asked = Asked { answer: &answer, frozen };
    show(printer, folder.json, &asked, || print(&answer, study.language(), printer));
    Ok(if answer.allowed { Exit::Well } else { Exit::Findings })
}

/// Says what counts before the sheets.
pub(super) fn warn(notice: Option<&str>, language: Language, printer: Printer) {
    if let Some(notice) = notice {
        printer.say(format!("{}{}{notice}", say(language, "warning", "attention"), colon(language)));
    }
}

pub(super) fn print(answer: &Answer, language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    printer.line(&answer.given);
    for unknown in &answer.unknown {
        printer.line(format!("  ? {unknown}"));
    }
    for backend in &answer.backends {
        let verdict = match backend.verdict {
            "as it is" => said("allowed as it is", "permis tel quel").to_owned(),
            "changed" => {
                format!(
                    "{}{}",
                    said("allowed, changed: ", "permis, changé : "),
                    backend.changes.join(language.semicolon())
                )
            }
            _ => said("refused", "refusé").to_owned(),
        };
        let tier = tier(&backend.tier, language);
        let colon = colon(language);
        printer.line(format!("  {} ({tier}){colon}{verdict}", backend.backend));
        for why in &backend.why {
            printer.line(format!("      {why}"));
        }
        for except in &backend.except {
            printer.line(format!("      {}{except}", said("but ", "mais ")));
        }
        if let Some(change) = &backend.smallest_change {
            printer.line(format!("      {}{change}", said("would pass: ", "passerait : ")));
        }
        if backend.none_found {
            let none = "no change of at most three things was found that would let it pass";
            let aucun = "aucun changement de trois choses au plus n'a été trouvé qui la laisserait passer";
            printer.line(format!("      {}", said(none, aucun)));
        }
    }
}

/// How near a backend is, in words.
pub(super) fn tier(name: &str, language: Language) -> &'static str {
    let said = |en, fr| say(language, en, fr);
    match name {
        "on premises" => said("on premises", "sur site"),
        "domestic" => said("domestic", "national"),
        "EEA" => said("EEA", "EEE"),
        "adequate" => said("adequate", "adéquat"),
        _ => said("other", "autre"),
    }
}

/// A colon with the blanks around it that a language has.
pub(super) fn colon(language: Language) -> &'static str {
    say(language, ": ", " : ")
}

pub(super) fn test(arguments: &Test, printer: Printer) -> anyhow::Result<Exit> {
    let officer = Officer::of_folder(&arguments.reading.folder.policies)?;
    let study = arguments.reading.study_of(&officer)?;
    let mut failures = failures(&study);
    let mut pack_scenarios = arguments.packs.then_some(0);
    if let Some(count) = &mut pack_scenarios {
        let shipped = starter::packs().into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        let french = starter::packs_in(Language::Fr).into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
        let own = officer.sources.packs.iter().map(|file| {
            let name = file.name.rsplit('/').next().unwrap_or_default().trim_end_matches(".policy");
            (name.to_owned(), file.text.clone())
        });
        let mut packs: Vec<(String, String)> = shipped.chain(french).chain(own).collect();
        packs.sort();
        packs.dedup();
        for (name, text) in packs {
            let trial = officer.study_of(&starter::trial(&name, &text), study.instant())?;
            *count += trial.coverage().scenarios;
            failures.extend(self::failures(&trial));
        }
    }
    let mutants = arguments.mutate.then(|| study.mutants());
    let tested = Tested { failures, pack_scenarios, coverage: study.coverage(), mutants };
    show(printer, arguments.reading.folder.json, &tested, || print_tested(&tested, study.language(), printer));
    let well = tested.failures.is_empty() && !tested.mutants.iter().flatten().any(Mutant::is_finding);
    Ok(if well { Exit::Well } else { Exit::Findings })
}

fn failures(study: &Study) -> Vec<String> {
    let results = run_scenarios(study.policy(), study.instant());
    let told = |result: &policy::ScenarioResult| {
        let (file, line, title) = (&result.file, result.line, &result.title);
        result.failures.iter().map(|failure| format!("{file}:{line}: \"{title}\": {failure}")).collect::<Vec<_>>()
    };
    results.iter().flat_map(told).collect()
}

fn print_tested(tested: &Tested, language: Language, printer: Printer) {
    let said = |en, fr| say(language, en, fr);
    for failure in &tested.failures {
        printer.line(failure);
    }
    let coverage = &tested.coverage;
    let scenarios = counted(language, coverage.scenarios, (["scenario", "scenarios"], ["scénario", "scénarios"]));
    let failures = counted(language, tested.failures.len(), (["failure", "failures"], ["échec", "échecs"]));
    let (rules, firing) = (coverage.rules, coverage.rules - coverage.silent.len());
    let packs = tested.pack_scenarios.map(|count| match language {
        Language::En => format!(" and {count} of packs"),
        Language::Fr => format!(" et {count} de paquets"),
    });
    let scenarios = scenarios + &packs.unwrap_or_default();
    let fire = form(language, firing, (["fires", "fire"], ["joue", "jouent"]));
    printer.line(match language {
        Language::En => {
            let rules = counted(language, rules, (["rule", "rules"], [""; 2]));
            format!("{scenarios}, {failures}; {firing} of {rules} {fire}")
        }
        Language::Fr => {
            let firing = counted(language, firing, ([""; 2], ["règle", "règles"]));
            format!("{scenarios}, {failures} ; {firing} sur {rules} {fire}")
        }
    });
    for rule in &coverage.dormant {
        let dormant = said("not in force today, so not tried: ", "pas en vigueur aujourd'hui, donc pas éprouvée : ");
        printer.line(format!("  {dormant}{rule}"));
    }
    for rule in &coverage.silent {
        printer.line(format!("  {}{rule}", said("never fires: ", "ne joue jamais : ")));
    }
    for (atom, missing) in &coverage.unseen {
        let missing: Vec<&str> = missing.iter().map(|truth| truth_words(truth, language)).collect();
        printer.line(format!("  {} {}{}{atom}", said("never", "jamais"), missing.join(", "), colon(language)));
    }
    if let Some(mutants) = &tested.mutants {
        let unnoticed = (
            ["change of the sheet would go unnoticed", "changes of the sheet would go unnoticed"],
            ["changement de la feuille passerait inaperçu", "changements de la feuille passeraient inaperçus"],
        );
        let (findings, untold): (Vec<&Mutant>, Vec<&Mutant>) = mutants.iter().partition(|mutant| mutant.is_finding());
        printer.line(counted(language, findings.len(), unnoticed));
        for mutant in findings {
            printer.line(format!("  {}{}{}", mutant.change, colon(language), mutant.example));
        }
        for mutant in untold {
            printer.line(untold_words(mutant, language));
        }
    }
}

/// What is said of a change that no scenario can notice.
fn untold_words(mutant: &Mutant, language: Language) -> String {
    let no_scenario =
        say(language, "no scenario can tell on what it shows", "aucun scénario ne peut dire où il se voit");
    format!("  {} ({no_scenario}){}{}", mutant.change, colon(language), mutant.example)
}

fn truth_words(truth: &str, language: Language) -> &'static str {
    match truth {
        "true" => say(language, "true", "vrai"),
        "false" => say(language, "false", "faux"),
        _ => say(language, "unknown", "inconnu"),
    }
}

pub(super) fn suggest(reading: &Reading, printer: Printer) -> anyhow::Result<Exit> {
    let study = reading.study()?;
    let mutants = study.mutants();
    let undecided: Vec<&Mutant> = mutants.iter().filter(|mutant| mutant.undecided).collect();
    for mutant in &undecided {
        printer.say(format!("{}{}{}", mutant.change, colon(study.language()), mutant.example));
    }
    for mutant in mutants.iter().filter(|mutant| mutant.untold) {
        printer.say(untold_words(mutant, study.language()).trim_start());
    }
    let found_undecided = !undecided.is_empty();
    let (suggestions, given_up) = study.suggestions(mutants);
    for side in &given_up {
        let was = say(study.language(), "undecided, the search was given up", "indécis, la recherche a été abandonnée");
        printer.say(format!("{side}{}{was}", colon(study.language())));
    }
    show(printer, reading.folder.json, &suggestions, || {
        for suggestion in &suggestions {
            printer.line(&suggestion.text);
        }
    });
    let missing = (["scenario is missing", "scenarios are missing"], ["scénario manque", "scénarios manquent"]);
    printer.say(counted(study.language(), suggestions.len(), missing));
    Ok(if suggestions.is_empty() && given_up.is_empty() && !found_undecided { Exit::Well } else { Exit::Findings })
}

pub(super) fn lint(reading: &Reading, printer: Printer) -> anyhow::Result<Exit> {
    let study = reading.study()?;
    let advice = study.lint();
    show(printer, reading.folder.json, &advice, || advice.iter().for_each(|one| printer.line(&one.text)));
    let findings = advice.iter().filter(|one| one.kind.is_finding()).count();
    printer.say(counted(study.language(), findings, (["finding", "findings"], ["constat", "constats"])));
    Ok(if findings == 0 { Exit::Well } else { Exit::Findings })
}
