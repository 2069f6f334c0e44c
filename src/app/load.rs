//! From files to a [`Snapshot`]: `octroi.toml`, the policy folder or signed bundle, the detectors, the root key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::task::TaskTracker;

use super::approvers::{Approvers, approvers};
use super::archive::{Archive, State, state_key};
use super::bundle::Cover;
use super::fronts::Fronts;
use super::loaded::{Beside, Loaded, Open, OpenCorpus, Remembering};
use super::officer::{Officer, now};
use super::problem::{Problem, Problems};
use super::{counting, credentials, encoder, fit, freeze, shadow};
use crate::config::{self, BackendConfig, Config};
use crate::gateway::snapshot::{Freeze, Snapshot};
use crate::identity::{Callers, KeyRing, Purpose, Registration, RootKey};
use crate::leak::guard::Guard;
use crate::leak::store::CorpusKeys;
use crate::leak::{NoCorpus, Scanner};
use crate::model::{Binding, Word};
use crate::policy::Policy;
use crate::upstream::{Bounds, ClientCertificate, HealthCheck, Pool, Region, Roots, Secret, Settings};

/// Why the files do not come into force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problems}")]
pub struct Rejection {
    /// The closed word for the record: `faults`, `signature`, `approvers`, `name`, `rollback`.
    pub reason: &'static str,
    /// What is wrong.
    pub problems: Problems,
}

impl Rejection {
    /// What was signed is not what lies there.
    pub(super) fn signature(problem: String) -> Self {
        Self { reason: "signature", problems: problem.into() }
    }

    pub(super) fn fault(problem: String) -> Self {
        Problems::from(problem).into()
    }

    /// The same, told behind what else is wrong.
    fn behind(self, problems: &[String]) -> Self {
        let before = problems.iter().cloned().map(Problem::from);
        Self { problems: Problems(before.chain(self.problems.0).collect()), reason: self.reason }
    }
}

impl From<Problems> for Rejection {
    fn from(problems: Problems) -> Self {
        Self { reason: "faults", problems }
    }
}

/// Reads the files, at start and again at each reload.
#[derive(Debug, Clone)]
pub struct Loader {
    path: PathBuf,
    tasks: TaskTracker,
    open: Arc<Mutex<Open>>,
}

impl Loader {
    /// A loader of one `octroi.toml`.
    pub fn new(path: PathBuf, tasks: TaskTracker) -> Self {
        Self { path, tasks, open: Arc::default() }
    }

    /// The configuration file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads and compiles everything. `before` lends its connections to backends that did not change. Nothing is written:
    /// what is to be remembered comes with it.
    ///
    /// # Errors
    /// Every fault of every file; or what a signed bundle lacks.
    pub fn load(&self, before: Option<&Snapshot>) -> Result<Loaded, Rejection> {
        let config = config::load(&self.path).map_err(|faults| {
            let problems: Vec<String> =
                faults.0.iter().chain(&config::missing(&self.path, true)).map(ToString::to_string).collect();
            // The officer's files are read although the operator's has faults: all are told in one run.
            let folder = config::policy_folder(&self.path);
            let inside = folder.join("policies");
            let officer = Officer::of_folder(if folder.join("manifest.json").exists() { &inside } else { &folder });
            let officers = officer.and_then(|officer| officer.policy(now())).err().into_iter().flat_map(|it| it.0);
            Problems(problems.into_iter().map(Problem::from).chain(officers).collect())
        })?;
        let mut problems = Vec::new();
        // What is not there is told with its place, and then not again.
        let told = |file: &Path| before.is_none() && !file.exists();
        if before.is_none() {
            problems.extend(config::missing(&self.path, false).iter().map(ToString::to_string));
            problems.extend(Fronts::faults(&config));
        }
        let root = RootKey::read(&config.root_key);
        let root = root.map_err(|error| problems.extend((!told(&config.root_key)).then(|| error.to_string()))).ok();
        let (archive, live) = (Archive::of(&config.audit_folder), before.and_then(|before| before.freeze.as_ref()));
        let key = root.as_ref().map(|root| state_key(root, &config.node));
        let state = archive.state(key.as_ref(), config.approvers.is_some(), now());
        let state = state.map_err(|problem| Rejection::fault(problem).behind(&problems))?;
        let read = officer(&config, &archive, &state);
        let (officer, policy, mut remembering) = read.map_err(|rejection| rejection.behind(&problems))?;
        let Some(root) = root else { return Err(Problems::from(problems).into()) };
        let mut beside = Beside { freeze: look(&config, &state, live), shadow: None };
        remembering.remember(&beside.freeze);
        let shadow = shadow::folder(&config)
            .and_then(|folder| shadow::load(&folder, &policy).map_err(|problem| beside.shadow = Some(problem)).ok());
        let recipe = officer.recipe();
        let detecting = officer
            .detecting(&root, &[Some(&policy), shadow.as_deref()])
            .map_err(|found| problems.extend(found.0.iter().map(ToString::to_string)))
            .ok();
        let pool = self.pool(&config, &policy, before).map_err(|found| problems.extend(found)).ok();
        let callers = callers(&config, &root, before).map_err(|found| problems.extend(found)).ok();
        let quota = counting::quota(&config, self.open().counting).map_err(|problem| problems.push(problem)).ok();
        problems.extend(fit::faults(&config, &policy));
        let sealer = super::sealing::sealer(&config, &policy, &root).unwrap_or_else(|found| {
            problems.extend(found);
            None
        });
        let gone = config.corpus.as_ref().is_some_and(|corpus| told(&corpus.folder));
        let scanner = self.scanner(&config, &root).map_err(|problem| problems.extend((!gone).then_some(problem))).ok();
        let (Some((catalogue, engine)), Some(pool), Some(callers), Some((scanner, corpus)), Some((quota, counting))) =
            (detecting, pool, callers, scanner, quota)
        else {
            return Err(Problems::from(problems).into());
        };
        if !problems.is_empty() {
            return Err(Problems::from(problems).into());
        }
        let snapshot = Arc::new(Snapshot {
            policy: Arc::new(policy),
            freeze: beside.freeze.freeze.clone(),
            shadow,
            catalogue,
            engine,
            memory: before.map_or_else(Arc::default, |before| Arc::clone(&before.memory)),
            callers: Arc::new(callers),
            models: config.models.clone(),
            waiting: Arc::new(config.waiting.clone()),
            pool: Arc::new(pool),
            scanner,
            root: Arc::new(root),
            sealer: sealer.map(Arc::new),
            quota,
            weights: Arc::new(counting::weights(&config)),
            limits: config.limits,
        });
        Ok(Loaded { config, snapshot, remembering, recipe, beside, open: Open { corpus, counting: Some(counting) } })
    }

    /// Keeps what is open of a load that came into force; one that did not leaves what was open before.
    pub(super) fn keep(&self, loaded: &Loaded) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&loaded.open);
    }

    fn open(&self) -> Open {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The scanner of the configured corpus. One that is open already is kept: it follows its folder by itself.
    fn scanner(&self, config: &Config, root: &RootKey) -> Result<(Arc<dyn Scanner>, Option<OpenCorpus>), String> {
        let Some(corpus) = &config.corpus else { return Ok((Arc::new(NoCorpus), None)) };
        let own = corpus.folder.join(CORPUS_KEY);
        let own = if own.exists() { Some(RootKey::read(&own).map_err(|error| error.to_string())?) } else { None };
        let keys = corpus_keys(own.as_ref().unwrap_or(root));
        let check = keys.check();
        let kept = self.open().corpus.filter(|(from, known, _)| from == corpus && *known == check);
        let guard = if let Some((_, _, guard)) = kept {
            guard
        } else {
            let encoder = corpus.model.as_ref().map(encoder::open).transpose()?;
            let guard = Guard::open(&corpus.folder, keys, (corpus.budget, corpus.history), encoder)
                .map_err(|error| format!("[corpus] {error}"))?;
            Arc::new(guard)
        };
        Ok((Arc::clone(&guard) as Arc<dyn Scanner>, Some((corpus.clone(), check, guard))))
    }

    fn pool(&self, config: &Config, policy: &Policy, before: Option<&Snapshot>) -> Result<Pool, Vec<String>> {
        let place = |name: &Word| config.backends.iter().find(|backend| backend.name == *name).map(|it| &*it.place);
        let mut settings = Vec::new();
        for backend in &config.backends {
            match policy.id_of(backend.name.as_str()).and_then(|id| policy.backends().get(usize::from(id.0))) {
                Some(truths) => settings.push(upstream_settings(backend, truths.binding.clone())),
                // A backend without declared truths is never used.
                None => {
                    tracing::warn!(backend = %backend.name, "Backend has no entry in the inventory: it is not used");
                }
            }
        }
        let before = before.map(|snapshot| &*snapshot.pool);
        Pool::build(settings, before, &self.tasks).map_err(|faults| {
            let told = faults.iter().map(|fault| {
                let place = place(&fault.backend).map(|place| format!("{place}: ")).unwrap_or_default();
                let help = fault.fault.help().map(|help| format!("\n  help: {help}")).unwrap_or_default();
                format!("{place}{fault}{help}")
            });
            told.collect()
        })
    }
}

/// The key that a corpus may have of its own, beside its segments.
pub(crate) const CORPUS_KEY: &str = "corpus.key";

/// The keys of a corpus below a root.
pub(crate) fn corpus_keys(root: &RootKey) -> CorpusKeys {
    CorpusKeys::new(root.mac_key(Purpose::Corpus, &[]))
}

/// The officer's files, compiled: those of the folder, or of the signed bundle that the operator demands.
fn officer(config: &Config, archive: &Archive, state: &State) -> Result<(Officer, Policy, Remembering), Rejection> {
    let Some(file) = &config.approvers else {
        let officer = Officer::of_folder(&config.policy_folder)?;
        let policy = officer.policy(now())?;
        let files = officer.files.clone().complete();
        return Ok((
            officer,
            policy,
            Remembering { files, state: state.clone(), before: state.clone(), approvers: Vec::new() },
        ));
    };
    let known = approvers(file).map_err(Rejection::fault)?;
    // Nothing below the cover is read, and nothing compiled, that no approver signed.
    let cover = Cover::read(&config.policy_folder)?;
    let signed = cover.may_follow(&known, state)?;
    let bundle = cover.whole(&config.policy_folder)?;
    let policy = bundle.officer.policy(now())?;
    let accepted = bundle.accept(&policy, &signed, (archive, state))?;
    let files = bundle.officer.files.clone().complete();
    let approvers = signed.iter().map(|name| Word::configured(name)).collect();
    let before = state.clone();
    let state = State { bundle: Some(accepted), ..state.clone() };
    Ok((bundle.officer, policy, Remembering { files, state, before, approvers }))
}

/// Looks for a freeze. Also asked alone, when the newest files are broken: an emergency does not wait for them.
pub(super) fn look(config: &Config, state: &State, live: Option<&Freeze>) -> freeze::Look {
    match config.approvers.as_deref().map(approvers).transpose() {
        Ok(known) => freeze::look(&config.policy_folder, known.as_ref(), state, (live, now())),
        Err(problem) => {
            // Nobody can be verified: what lasts goes on, and nothing begins or ends.
            let known = Approvers::new();
            let look = freeze::look(&config.policy_folder, Some(&known), state, (live, now()));
            freeze::Look { refused: Some(("faults", problem)), ..look }
        }
    }
}

/// The callers, with the ring of issued keys. One that is open already is kept: it follows its file by itself.
fn callers(config: &Config, root: &RootKey, before: Option<&Snapshot>) -> Result<Callers, Vec<String>> {
    let open = before.map(|before| before.callers.ring()).filter(|ring| ring.path() == config.callers);
    let ring = if let Some(ring) = open {
        Arc::clone(ring)
    } else {
        let ring = KeyRing::open(&config.callers).map_err(|error| vec![error.to_string()])?;
        // Another file must not give back what was revoked in the one before.
        let followed = before.map_or(Ok(()), |before| ring.may_replace(before.callers.ring()));
        followed.map_err(|error| vec![error.to_string()])?;
        Arc::new(ring)
    };
    let issuers = super::issuers::issuers(config, before)?;
    Ok(keyed(config, root, ring)?.with_issuers(issuers).with_administrators(&config.administrators))
}

/// The callers whom keys and certificates prove.
///
/// # Errors
/// Each hash of a key that is none.
pub(crate) fn keyed(config: &Config, root: &RootKey, ring: Arc<KeyRing>) -> Result<Callers, Vec<String>> {
    let callers = Callers::new(root, &registrations(config), ring);
    callers.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn registrations(config: &Config) -> Vec<Registration> {
    let apps = config.apps.iter();
    apps.map(|app| Registration {
        app: app.name.clone(),
        tenant: app.tenant.clone(),
        purpose: app.purpose.clone(),
        purposes: app.purposes.clone(),
        roles: app.roles.clone(),
        residence: app.residence.clone(),
        minors: app.minors,
        labels_required: app.labels_required,
        quiet: app.quiet,
        keys: app.keys.clone(),
        certificates: app.certificates.clone(),
    })
    .collect()
}

fn upstream_settings(backend: &BackendConfig, binding: Binding) -> Settings {
    let url = &backend.url;
    let scheme = if url.tls { "https" } else { "http" };
    let host = if url.host.as_str().contains(':') { format!("[{}]", url.host) } else { url.host.to_string() };
    let secret = |secret: &config::Secret| Secret::new(secret.expose());
    let mut settings =
        Settings::new(backend.name.clone(), format!("{scheme}://{host}:{}{}", url.port, url.base_path), binding);
    settings.dialects.clone_from(&backend.dialects);
    settings.roots = backend.roots.clone().map_or(Roots::System, Roots::Pem);
    settings.credential = backend.credential.as_ref().map(credentials::shown);
    settings.client_certificate = backend
        .client_certificate
        .as_ref()
        .map(|(chain, key)| ClientCertificate { chain: chain.clone(), key: secret(key) });
    settings.headers = backend.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    settings.region = backend.region.as_ref().map(|(header, value)| Region::new(header.as_str(), value.as_str()));
    settings.plaintext = !url.tls;
    settings.bounds = Bounds { first_byte: backend.first_byte, reply_idle: backend.reply_idle, ..Bounds::default() };
    settings.health = HealthCheck { path: Some(backend.health_path.to_string()), ..HealthCheck::default() };
    settings.endpoints = backend.endpoints.clone();
    settings.poll.clone_from(&backend.poll);
    settings.full = backend.full;
    settings
}
