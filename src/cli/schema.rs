//! `octroi schema`: the JSON Schemas of what people and programs write, for editors and checks of their own.

use clap::Subcommand;

use super::{Exit, Printer};
use crate::{config, policy};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Of `octroi.toml`
    Config,
    /// Of a policy sheet's canonical JSON
    Policy,
}

pub(super) fn run(command: &Command, printer: Printer) -> anyhow::Result<Exit> {
    let schema = match command {
        Command::Config => config::schema(),
        Command::Policy => policy::schema::schema(),
    };
    printer.line(serde_json::to_string_pretty(&schema)?);
    Ok(Exit::Well)
}
