//! `octroi check`: every file of a configuration, operator's and officer's together, and the scenarios of the sheets.

use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use super::{ConfigPath, Exit, Printer};
use crate::app::{Loader, Problems};
use crate::{config, policy};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    path: ConfigPath,
}

#[expect(clippy::disallowed_methods, reason = "a command knows the time and passes it down")]
pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let runtime = super::runtime()?;
    let _entered = runtime.enter();
    let path = &arguments.path.config;
    let loaded = Loader::new(path.clone(), TaskTracker::new()).load(None).map_err(|rejection| {
        let mut problems = rejection.problems.0;
        // A gateway starts without its candidate, so that alone is no reason to refuse; here all is told in one run.
        let missing = config::missing(path, true).into_iter().map(|fault| fault.to_string());
        let untold: Vec<String> =
            missing.filter(|fault| !problems.iter().any(|known| known.to_string() == *fault)).collect();
        problems.extend(untold.into_iter().map(Into::into));
        Problems(problems)
    })?;
    let policy = &loaded.snapshot.policy;
    let mut failed = 0;
    let results = policy::run_scenarios(policy, Timestamp::now());
    for result in &results {
        for failure in &result.failures {
            printer.line(format!("{}:{}: scenario \"{}\": {failure}", result.file, result.line, result.title));
        }
        failed += usize::from(!result.failures.is_empty());
    }
    printer.line(format!(
        "{} version {}: {}, {}, {}, {} of {} scenarios as told",
        policy.name(),
        policy.version(),
        counted(policy.backends().len(), "backend"),
        counted(loaded.config.models.len(), "model"),
        counted(loaded.config.apps.len(), "app"),
        results.len() - failed,
        results.len(),
    ));
    let beside = loaded.beside();
    let faults: Vec<String> = config::missing(path, true).iter().map(ToString::to_string).collect();
    for problem in if faults.is_empty() { &beside } else { &faults } {
        printer.line(problem);
    }
    for notice in policy.notices() {
        printer.say(format!("warning: {notice}"));
    }
    for backend in loaded.config.backends.iter().filter(|backend| policy.id_of(backend.name.as_str()).is_none()) {
        printer.say(format!("backend `{0}` has no entry in the inventory: it is never used", backend.name));
    }
    let issued = loaded.snapshot.callers.ring().file();
    let has_key = |name: &str| issued.keys.iter().any(|key| key.app.as_deref() == Some(name));
    for app in loaded.config.apps.iter().filter(|app| app.keys.is_empty() && !has_key(app.name.as_str())) {
        printer.say(format!("app `{}` has no key yet: `octroi key new --app {}`", app.name, app.name));
    }
    Ok(if failed == 0 && beside.is_empty() { Exit::Well } else { Exit::Findings })
}

/// A number of things: `1 backend`, `2 backends`.
fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
