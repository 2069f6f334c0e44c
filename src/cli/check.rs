//! `octroi check`: every file of a configuration, operator's and officer's together, and the scenarios of the sheets.

use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use super::{ConfigPath, Exit, Printer};
use crate::app::Loader;
use crate::policy;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    path: ConfigPath,
}

#[expect(clippy::disallowed_methods, reason = "a command knows the time and passes it down")]
pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    let runtime = super::runtime()?;
    let _entered = runtime.enter();
    let loaded = Loader::new(arguments.path.config.clone(), TaskTracker::new()).load(None)?;
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
        "{} version {}: {} backends, {} models, {} apps, {} of {} scenarios as told",
        policy.name(),
        policy.version(),
        policy.backends().len(),
        loaded.config.models.len(),
        loaded.config.apps.len(),
        results.len() - failed,
        results.len(),
    ));
    for notice in policy.notices() {
        printer.say(format!("warning: {notice}"));
    }
    for backend in loaded.config.backends.iter().filter(|backend| policy.id_of(backend.name.as_str()).is_none()) {
        printer.say(format!("backend `{0}` has no entry in the inventory: it is never used", backend.name));
    }
    for app in loaded.config.apps.iter().filter(|app| app.keys.is_empty()) {
        printer.say(format!("app `{}` has no key yet: `octroi key new --app {}`", app.name, app.name));
    }
    Ok(if failed == 0 { Exit::Well } else { Exit::Findings })
}
