//! `octroi policy`: the officer's tools. What may go where, what would change, why this was refused.
//!
//! All read a policy folder and nothing else, so that an officer needs neither keys nor a running gateway. Exit 0 is well,
//! 1 findings, 2 a fault of the files or of usage.
#![expect(clippy::disallowed_methods, reason = "commands read files and the time, and pass them down")]

mod approval;
mod bundle;
mod change;
mod freeze;
mod french;
mod further;
mod held;
mod page;
mod read;
mod record;
mod recorded;
mod replay;
mod shadow;
mod sheet;
mod usage;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Exit, Printer};
use crate::app::{Fault, Files, Officer, Problems, Rejection, inside_bundle};
use crate::policy::study::Study;
use crate::policy::{Language, day};
pub(super) use sheet::language;
pub(super) use usage::{fault as usage_fault, in_french, language as usage_language, locale};

/// The tools.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a policy folder: sheet, inventory, packs, scenarios
    Init(sheet::Init),
    /// Check every file of the folder, and what a lawyer would misread
    Check(Reading),
    /// Print the text of which a digest is, as canonical JSON and nothing else: its SHA-256 is that digest
    Canonical(sheet::Canonical),
    /// Lay the sheets out; with --lang, in another language
    Fmt(sheet::Fmt),
    /// Show which class of data may go to which backend, and how
    Matrix(read::Matrix),
    /// Answer a question in words, such as "health and FR resident to openai-us"
    Ask(read::Ask),
    /// As ask, from a file or for a request of the audit log, for each backend and with the smallest change that would let it
    /// pass
    Explain(read::Explain),
    /// Run the scenarios, and say what they do not reach
    Test(read::Test),
    /// Write the scenarios that are missing, as sentences of the sheet
    Suggest(Reading),
    /// Say what is wrong although every word is right
    Lint(Reading),
    /// Say which flows a newer folder opens and refuses: exact, with an example of each
    Diff(change::Diff),
    /// Take the recorded decisions of the audit log again under a newer folder, and say what would flip
    Replay(replay::Replay),
    /// Have a running gateway decide each request under a newer folder too, without enforcing it, and show how often it differs
    Shadow(shadow::Shadow),
    /// Make a key that signs bundles
    Key(bundle::Key),
    /// Sign a bundle of the folder
    Sign(bundle::Sign),
    /// Verify a bundle and its signatures
    Verify(bundle::Verify),
    /// In an emergency, order that for a day at most only backends on premises are used: one approver
    Freeze(freeze::Freeze),
    /// End a freeze before its time: two approvers
    Thaw(freeze::Thaw),
}

/// Where the policy is, and how to answer.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Folder {
    /// The policy folder
    #[arg(long, default_value = "policies", value_name = "DIR")]
    policies: PathBuf,
    /// Write JSON
    #[arg(long)]
    json: bool,
}

/// Where the policy is, and the day on which it is read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Reading {
    #[command(flatten)]
    folder: Folder,
    /// Read it as it will stand, or stood, on this day at home: what begins or ends by then is in force or no more
    #[arg(long, value_name = "DATE", value_parser = |text: &str| day(text, Language::En))]
    on: Option<Date>,
}

impl Reading {
    /// Reads and understands the folder, as of the day asked for, or now.
    fn study(&self) -> anyhow::Result<Study> {
        self.study_of(&Officer::of_folder(&inside_bundle(&self.folder.policies))?)
    }

    /// The same of a folder that has been read.
    fn study_of(&self, officer: &Officer) -> anyhow::Result<Study> {
        let today = officer.study(now())?;
        let Some(day) = self.on else { return Ok(today) };
        let noon = today.noon(day).with_context(|| format!("{day} is too far away"))?;
        Ok(officer.study(noon)?)
    }
}

/// What is wrong, for a program that asked for JSON.
#[derive(Serialize)]
struct Faulty {
    faults: Vec<Fault>,
}

/// Runs a tool. What goes wrong is told in the language of the folder; of the system, where there is no sheet. For a program it is
/// told as data.
pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    let language = command.language();
    let json = command.json();
    match (tool(command, printer), language) {
        (Err(error), language) if json => {
            printer.json(&Faulty { faults: faults(&error, language) });
            Ok(Exit::Fault)
        }
        (ended, language) => answered(ended, language, printer),
    }
}

/// What came of a command; what went wrong is told in French where that is asked for.
pub(super) fn answered(ended: anyhow::Result<Exit>, language: Language, printer: Printer) -> anyhow::Result<Exit> {
    match (ended, language) {
        (Err(error), Language::Fr) => {
            printer.say(format!("erreur : {}", french::told(&error)));
            Ok(Exit::Fault)
        }
        (ended, _) => ended,
    }
}

/// The faults that an error tells of; itself, where it is none of a file's.
fn faults(error: &anyhow::Error, language: Language) -> Vec<Fault> {
    let problems = |cause: &(dyn std::error::Error + 'static)| {
        let refused = cause.downcast_ref::<Rejection>().map(|rejection| rejection.problems.clone());
        refused.or_else(|| cause.downcast_ref::<Problems>().cloned())
    };
    let said = |fault: Fault| match language {
        Language::Fr if fault.file.is_none() => Fault::of_text(&french::said(&fault.whole())),
        _ => fault,
    };
    match error.chain().find_map(problems) {
        Some(problems) => problems.0.iter().map(|problem| said(problem.fault())).collect(),
        None if language == Language::Fr => vec![Fault::of_text(&french::told(error))],
        None => vec![Fault::of_text(&format!("{error:#}"))],
    }
}

impl Command {
    /// The language in which it tells what goes wrong.
    fn language(&self) -> Language {
        let chosen = match self {
            Self::Init(arguments) => Language::parse(&arguments.lang).filter(|language| *language != Language::En),
            Self::Shadow(arguments) => spoken(&arguments.in_force()),
            _ => self.folder().and_then(spoken),
        };
        chosen.unwrap_or_else(locale)
    }

    /// Whether a program asks.
    fn json(&self) -> bool {
        match self {
            Self::Check(reading) | Self::Suggest(reading) | Self::Lint(reading) => reading.folder.json,
            Self::Init(arguments) => arguments.folder.json,
            Self::Canonical(arguments) => arguments.folder.json,
            Self::Fmt(arguments) => arguments.folder.json,
            Self::Matrix(arguments) => arguments.reading.folder.json,
            Self::Ask(arguments) => arguments.reading.folder.json,
            Self::Explain(arguments) => arguments.reading.folder.json,
            Self::Test(arguments) => arguments.reading.folder.json,
            Self::Diff(arguments) => arguments.folder.json,
            Self::Replay(arguments) => arguments.folder.json,
            Self::Shadow(arguments) => arguments.json,
            Self::Key(arguments) => arguments.folder.json,
            Self::Sign(arguments) => arguments.json,
            Self::Verify(arguments) => arguments.json,
            Self::Freeze(arguments) => arguments.folder.json,
            Self::Thaw(arguments) => arguments.folder.json,
        }
    }

    /// The policy folder that it reads.
    fn folder(&self) -> Option<&Path> {
        Some(match self {
            // Each says its own.
            Self::Init(_) | Self::Shadow(_) => return None,
            Self::Key(arguments) => &arguments.folder.policies,
            Self::Check(reading) | Self::Suggest(reading) | Self::Lint(reading) => &reading.folder.policies,
            Self::Canonical(arguments) => &arguments.folder.policies,
            Self::Fmt(arguments) => &arguments.folder.policies,
            Self::Matrix(arguments) => &arguments.reading.folder.policies,
            Self::Ask(arguments) => &arguments.reading.folder.policies,
            Self::Explain(arguments) => &arguments.reading.folder.policies,
            Self::Test(arguments) => &arguments.reading.folder.policies,
            Self::Diff(arguments) => &arguments.first,
            Self::Replay(arguments) => &arguments.folder.policies,
            Self::Sign(arguments) => arguments.folder(),
            Self::Verify(arguments) => &arguments.bundle,
            Self::Freeze(arguments) => &arguments.folder.policies,
            Self::Thaw(arguments) => &arguments.folder.policies,
        })
    }
}

/// The language of the first sheet of a folder or bundle, broken or not; nothing where there is none.
fn spoken(folder: &Path) -> Option<Language> {
    let of = |folder: &Path| Files::read(folder).unwrap_or_else(|unread| unread.files).language();
    of(folder).or_else(|| of(&folder.join("policies")))
}

/// The language in which a folder answers: of its sheet, else of the system.
fn heard(folder: &Path) -> Language {
    spoken(folder).unwrap_or_else(locale)
}

fn tool(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Init(arguments) => sheet::init(&arguments, printer),
        Command::Check(reading) => sheet::check(&reading, printer),
        Command::Canonical(arguments) => sheet::canonical(&arguments, printer),
        Command::Fmt(arguments) => sheet::fmt(&arguments, printer),
        Command::Matrix(arguments) => read::matrix(&arguments, printer),
        Command::Ask(arguments) => read::ask(&arguments, printer),
        Command::Explain(arguments) => read::explain(&arguments, printer),
        Command::Test(arguments) => read::test(&arguments, printer),
        Command::Suggest(reading) => read::suggest(&reading, printer),
        Command::Lint(reading) => read::lint(&reading, printer),
        Command::Diff(arguments) => change::diff(&arguments, printer),
        Command::Replay(arguments) => replay::replay(&arguments, printer),
        Command::Shadow(arguments) => shadow::shadow(&arguments, printer),
        Command::Key(arguments) => bundle::key(&arguments, printer),
        Command::Sign(arguments) => bundle::sign(&arguments, printer),
        Command::Verify(arguments) => bundle::verify(&arguments, printer),
        Command::Freeze(arguments) => freeze::freeze(&arguments, printer),
        Command::Thaw(arguments) => freeze::thaw(&arguments, printer),
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}

/// Reads and understands a folder.
fn study(folder: &Path) -> anyhow::Result<Study> {
    // The sheets of a bundle lie in it.
    let officer = Officer::of_folder(&inside_bundle(folder))?;
    officer.study(now()).map_err(anyhow::Error::from)
}

/// Words of a tool, in the language of the sheet that it speaks of.
fn say(language: Language, en: &'static str, fr: &'static str) -> &'static str {
    match language {
        Language::En => en,
        Language::Fr => fr,
    }
}

/// A number of things, in one of two forms: `1 backend`, `2 backends`. None is plural in English and singular in French.
fn counted(language: Language, count: usize, (en, fr): ([&str; 2], [&str; 2])) -> String {
    format!("{count} {}", form(language, count, (en, fr)))
}

/// The one of two forms that goes with a number.
fn form<'w>(language: Language, count: usize, (en, fr): ([&'w str; 2], [&'w str; 2])) -> &'w str {
    let ([one, many], is_one) = match language {
        Language::En => (en, count == 1),
        Language::Fr => (fr, count < 2),
    };
    if is_one { one } else { many }
}

/// Shows a value as JSON, or in words.
fn show<T: Serialize>(printer: Printer, json: bool, value: &T, words: impl FnOnce()) {
    if json { printer.json(value) } else { words() }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::policy::Language;

    #[test]
    fn numbers_and_what_they_count() {
        let things = (["thing", "things"], ["chose", "choses"]);
        for (language, count, expected) in [
            (Language::En, 0, "0 things"),
            (Language::En, 1, "1 thing"),
            (Language::En, 2, "2 things"),
            (Language::Fr, 0, "0 chose"),
            (Language::Fr, 1, "1 chose"),
            (Language::Fr, 2, "2 choses"),
        ] {
            assert_eq!(super::counted(language, count, things), expected);
        }
    }

    #[derive(clap::Parser)]
    struct Tools {
        #[command(subcommand)]
        tool: super::Command,
    }

    #[test]
    fn each_tool_takes_the_folder_and_answers_in_json() {
        let tools = Tools::command();
        for tool in tools.get_subcommands() {
            for wanted in ["policies", "json"] {
                assert!(
                    tool.get_arguments().any(|argument| argument.get_long() == Some(wanted)),
                    "{} takes no --{wanted}",
                    tool.get_name()
                );
            }
        }
    }
}
