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
pub mod observe;
mod policy;
mod printer;
mod scan;
mod schema;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use printer::Printer;

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
    /// Make API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Keep lists of exact values that are to be found, as keyed hashes
    #[command(subcommand)]
    MatchList(match_list::Command),
    /// Keep the documents that must not leave, and see what would be found of them
    #[command(subcommand)]
    Corpus(corpus::Command),
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
}

/// Runs the command of the process's arguments.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are data, and no fault.
            error.print().unwrap_or_default();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let printer = Printer;
    let ended = match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments, printer),
        Command::Serve(arguments) => serve::run(&arguments, printer),
        Command::Check(arguments) => check::run(&arguments, printer),
        Command::Init(arguments) => init::run(&arguments, printer),
        Command::Key(command) => key::run(command, printer),
        Command::MatchList(command) => match_list::run(command, printer),
        Command::Corpus(command) => corpus::run(command, printer),
        Command::Scan(arguments) => scan::run(&arguments, printer),
        Command::Explain(arguments) => explain::run(&arguments, printer),
        Command::Detectors(arguments) => detectors::run(&arguments, printer),
        Command::Policy(command) => policy::run(command, printer),
        Command::Schema(command) => schema::run(&command, printer),
        Command::Gpu(command) => gpu::run(&command, printer),
        Command::Audit(command) => audit::run(command, printer),
    };
    match ended {
        Ok(Exit::Well) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Err(error) => {
            printer.error(format!("{error:#}"), None);
            ExitCode::from(2)
        }
    }
}

/// Makes the runtime of a command that serves or connects.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
