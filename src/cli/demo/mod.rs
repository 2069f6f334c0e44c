//! `octroi demo`: the whole house on one machine, with model servers that show what reached them.
//!
//! The gateway that runs here is the product's own, started by [`App::start`] from files that anybody can read afterwards.
//! Only the model servers are demonstrations, and say so.

mod client;
mod model_chat;
mod model_completions;
mod model_embeddings;
mod model_kept;
mod model_question;
mod model_received;
mod model_reply;
mod model_responses;
mod model_schema;
pub mod model_server;
mod record;
mod state;
mod tour;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use self::model_server::{ModelServer, Options};
use self::state::State;
use super::{Exit, Printer, observe, serve};
use crate::app::App;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the demonstration keeps its files
    #[arg(long, default_value = "octroi-demo")]
    dir: PathBuf,
    /// Port of the gateway; 0 picks a free one
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Start without the tour
    #[arg(long, conflicts_with = "tour_only")]
    no_tour: bool,
    /// End after the tour; the exit status says whether all was as told
    #[arg(long)]
    tour_only: bool,
    /// Keep the servers in Paris down once the tour is over, so that requests go abroad where policy lets them
    #[arg(long, conflicts_with = "tour_only")]
    paris_down: bool,
}

/// The demonstration model servers, in the order of the configuration.
#[derive(Debug)]
pub(super) struct Servers {
    paris: [ModelServer; 2],
    cloud: ModelServer,
}

impl Servers {
    async fn start(state: &State) -> anyhow::Result<Self> {
        let start =
            async |name| ModelServer::start(Options::new(name, state.server_tls()?)).await.context("a model server");
        Ok(Self { paris: [start("paris-gpu-1").await?, start("paris-gpu-2").await?], cloud: start("us-cloud").await? })
    }

    fn set_paris_down(&self, down: bool) {
        self.paris.iter().for_each(|server| server.set_down(down));
    }

    fn ports(&self) -> [(&'static str, u16); 3] {
        let [first, second] = &self.paris;
        [
            ("paris-gpu-1", first.address().port()),
            ("paris-gpu-2", second.address().port()),
            ("us-cloud", self.cloud.address().port()),
        ]
    }
}

pub(super) fn run(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    super::runtime()?.block_on(async {
        let observed = observe::start(observe::Level::Error)?;
        let ended = demonstrate(arguments, printer).await;
        observed.finish();
        ended
    })
}

async fn demonstrate(arguments: &Arguments, printer: Printer) -> anyhow::Result<Exit> {
    // A terminal that is closed ends the demonstration; `octroi serve` takes the same signal as a wish to reload.
    let mut hangup = signal(SignalKind::hangup())?;
    let state = State::prepare(&arguments.dir)?;
    let servers = Servers::start(&state).await?;
    servers.set_paris_down(arguments.paris_down && arguments.no_tour);
    state.write_configuration(arguments.port, &servers.ports())?;
    let app = App::start(state.configuration()).await.map_err(|error| {
        let taken = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
        if taken.into_iter().any(|cause| cause.kind() == std::io::ErrorKind::AddrInUse) {
            error.context(format!("port {} is taken: choose another with --port (0 picks one)", arguments.port))
        } else {
            error.context("the gateway of the demonstration did not start")
        }
    })?;
    state.write_client_files(app.address().port(), app.admin(), &servers.ports())?;
    let told = tokio::select! {
        told = show(arguments, (&app, &servers, &state), printer) => told,
        // Nobody watches any more.
        _ = hangup.recv() => Ok(true),
    };
    app.stop().await?;
    Ok(if told? { Exit::Well } else { Exit::Findings })
}

/// The tour, then the house until somebody ends it; `false` when anything was not as told.
async fn show(
    arguments: &Arguments,
    (app, servers, state): (&App, &Servers, &State),
    printer: Printer,
) -> anyhow::Result<bool> {
    let mut told = true;
    if !arguments.no_tour {
        told = tour::run(app, servers, state, printer).await?;
        servers.set_paris_down(arguments.paris_down);
    }
    if !arguments.tour_only {
        if !arguments.paris_down {
            wait_for_paris(app).await;
        }
        let mut stop = serve::Stop::heed()?;
        let port = app.address().port();
        printer.line(format!("ready https://localhost:{port}"));
        printer.line(format!(
            "what reached the server abroad, byte for byte: curl --cacert {} https://localhost:{}/received",
            state.authority().display(),
            servers.cloud.address().port()
        ));
        printer.line(state.how_to(port));
        stop.told().await;
    }
    Ok(told)
}

/// Waits until the gateway's health checks have seen Paris again.
async fn wait_for_paris(app: &App) {
    let up = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        loop {
            look.tick().await;
            let pool = &app.gate().snapshot().pool;
            if pool
                .backends()
                .filter(|backend| backend.name().as_str().starts_with("paris"))
                .all(|backend| backend.available())
            {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(15), up).await.unwrap_or_default();
}
