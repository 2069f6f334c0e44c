//! `octroi serve`: the gateway, until SIGTERM or Ctrl-C.

use tokio::signal::unix::{SignalKind, signal};

use super::{ConfigPath, Exit, Printer, observe};
use crate::app::App;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    path: ConfigPath,
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    super::runtime()?.block_on(async {
        let observed = observe::start(observe::Level::Info)?;
        let _ignored = ignore_signals()?;
        let app = App::start(arguments.path.config.clone()).await?;
        let scheme = if app.is_plaintext() { "http" } else { "https" };
        printer.say(format!("ready {scheme}://{}", app.address()));
        if let Some(admin) = app.admin() {
            printer.say(format!("admin http://{admin}"));
        }
        until_told().await?;
        printer.say("draining");
        app.stop().await?;
        observed.finish();
        Ok(Exit::Well)
    })
}

/// SIGHUP reloads, once the gateway runs; until then, and for those whose default is to end a process, nothing happens.
fn ignore_signals() -> std::io::Result<[tokio::signal::unix::Signal; 3]> {
    Ok([signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?])
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn until_told() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
