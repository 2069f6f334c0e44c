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
        let app = App::start(arguments.path.config.clone()).await?;
        printer.say(format!("ready https://{}", app.address()));
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
