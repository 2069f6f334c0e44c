//! The composition root: the only place below the commands that names concrete implementations.
//!
//! [`Loader`] turns files into a [`crate::gateway::snapshot::Snapshot`]; [`App`] opens the log, binds the listeners and keeps the snapshot fresh. A
//! reload that fails leaves everything as it was, loudly.

mod anchor;
mod approvers;
mod archive;
mod bundle;
mod callers;
mod counting;
mod credentials;
mod each_once;
mod encoder;
mod files;
mod fit;
mod freeze;
mod fronts;
mod in_force;
mod issuers;
mod load;
mod loaded;
mod officer;
mod problem;
mod quarantine;
mod recover;
mod reload;
mod renew;
mod sealing;
mod shadow;
mod status;
mod uncovered;
mod unread;
mod watch;
pub(crate) mod web;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use octroi_verify::verify::CHECKPOINT;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use approvers::approvers;
pub(crate) use archive::Archive;
pub(crate) use bundle::{Bundle, Manifest, NotTheirs, opens, signatures, signed_by};
pub(crate) use files::{Files, MATCH_LISTS, sha256};
pub(crate) use freeze::{
    FILE as FREEZE_FILE, FORMAT as FREEZE_FORMAT, ORDERS_MAX, Order, Orders, REASON_MAX, Signed, Thaw,
};
use fronts::Fronts;
pub(crate) use load::{CORPUS_KEY, corpus_keys, keyed};
pub use load::{Loader, Rejection};
pub use loaded::Loaded;
pub(crate) use officer::{Officer, match_key};
pub use problem::{Fault, Problem, Problems};
pub(crate) use shadow::{FOLDER as SHADOW_FOLDER, inside as inside_bundle};
pub use status::Status;
pub(crate) use uncovered::uncovered;

use crate::audit::{self, AuditLog, SegmentLog};
use crate::config::{self, Config};
use crate::console;
use crate::gateway::server::Server;
use crate::gateway::{Gate, edge};
use crate::model::Word;
use crate::model::entry::{Entry, PolicyLoaded};
use crate::telemetry::Telemetry;

/// A gateway that listens.
#[derive(Debug)]
pub struct App {
    gate: Arc<Gate>,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    /// Of the data path, and of the admin listener.
    is_plaintext: [bool; 2],
    stop: CancellationToken,
    /// Ends the admin listener, after the streams: until then it tells that the gateway drains.
    drained: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
    tasks: TaskTracker,
    log: Arc<SegmentLog>,
}

impl App {
    /// Loads a configuration and starts a gateway with it.
    ///
    /// # Errors
    /// Everything that is wrong with the files, or the first thing that the system refuses. It never listens half
    /// configured.
    pub async fn start(path: PathBuf) -> anyhow::Result<Self> {
        Self::start_on(path, |log| log).await
    }

    /// Starts a gateway whose log is wrapped: by one that copies it elsewhere, or by one that fails on purpose.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_on(
        path: PathBuf,
        wrap: impl FnOnce(Arc<dyn AuditLog>) -> Arc<dyn AuditLog>,
    ) -> anyhow::Result<Self> {
        let (stop, drained) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        let loader = Loader::new(path, tasks.clone());
        let watching = config::load(loader.path()).ok().map(|config| watch::Watch::begin(&[config], loader.path()));
        let loaded = match loader.load(None) {
            Ok(loaded) => loaded,
            Err(refused) => return Err(recorded(loader.path(), refused, wrap).await),
        };
        let config = &loaded.config;
        let watching = watching.unwrap_or_else(|| watch::Watch::begin(std::slice::from_ref(config), loader.path()));
        let telemetry = Arc::new(Telemetry::new(&opentelemetry::global::meter("octroi")));
        let (folder, node, bytes) = (config.audit_folder.clone(), config.node.clone(), config.segment_bytes);
        let log = tokio::task::spawn_blocking(move || open_log(&folder, &node, bytes))
            .await
            .context("the audit log failed inside")??;
        let log = Arc::new(log);
        let wrapped = wrap(Arc::clone(&log) as Arc<dyn AuditLog>);
        let gate = Arc::new(Gate::new(Arc::clone(&loaded.snapshot), wrapped, Arc::clone(&telemetry)));
        let fronts = Fronts::read(config)?;
        telemetry.certificate_valid_until(fronts.valid_until());
        if fronts.data.is_none() {
            tracing::warn!("Listening without TLS, as [dangerous] says");
        }
        let is_plaintext = [fronts.data.is_none(), fronts.admin.is_none()];
        let door = edge::door(Arc::clone(&gate));
        let server = Server::bind(config.listen.address, fronts.data.clone(), door, config.limits)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen.address))?;
        let address = server.address()?;
        let status = Arc::new(Status::new(Arc::clone(&gate)));
        let admin = match config.admin {
            Some(address) => Some(
                console::listen(
                    console::Place {
                        address,
                        front: fronts.admin.clone(),
                        hosts: config.admin_hosts.clone(),
                        limits: config.limits,
                    },
                    (Arc::clone(&status) as Arc<dyn console::Facts>, Arc::clone(&gate)),
                    &tasks,
                    drained.clone(),
                )
                .await
                .with_context(|| format!("cannot listen on {address} for [admin]"))?,
            ),
            None => None,
        };
        let untrue = in_force::record(&gate, &loaded, "start", None).await;
        status.set_scenarios(untrue.context("the policy in force cannot be recorded")?);
        in_force::freeze(&gate, &loaded.beside.freeze).await;
        callers::record(&gate).await;
        loader.keep(&loaded);
        status.set_rejected(&loaded.beside.problems());
        loaded.beside.tell(&telemetry);
        if !config.witnesses.list.is_empty() {
            let folder = config.audit_folder.clone();
            tasks.spawn(anchor::follow(folder, &config.witnesses, Arc::clone(&telemetry), stop.clone())?);
        }
        tasks.spawn(callers::follow(Arc::clone(&status), stop.clone()));
        tasks.spawn(issuers::follow(Arc::clone(&gate), stop.clone()));
        reload::Keeper::new((loader, loaded, watching), fronts, status, stop.clone()).spawn(&tasks);
        tasks.spawn(follow_corpus(Arc::clone(&gate), stop.clone()));
        let serving = tokio::spawn(server.run(stop.clone(), gate.cut.clone()));
        Ok(Self { gate, address, admin, is_plaintext, stop, drained, serving, tasks, log })
    }

    /// Where the data path listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether the data path has no TLS, as `[dangerous]` says.
    pub const fn is_plaintext(&self) -> bool {
        self.is_plaintext[0]
    }

    /// Where metrics and health are served.
    pub const fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Whether the admin listener has no TLS.
    pub const fn is_admin_plaintext(&self) -> bool {
        self.is_plaintext[1]
    }

    /// What every request goes through.
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Takes no new work, lets streams finish within the drain deadline, closes the log.
    ///
    /// # Errors
    /// When the listener or the log failed inside.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.cancel();
        let served = self.serving.await.context("the listener failed inside");
        self.drained.cancel();
        served?;
        self.gate.sealed().await;
        // What watches ends before the log does: a state that is being written is written, and its entry is in the log.
        self.tasks.close();
        drop(tokio::time::timeout(crate::limits::CUT_DEADLINE, self.tasks.wait()).await);
        callers::remember(&self.gate, false).await;
        let counted = Arc::clone(&self.gate.snapshot().quota.store);
        tokio::time::timeout(crate::limits::CUT_DEADLINE, counted.settle_all()).await.unwrap_or_default();
        drop(self.gate);
        let log = self.log;
        tokio::task::spawn_blocking(move || log.stop()).await.context("the audit log failed inside")?;
        Ok(())
    }
}

/// Looks for what was registered or removed, so that it counts within a second.
async fn follow_corpus(gate: Arc<Gate>, stop: CancellationToken) {
    let mut look = tokio::time::interval(crate::limits::LEAK_LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        let scanner = Arc::clone(&gate.snapshot().scanner);
        // A look that fails inside leaves the corpus as it was; the next one is due in a moment.
        tokio::task::spawn_blocking(move || scanner.look()).await.unwrap_or_default();
    }
}

/// Records that a start was refused, as a reload does, and says why. A log that does not open, because another gateway writes it for
/// instance, is told and no more.
async fn recorded(
    path: &Path,
    refused: Rejection,
    wrap: impl FnOnce(Arc<dyn AuditLog>) -> Arc<dyn AuditLog>,
) -> anyhow::Error {
    let reason = refused.reason;
    let Ok(config) = config::load(path) else { return refused.into() };
    let (folder, node, bytes) = (config.audit_folder, config.node, config.segment_bytes);
    // Files with faults found no log: its name and place may be among what is put right.
    if reason == "faults" && !folder.join(CHECKPOINT).exists() {
        return refused.into();
    }
    let append = async {
        let opened = tokio::task::spawn_blocking(move || open_log(&folder, &node, bytes)).await;
        let log = Arc::new(opened.context("the audit log failed inside")??);
        let entry = PolicyLoaded::refused("start", reason);
        wrap(Arc::clone(&log) as Arc<dyn AuditLog>).append(Entry::Policy(Box::new(entry))).await?;
        tokio::task::spawn_blocking(move || log.stop()).await.context("the audit log failed inside")
    };
    if let Err(error) = append.await {
        tracing::warn!(error = format!("{error:#}"), "Refusal of the start is not in the audit log");
    }
    refused.into()
}

#[expect(clippy::disallowed_methods, reason = "the log dates its entries, and gets its clock here")]
fn open_log(folder: &Path, node: &Word, segment_bytes: u64) -> anyhow::Result<SegmentLog> {
    let clock: audit::Clock = Arc::new(jiff::Timestamp::now);
    let open = || {
        let turn = audit::rotate::Turn::of(folder)?;
        SegmentLog::open(audit::rotate::settle(&turn, node, &clock, segment_bytes)?)
    };
    open().map_err(|error| {
        let help = match error {
            audit::OpenError::Locked => {
                "\n  help: one process writes a log: end the gateway or demo that runs on this folder, or give this one a folder of its own (`[audit] folder`; for the demo --dir)"
            }
            _ => "",
        };
        anyhow::anyhow!("the audit log in `{}` cannot be opened: {error}{help}", folder.display())
    })
}

/// Reads the configuration only, for commands that need no gateway.
///
/// # Errors
/// Every fault of the file.
pub fn configuration(path: &Path) -> Result<Config, config::Faults> {
    config::load(path)
}
