//! Keeps the snapshot fresh: when files change, on SIGHUP, and when the policy's validity ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::archive::{Archive, Held, State, state_key};
use super::fronts::Fronts;
use super::in_force::Signed;
use super::load::{self, Loader, Rejection};
use super::loaded::{Beside, Loaded};
use super::officer::Recipe;
use super::watch::{Settling, Watch};
use super::{Status, freeze, in_force, quarantine};
use crate::config::{self, Config};
use crate::gateway::snapshot::Snapshot;
use crate::limits;
use crate::model::Word;
use crate::model::entry::{Entry, PolicyLoaded, Reloaded};
use crate::quota::Store;

/// Time in which several changes of files count as one: editors write in steps.
const SETTLE: Duration = Duration::from_millis(200);
/// Longest time between two looks at the policy's validity, the log's health, and what no event tells of.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// The task that reloads.
#[derive(Debug)]
pub(super) struct Keeper {
    loader: Loader,
    config: Config,
    watch: Watch,
    fronts: Fronts,
    pub(super) status: Arc<Status>,
    stop: CancellationToken,
    /// Ends the health checks of the pool in force.
    watching: CancellationToken,
    /// Ends what the store of limits does meanwhile.
    counting: CancellationToken,
    /// What was refused last, so that one refusal found again every few seconds is recorded once.
    refused: Option<String>,
    /// The order to freeze that was refused last, for the same reason.
    refused_order: Option<String>,
    /// What the policy in force was compiled of, and who signed it.
    pub(super) made_of: (Arc<Recipe>, Signed),
    /// When it was compiled.
    pub(super) made_at: Timestamp,
    /// The last end of a validity for which a policy was compiled.
    pub(super) ended: Option<Timestamp>,
}

/// Why the files are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Files,
    Signal,
    Expiry,
}

impl Cause {
    const fn name(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Signal => "signal",
            Self::Expiry => "expiry",
        }
    }
}

impl Keeper {
    pub(super) fn new(
        (loader, loaded, watch): (Loader, Loaded, Watch),
        fronts: Fronts,
        status: Arc<Status>,
        stop: CancellationToken,
    ) -> Self {
        let (watching, counting) = (stop.child_token(), stop.child_token());
        let made_of = (Arc::new(loaded.recipe.clone()), Signed::of(&loaded));
        // Which order to freeze was refused and recorded at the start.
        let refused_order = loaded.beside.freeze.refused.as_ref().map(|(_, problem)| problem.clone());
        let made_at = status.gate.now();
        Self {
            loader,
            config: loaded.config,
            watch,
            fronts,
            status,
            stop,
            watching,
            counting,
            refused: None,
            refused_order,
            made_of,
            made_at,
            ended: None,
        }
    }

    /// Lets a store of limits do what it does meanwhile, until another takes its place.
    fn count_with(&mut self, store: Arc<dyn Store>, tasks: &TaskTracker) {
        self.counting.cancel();
        self.counting = self.stop.child_token();
        tasks.spawn(store.run(self.counting.clone()));
    }

    /// Starts the task.
    pub(super) fn spawn(mut self, tasks: &TaskTracker) {
        self.count_with(Arc::clone(&self.status.gate.snapshot().quota.store), tasks);
        let pool = Arc::clone(&self.status.gate.snapshot().pool);
        pool.spawn_health(tasks, &self.watching);
        quarantine::follow(&self.status.gate, &pool, (tasks, &self.watching));
        tasks.spawn(self.run(tasks.clone()));
    }

    async fn run(mut self, tasks: TaskTracker) {
        let mut hangup = signal(SignalKind::hangup()).ok();
        loop {
            let pause = self.pause();
            let asked = async {
                match hangup.as_mut() {
                    Some(signal) => drop(signal.recv().await),
                    None => std::future::pending().await,
                }
            };
            let cause = tokio::select! {
                () = self.stop.cancelled() => break,
                () = asked => Cause::Signal,
                () = self.watch.changed() => {
                    self.settle().await;
                    Cause::Files
                }
                () = tokio::time::sleep(pause) => {
                    self.status.observe();
                    self.end_freeze().await;
                    if self.expired() || self.is_ahead() {
                        if self.renew().await {
                            continue;
                        }
                        Cause::Expiry
                    } else if self.watch.has_missed().await {
                        self.settle().await;
                        Cause::Files
                    } else {
                        continue;
                    }
                }
            };
            self.watch_again().await;
            self.reload(cause, &tasks).await;
        }
        self.status.draining.store(true, Ordering::Relaxed);
    }

    /// Watches what is named now: what was watched may have been replaced, and the configuration may name other places. Begun before
    /// the files are read, so that no change falls between. What is refused is watched too: mending it is a change.
    async fn watch_again(&mut self) {
        let path = self.loader.path().to_owned();
        let read = tokio::task::spawn_blocking(move || config::load(&path).ok()).await;
        let configs: Vec<Config> = read.ok().flatten().into_iter().chain([self.config.clone()]).collect();
        self.watch = self.watch.again(&configs, self.loader.path());
    }

    /// Waits until nobody writes any more what has changed, if that does not take too long. An order to freeze waits for nobody.
    async fn settle(&mut self) {
        let last = tokio::time::Instant::now() + limits::WRITING_MAX;
        let (mut has_looked, mut has_told) = (false, false);
        loop {
            let settling = self.watch.settling(SETTLE).await;
            if matches!(settling, Settling::Done) || self.stop.is_cancelled() {
                return;
            }
            self.renew_in_time().await;
            if tokio::time::Instant::now() >= last {
                if let Settling::Writing(path) = settling {
                    tracing::warn!(path = %path.display(), "A file is read that somebody has not finished writing");
                }
                self.watch.give_up();
                return;
            }
            if let (Settling::Writing(path), false) = (&settling, has_told) {
                has_told = true;
                tracing::info!(path = %path.display(), "A file has changed, and is read when its writer has closed it");
            }
            if !has_looked || matches!(settling, Settling::Moved) {
                has_looked = true;
                let snapshot = self.status.gate.snapshot();
                self.freeze_alone(&snapshot).await;
            }
        }
    }

    /// Until the next look: at the very instant at which the policy's validity ends.
    fn pause(&self) -> Duration {
        let (until, now) = (self.status.gate.snapshot().policy.valid_until(), self.status.gate.now());
        let left = until.map(|until| Duration::try_from(until.duration_since(now)).unwrap_or_default());
        // One that is past and for which nothing could be compiled is looked at as usual.
        let is_new = until != self.ended;
        left.filter(|_| is_new).map_or(LOOK, |left| left.min(LOOK))
    }

    pub(super) fn expired(&self) -> bool {
        let until = self.status.gate.snapshot().policy.valid_until();
        until.is_some_and(|until| until <= self.status.gate.now())
    }

    async fn reload(&mut self, cause: Cause, tasks: &TaskTracker) {
        let mut rejected = Vec::new();
        let mut certificate = self.certificate(&mut rejected);
        let files = [self.config.listen.tls.clone(), self.config.admin_tls.clone()];
        let gate = Arc::clone(&self.status.gate);
        let mut frozen = self.freeze_alone(&gate.snapshot()).await;
        let loaded = self.load(&mut frozen).await;
        let before = gate.snapshot();
        let mut beside = Beside::default();
        let refused = match loaded {
            Ok(loaded) => match in_force::record(&gate, &loaded, cause.name(), Some(&before)).await {
                Ok(untrue) => {
                    self.status.set_scenarios(untrue);
                    self.record_freeze(&loaded.beside.freeze).await;
                    rejected.extend(loaded.beside.problems());
                    beside = self.put_in_force(loaded, tasks);
                    quarantine::ended(&gate, &before.pool).await;
                    if [&self.config.listen.tls, &self.config.admin_tls] != files.each_ref() {
                        certificate = self.certificate(&mut rejected);
                    }
                    None
                }
                // A policy that cannot be recorded does not come into force.
                Err(error) => Some(Rejection { reason: "record", problems: error.to_string().into() }),
            },
            Err(refused) => Some(refused),
        };
        gate.telemetry.reloaded("policy", refused.as_ref().map(ToString::to_string).as_deref());
        // Behind it, so that the last line is not of what went well.
        match &frozen {
            Some(problem) if refused.is_some() => gate.telemetry.reloaded("freeze", Some(problem)),
            _ => beside.tell(&gate.telemetry),
        }
        let unchanged = gate.snapshot().policy.digest() == before.policy.digest();
        let policy = match &refused {
            Some(_) => "refused",
            None if unchanged => "unchanged",
            None => "in-force",
        };
        if refused.is_some() {
            rejected.extend(frozen);
        }
        rejected.extend(refused.as_ref().map(ToString::to_string));
        self.status.set_rejected(&rejected);
        match &refused {
            Some(refused) => self.refuse(cause, refused).await,
            None => self.refused = None,
        }
        if cause != Cause::Expiry || refused.is_none() {
            let entry = Reloaded { cause: Word::fixed(cause.name()), policy: Word::fixed(policy), certificate };
            gate.audit.append(Entry::Reload(entry)).await.map(drop).unwrap_or_default();
        }
        self.status.observe();
    }

    /// Reads and compiles the files, which may take long. An emergency waits for no sheet: not until it is read, nor until it is compiled
    /// and compared; and neither does the end of a permission.
    async fn load(&mut self, frozen: &mut Option<String>) -> Result<Loaded, Rejection> {
        let inside = |_| Rejection { reason: "inside", problems: "the load failed inside".to_owned().into() };
        let gate = Arc::clone(&self.status.gate);
        let (loader, from, made_at) = (self.loader.clone(), gate.snapshot(), gate.now());
        let mut loading = tokio::task::spawn_blocking(move || loader.load(Some(&from)));
        let loaded = loop {
            if let Ok(loaded) = tokio::time::timeout(SETTLE, &mut loading).await {
                break loaded.map_err(inside)??;
            }
            *frozen = self.freeze_alone(&gate.snapshot()).await;
            self.renew_in_time().await;
        };
        self.made_at = made_at;
        let live = gate.snapshot().freeze.clone();
        tokio::task::spawn_blocking(move || loaded.look_again(live.as_ref())).await.map_err(inside)?
    }

    /// Reads the certificates and the authorities of clients again, and says in a word how that went.
    fn certificate(&self, rejected: &mut Vec<String>) -> Option<Word> {
        if !self.fronts.any() {
            return None;
        }
        let problems: Vec<String> = self.fronts.follow(&self.config).iter().map(ToString::to_string).collect();
        let problem = (!problems.is_empty()).then(|| problems.join("\n"));
        self.status.gate.telemetry.reloaded("certificate", problem.as_deref());
        self.status.gate.telemetry.certificate_valid_until(self.fronts.valid_until());
        let word = if problem.is_none() { "in-force" } else { "refused" };
        rejected.extend(problem);
        Some(Word::fixed(word))
    }

    /// Returns what was looked at beside the policy.
    fn put_in_force(&mut self, loaded: Loaded, tasks: &TaskTracker) -> Beside {
        // A backend that both pools share is watched once.
        self.loader.keep(&loaded);
        let candidate = |snapshot: &Snapshot| {
            let shadow = snapshot.shadow.as_ref();
            shadow.map(|policy| [policy.digest(), policy.inventory_digest(), policy.reference_digest()])
        };
        if candidate(&self.status.gate.snapshot()) != candidate(&loaded.snapshot) {
            self.status.gate.telemetry.shadow_began();
        }
        self.watching.cancel();
        self.watching = self.stop.child_token();
        loaded.snapshot.pool.spawn_health(tasks, &self.watching);
        quarantine::follow(&self.status.gate, &loaded.snapshot.pool, (tasks, &self.watching));
        let (before, store) = (self.status.gate.snapshot(), Arc::clone(&loaded.snapshot.quota.store));
        if !Arc::ptr_eq(&before.quota.store, &store) {
            self.count_with(store, tasks);
            let before = Arc::clone(&before.quota.store);
            tasks.spawn(async move { before.settle_all().await });
        }
        self.made_of = (Arc::new(loaded.recipe.clone()), Signed::of(&loaded));
        self.status.gate.replace(loaded.snapshot);
        self.config = loaded.config;
        loaded.beside
    }

    /// Records a refusal; the same one found again because a validity has ended is recorded once.
    async fn refuse(&mut self, cause: Cause, refused: &Rejection) {
        let text = refused.to_string();
        if cause == Cause::Expiry && self.refused.as_ref() == Some(&text) {
            return;
        }
        self.refused = Some(text);
        let entry = Entry::Policy(Box::new(PolicyLoaded::refused(cause.name(), refused.reason)));
        self.status.gate.audit.append(entry).await.map(drop).unwrap_or_default();
    }

    /// Takes up a freeze, or its end, under the policy that stays in force. Returns what is wrong with the order.
    async fn freeze_alone(&mut self, before: &Arc<Snapshot>) -> Option<String> {
        let (config, live) = (self.config.clone(), before.freeze.clone());
        let now = self.status.gate.now();
        let key = state_key(&before.root, &config.node);
        let looked = tokio::task::spawn_blocking(move || {
            let archive = Archive::of(&config.audit_folder);
            let state = archive.state(Some(&key), config.approvers.is_some(), now);
            let nothing = State::default();
            let look = load::look(&config, state.as_ref().unwrap_or(&nothing), live.as_ref());
            (look, (archive, key), state)
        });
        let Ok((look, (archive, key), state)) = looked.await else {
            return Some("looking for a freeze failed inside".to_owned());
        };
        // An order holds whether or not it can be remembered.
        if look.freeze != before.freeze {
            self.status.gate.replace(Arc::new(Snapshot { freeze: look.freeze.clone(), ..Snapshot::clone(before) }));
        }
        self.record_freeze(&look).await;
        let held: Vec<Held> = look.lasting.iter().map(Held::of).collect();
        let refused = look.refused.map(|(_, problem)| problem);
        let remembered = match state {
            // What somebody edited is put right at once, and told once.
            Ok(state) if state.proven && state.freezes == held && state.thawed == look.thawed => Ok(()),
            Ok(state) => {
                let state = State { freezes: held, thawed: look.thawed, ..state };
                let written = tokio::task::spawn_blocking(move || archive.set_state(&key, &state)).await;
                written.map_err(std::io::Error::other).flatten().map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem),
        };
        refused.or_else(|| remembered.err())
    }

    /// Records what became of freezes; an order that is refused again for the same reason is recorded once.
    async fn record_freeze(&mut self, look: &freeze::Look) {
        let refused = look.refused.as_ref().map(|(_, problem)| problem.clone());
        let again = refused.is_some() && refused == self.refused_order;
        self.refused_order = refused;
        let look = freeze::Look { refused: look.refused.clone().filter(|_| !again), ..look.clone() };
        in_force::freeze(&self.status.gate, &look).await;
    }

    /// Records that a freeze has ended by itself. It stopped counting at its very end; this makes it known.
    async fn end_freeze(&mut self) {
        let before = self.status.gate.snapshot();
        let now = self.status.gate.now();
        if before.freeze.as_ref().is_some_and(|freeze| freeze.until <= now) {
            let problem = self.freeze_alone(&before).await;
            if let Some(problem) = problem {
                tracing::error!(problem, "End of a freeze could not be taken up whole");
            }
        }
    }
}
