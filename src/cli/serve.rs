//! `octroi serve`: the gateway, until SIGTERM or Ctrl-C.

use tokio::signal::unix::{Signal, SignalKind, signal};

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
        // Heeded before anybody is told that it runs: whoever then stops it at once is drained as well.
        let mut stop = Stop::heed()?;
        let app = App::start(arguments.path.config.clone()).await?;
        let scheme = if app.is_plaintext() { "http" } else { "https" };
        printer.say(format!("ready {scheme}://{}", app.address()));
        if let Some(admin) = app.admin() {
            let scheme = if app.is_admin_plaintext() { "http" } else { "https" };
            printer.say(format!("admin {scheme}://{admin}"));
        }
        stop.told().await;
        printer.say("draining");
        app.stop().await?;
        observed.finish();
        Ok(Exit::Well)
    })
}

/// SIGHUP reloads, once the gateway runs; until then, and for those whose default is to end a process, nothing happens.
fn ignore_signals() -> std::io::Result<[Signal; 3]> {
    Ok([signal(SignalKind::hangup())?, signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?])
}

/// SIGTERM and SIGINT, which no longer end the process by themselves.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub(super) fn heed() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one, or returns at once if it has come.
    pub(super) async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
