//! `octroi key`: makes API keys. A key is shown once; the configuration keeps a keyed hash.
#![expect(clippy::disallowed_methods, reason = "the configuration is read and written")]

use anyhow::Context as _;
use clap::Subcommand;

use super::{ConfigPath, Exit, Printer};
use crate::app;
use crate::config;
use crate::identity::{self, RootKey};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key for an app: prints it once and writes its keyed hash to the configuration
    New {
        /// The app, as named in the configuration
        #[arg(long)]
        app: String,
        #[command(flatten)]
        path: ConfigPath,
    },
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    let Command::New { app, path } = command;
    let path = path.config;
    let loaded = app::configuration(&path)?;
    let root = RootKey::read(&loaded.root_key)?;
    let key = identity::new_key(&root)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let text = config::with_key(&path, &text, &app, &key.hash)?;
    super::init::replace(&path, &text)?;
    printer.line(key.key.as_str());
    printer.say("this key is shown once; a running gateway takes it from the configuration within a second");
    Ok(Exit::Well)
}
