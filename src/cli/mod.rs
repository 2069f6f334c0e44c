//! The commands. Data goes to standard output, everything else to standard error; exit 0 is well, 1 findings or refusal, 2 a
//! fault of usage or configuration, 70 a fault of ours.

mod audit;
mod certificates;
mod check;
mod collector;
mod corpus;
pub mod demo;
mod detectors;
mod explain;
mod gpu;
mod init;
mod key;
mod match_list;
mod model;
pub mod observe;
mod policy;
mod printer;
mod scan;
mod schema;
mod serve;
mod witness;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use printer::Printer;

use crate::policy::{Language, countries, nearest};

/// A data-sovereignty gateway for language models.
#[derive(Debug, Parser)]
#[command(name = "octroi", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole journey on this machine: three model servers, a gateway, a tour. Needs nothing else
    Demo(demo::Arguments),
    /// Run the gateway
    Serve(serve::Arguments),
    /// Check every file of a configuration and run the scenarios of its sheets
    Check(check::Arguments),
    /// Make a new configuration in a folder
    Init(init::Arguments),
    /// Make, list, rotate and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Keep lists of exact values that are to be found, as keyed hashes
    #[command(subcommand)]
    MatchList(match_list::Command),
    /// Keep the documents that must not leave, and see what would be found of them
    #[command(subcommand)]
    Corpus(corpus::Command),
    /// Keep the encoders that read protected documents for their meaning
    #[command(subcommand)]
    Model(model::Command),
    /// Find personal data and secrets in a text
    Scan(scan::Arguments),
    /// Say what would happen to a request body, without sending it
    Explain(explain::Arguments),
    /// List what the detectors find
    Detectors(detectors::Arguments),
    /// The officer's tools: check, matrix, ask, test, lint, diff, sign
    #[command(subcommand)]
    Policy(policy::Command),
    /// Print the JSON Schemas of octroi.toml and of sheets
    #[command(subcommand)]
    Schema(schema::Command),
    /// Test and measure the GPU of this machine
    #[command(subcommand)]
    Gpu(gpu::Command),
    /// Read and verify the audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// Sign checkpoints of others' logs, as a witness (C2SP tlog-witness)
    #[command(subcommand)]
    Witness(witness::Command),
}

/// Where the configuration is.
#[derive(Debug, clap::Args)]
pub(crate) struct ConfigPath {
    /// The configuration file
    #[arg(long, default_value = "octroi.toml", env = "OCTROI_CONFIG")]
    pub(crate) config: PathBuf,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Well,
    /// Something was found or refused.
    Findings,
    /// A fault of the files or of usage, which has been told.
    Fault,
}

/// Runs the command of the process's arguments.
pub fn run() -> ExitCode {
    let printer = Printer;
    let words: Vec<OsString> = std::env::args_os().collect();
    let french = policy::usage_language(&words, policy::locale()) == Language::Fr;
    let command = Arguments::command();
    let command = if french { policy::in_french(command) } else { command };
    let parsed = command.try_get_matches_from(words).and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed {
        Ok(arguments) => arguments,
        Err(error) => {
            match Some(&error).filter(|_| french).and_then(policy::usage_fault) {
                Some(told) => printer.say(told),
                // Help and version are data, and no fault.
                None => error.print().unwrap_or_default(),
            }
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let ended = match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments, printer),
        Command::Serve(arguments) => serve::run(&arguments, printer),
        Command::Check(arguments) => check::run(&arguments, printer),
        Command::Init(arguments) => init::run(&arguments, printer),
        Command::Key(command) => key::run(command, printer),
        Command::MatchList(command) => match_list::run(command, printer),
        Command::Corpus(command) => corpus::run(command, printer),
        Command::Model(command) => model::run(&command, printer),
        Command::Scan(arguments) => scan::run(&arguments, printer),
        Command::Explain(arguments) => explain::run(&arguments, printer),
        Command::Detectors(arguments) => detectors::run(&arguments, printer),
        Command::Policy(command) => policy::run(command, printer),
        Command::Schema(command) => schema::run(&command, printer),
        Command::Gpu(command) => gpu::run(&command, printer),
        Command::Audit(command) => audit::run(command, printer),
        Command::Witness(command) => witness::run(&command, printer),
    };
    match ended.and_then(|exit| Ok(printer.written().map(|()| exit)?)) {
        Ok(Exit::Well) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Ok(Exit::Fault) => ExitCode::from(2),
        Err(error) => {
            printer.error(format!("{error:#}"), None);
            ExitCode::from(2)
        }
    }
}

/// What was probably meant by a word that is not known: the nearest, else all when they are few.
pub(crate) fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let quoted = |words: Vec<&str>| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
    let near = near(word, known.clone());
    let all: Vec<&str> = known.collect();
    match (near.is_empty(), all.is_empty()) {
        (false, _) => format!("did you mean {}?", quoted(near).join(" or ")),
        (true, false) => format!("known: {}", quoted(all).join(", ")),
        (true, true) => "there is none yet".to_owned(),
    }
}

/// What is near to a word that is not known, the nearest first.
pub(crate) fn near<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Vec<&'a str> {
    let lower = word.to_lowercase();
    let mut near = nearest(word, known.clone());
    // A part of the word, or a word of which it is a part, is near too.
    near.extend(known.filter(|known| lower.len() > 2 && known.to_lowercase().contains(&lower)));
    near.dedup();
    near.truncate(3);
    near
}

/// The home of a new configuration: a country of the reference data.
pub(crate) fn home_of(code: &str) -> anyhow::Result<crate::model::Country> {
    let known = countries();
    let country = crate::model::Country::parse(code).filter(|country| known.iter().any(|(known, _)| known == country));
    country.ok_or_else(|| {
        let lower = code.to_lowercase();
        let named = known.iter().filter(|(code, name)| {
            let code = code.as_str().to_lowercase();
            code == lower || (lower.len() > 2 && name.to_lowercase().contains(&lower))
        });
        let named: Vec<String> = named.take(3).map(|(code, name)| format!("`{code}` ({name})")).collect();
        let meant = if named.is_empty() {
            "such as FR, DE or US".to_owned()
        } else {
            format!("did you mean {}?", named.join(" or "))
        };
        anyhow::anyhow!("`--home {code}` is no country: write two upper-case letters of ISO 3166-1\n  help: {meant}")
    })
}

/// Makes the runtime of a command that serves or connects.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
