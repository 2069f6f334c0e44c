//! `octroi key`: makes, lists, rotates and revokes keys. A key is shown once; the file of keys keeps a keyed hash, and a gateway
//! that runs follows the file.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};

use super::{ConfigPath, Exit, Printer};
use crate::app;
use crate::identity::change::{self, Issued, KeyFault, Plain, Wanted, Who};
use crate::identity::file::Channel;
use crate::identity::listing::{self, Known, Listed};
use crate::identity::{Callers, KeyRing, RootKey, moment, span};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key: prints it once, and keeps its keyed hash
    New(New),
    /// List the keys: for whom, for what, until when, last used
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        path: ConfigPath,
    },
    /// Make a key with the same scopes in the place of another, which ends after the overlap
    Rotate {
        /// The key's id, as `octroi key list` shows it
        id: String,
        /// For how long both keys count: `0m`, `30m`, `24h`, `7d`
        #[arg(long, default_value = "24h", value_parser = span)]
        overlap: SignedDuration,
        /// When the new key ends by itself: a day that it includes, or a time (default: when the old one would have)
        #[arg(long, value_parser = moment)]
        expires: Option<Timestamp>,
        #[command(flatten)]
        path: ConfigPath,
    },
    /// End a key: within a second it proves nothing any more
    Revoke {
        /// The key's id, as `octroi key list` shows it
        id: String,
        #[command(flatten)]
        path: ConfigPath,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct New {
    /// The app, as named in the configuration
    #[arg(long, required_unless_present = "admin", conflicts_with = "admin")]
    app: Option<String>,
    /// Make the token of an administrator of this name instead, who may change keys by the admin listener
    #[arg(long)]
    admin: Option<String>,
    /// When it ends by itself: a day that it includes (2027-01-31), or a time
    #[arg(long, value_parser = moment)]
    expires: Option<Timestamp>,
    /// A model that it may ask for; may be repeated (default every one)
    #[arg(long = "model")]
    models: Vec<String>,
    /// An API that it may speak, `openai` or `openai/chat`; may be repeated (default every one)
    #[arg(long = "api")]
    apis: Vec<String>,
    /// A purpose of the app that it may declare; may be repeated (default all of the app's)
    #[arg(long = "purpose")]
    purposes: Vec<String>,
    /// What people should know about it
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    path: ConfigPath,
}

/// What a command works on.
struct Desk {
    root: RootKey,
    callers: Callers,
    plain: Vec<Plain>,
    known: Known,
}

pub(super) fn run(command: Command, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::New(new) => {
            let desk = Desk::open(&new.path)?;
            let some = |names: Vec<String>| (!names.is_empty()).then_some(names);
            let wanted = Wanted {
                app: new.app,
                admin: new.admin,
                expires: new.expires,
                models: some(new.models),
                apis: some(new.apis),
                purposes: some(new.purposes),
                note: new.note,
            };
            desk.known.check(&wanted)?;
            let made = desk.change(|file, desk, who| change::issue(file, &desk.root, wanted, who))?;
            show(&made, printer);
        }
        Command::Rotate { id, overlap, expires, path } => {
            let made = Desk::open(&path)?.change(|file, desk, who| {
                change::rotate(file, &desk.root, (&id, overlap, expires), &desk.plain, who)
            })?;
            show(&made, printer);
            if let Some(until) = made.replaced_until {
                printer.say(format!("the key `{id}` counts until {until}"));
            }
        }
        Command::Revoke { id, path } => {
            Desk::open(&path)?.change(|file, desk, who| change::revoke(file, &desk.root, &id, &desk.plain, who))?;
            printer.say(format!("the key `{id}` is revoked; a running gateway refuses it within a second"));
        }
        Command::List { json, path } => {
            let desk = Desk::open(&path)?;
            let listed = listing::list(desk.callers.ring(), &desk.root, (&desk.plain, &desk.known), now());
            if json {
                printer.json(&listed);
            } else {
                print(&listed, printer);
            }
        }
    }
    Ok(Exit::Well)
}

impl Desk {
    fn open(path: &ConfigPath) -> anyhow::Result<Self> {
        let config = app::configuration(&path.config)?;
        let root = RootKey::read(&config.root_key)?;
        let ring = Arc::new(KeyRing::open(&config.callers)?);
        let callers = app::keyed(&config, &root, ring).map_err(|faults| anyhow!(faults.join("\n")))?;
        Ok(Self { root, plain: callers.plain(), known: Known::of(&callers, &config.models), callers })
    }

    fn change<T>(
        &self,
        edit: impl FnOnce(&mut crate::identity::file::KeyFile, &Self, &Who) -> Result<T, KeyFault>,
    ) -> anyhow::Result<T> {
        let who = Who {
            by: format!("user-{}", rustix::process::getuid().as_raw()),
            channel: Channel::Command,
            at: now(),
            change: new_id(),
        };
        self.callers.ring().change(|file| edit(file, self, &who)).context("no key was changed")
    }
}

fn show(made: &Issued, printer: Printer) {
    printer.line(made.key.expose());
    printer.say(format!("this key is shown once; its id is {}; a running gateway takes it within a second", made.id));
}

fn print(listed: &[Listed], printer: Printer) {
    for key in listed {
        let time =
            |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%dT%H:%MZ").to_string());
        let whose = match (&key.app, &key.admin) {
            (Some(app), _) => format!("app `{app}`"),
            (None, Some(admin)) => format!("administrator `{admin}`"),
            (None, None) => "-".to_owned(),
        };
        let mut line = format!(
            "{}  {:<11}  {whose}  ends {}  last used {}",
            key.id,
            key.state,
            time(key.revoked.or(key.expires)),
            time(key.last_used)
        );
        for (what, names) in [("models", &key.models), ("APIs", &key.apis), ("purposes", &key.purposes)] {
            if let Some(names) = names {
                line.push_str(&format!("  {what} {}", names.join(", ")));
            }
        }
        if let Some(replaces) = &key.replaces {
            line.push_str(&format!("  in the place of {replaces}"));
        }
        if let Some(note) = &key.note {
            line.push_str(&format!("  \"{}\"", note.escape_debug()));
        }
        printer.line(line);
    }
    if listed.is_empty() {
        printer.say("there is no key yet: `octroi key new --app NAME`");
    }
}

#[expect(clippy::disallowed_methods, reason = "a change is dated")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "a change has an id of its own")]
fn new_id() -> String {
    uuid::Uuid::now_v7().hyphenated().to_string()
}
