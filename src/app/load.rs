//! From files to a [`Snapshot`]: `octroi.toml`, the policy folder, the detectors, the root key.
#![expect(clippy::disallowed_methods, reason = "the composition root reads files and the time, and passes them down")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;

use crate::config::{self, BackendConfig, Config, CorpusConfig, Credential};
use crate::detect::{self, Engine};
use crate::gateway::snapshot::Snapshot;
use crate::identity::{Callers, Purpose, Registration, RootKey};
use crate::leak::guard::Guard;
use crate::leak::store::CorpusKeys;
use crate::leak::{NoCorpus, Scanner};
use crate::model::{Binding, Catalogue};
use crate::policy::study::{Begin, Study};
use crate::policy::{self, Policy, SourceFile, Sources, Vocabulary};
use crate::transform;
use crate::upstream::{Bounds, ClientCertificate, HealthCheck, Pool, Roots, Secret, Settings, Signer};

/// Everything that is wrong with the files, each in full.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n\n"))]
pub struct Problems(pub Vec<String>);

/// A configuration and the snapshot made of it.
#[derive(Debug)]
pub struct Loaded {
    /// The operator's file.
    pub config: Config,
    /// What requests go through.
    pub snapshot: Arc<Snapshot>,
}

/// Reads the files, at start and again at each reload.
#[derive(Debug, Clone)]
pub struct Loader {
    path: PathBuf,
    tasks: TaskTracker,
    /// The corpus that is open, with what it was opened by.
    guard: Arc<Mutex<Option<(CorpusConfig, [u8; 32], Arc<Guard>)>>>,
}

impl Loader {
    /// A loader of one `octroi.toml`.
    pub fn new(path: PathBuf, tasks: TaskTracker) -> Self {
        Self { path, tasks, guard: Arc::default() }
    }

    /// The configuration file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads and compiles everything. `before` lends its connections to backends that did not change.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn load(&self, before: Option<&Snapshot>) -> Result<Loaded, Problems> {
        let config =
            config::load(&self.path).map_err(|faults| Problems(faults.0.iter().map(ToString::to_string).collect()))?;
        let root = RootKey::read(&config.root_key).map_err(|error| Problems(vec![error.to_string()]))?;
        let (policy, engine, catalogue) = officer(&config.policy_folder)?;
        let engine = with_lists(engine, &config.policy_folder, &root, &catalogue)?;
        let mut problems = Vec::new();
        let pool = self.pool(&config, &policy, before).map_err(|found| problems.extend(found)).ok();
        let callers = Callers::new(&root, &registrations(&config))
            .map_err(|faults| problems.extend(faults.iter().map(ToString::to_string)))
            .ok();
        problems.extend(unbound_models(&config, &policy));
        problems.extend(two_truths(&config, &policy));
        let scanner = self.scanner(&config, &root).map_err(|problem| problems.push(problem)).ok();
        let (Some(pool), Some(callers), Some(scanner)) = (pool, callers, scanner) else {
            return Err(Problems(problems));
        };
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let snapshot = Arc::new(Snapshot {
            policy,
            catalogue,
            engine,
            memory: before.map_or_else(Arc::default, |before| Arc::clone(&before.memory)),
            callers,
            models: config.models.clone(),
            pool: Arc::new(pool),
            scanner,
            root: Arc::new(root),
            limits: config.limits,
        });
        Ok(Loaded { config, snapshot })
    }

    /// The scanner of the configured corpus. One that is open already is kept: it follows its folder by itself.
    fn scanner(&self, config: &Config, root: &RootKey) -> Result<Arc<dyn Scanner>, String> {
        let mut open = self.guard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(corpus) = &config.corpus else {
            *open = None;
            return Ok(Arc::new(NoCorpus));
        };
        let own = corpus.folder.join(CORPUS_KEY);
        let own = if own.exists() { Some(RootKey::read(&own).map_err(|error| error.to_string())?) } else { None };
        let keys = corpus_keys(own.as_ref().unwrap_or(root));
        let kept = open.as_ref().filter(|(from, check, _)| from == corpus && *check == keys.check());
        let guard = if let Some((_, _, guard)) = kept {
            Arc::clone(guard)
        } else {
            let check = keys.check();
            let guard = Guard::open(&corpus.folder, keys, corpus.budget, corpus.history)
                .map_err(|error| format!("[corpus] {error}"))?;
            let guard = Arc::new(guard);
            *open = Some((corpus.clone(), check, Arc::clone(&guard)));
            guard
        };
        Ok(guard)
    }

    fn pool(&self, config: &Config, policy: &Policy, before: Option<&Snapshot>) -> Result<Pool, Vec<String>> {
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
        Pool::build(settings, before, &self.tasks).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }
}

/// A policy folder, read, with the detectors of this build and of the folder.
#[derive(Debug)]
pub(crate) struct Officer {
    /// The officer's files.
    pub(crate) sources: Sources,
    catalogue: Catalogue,
    engine: Engine,
}

impl Officer {
    /// Reads a folder.
    ///
    /// # Errors
    /// What cannot be read, and every fault of the detectors and the catalogue.
    pub(crate) fn read(folder: &Path) -> Result<Self, Problems> {
        let sources = sources(folder).map_err(|problem| Problems(vec![problem]))?;
        let catalogue = policy::catalogue(&sources.reference).map_err(rendered)?;
        let own = read_folder(&folder.join("detectors"), "toml").map_err(|problem| Problems(vec![problem]))?;
        let mut detectors: Vec<detect::Source<'_>> = detect::embedded().to_vec();
        detectors.extend(own.iter().map(|file| detect::Source { name: &file.name, toml: &file.text }));
        let engine = Engine::new(&detectors, &catalogue)
            .map_err(|faults| Problems(faults.iter().map(ToString::to_string).collect()))?;
        // Names of bodies are found on request: a sheet that has the word asks.
        let asked = sources.sheets.iter().chain(&sources.packs).any(|file| file.text.contains("organisation"));
        let engine = if asked { engine.with_organisations() } else { engine };
        Ok(Self { sources, catalogue, engine })
    }

    /// Compiles the folder for the officer's tools.
    ///
    /// # Errors
    /// Every fault of every file.
    pub(crate) fn study(&self, now: Timestamp) -> Result<Study, Problems> {
        self.study_of(&self.sources, now)
    }

    /// Compiles other files with the detectors of this folder.
    ///
    /// # Errors
    /// Every fault of every file.
    pub(crate) fn study_of(&self, sources: &Sources, now: Timestamp) -> Result<Study, Problems> {
        Study::new(sources, &self.catalogue, &self.engine.served(), &vocabulary(), now).map_err(rendered)
    }

    /// Makes the files of a new folder.
    ///
    /// # Errors
    /// What of the choice is not known.
    pub(crate) fn begin(&self, begin: &Begin<'_>, now: Timestamp) -> Result<Vec<(String, String)>, Problems> {
        begin.files(&self.catalogue, &self.engine.served(), &vocabulary(), now).map_err(rendered)
    }
}

fn rendered(faults: Vec<policy::Diagnostic>) -> Problems {
    Problems(faults.into_iter().map(|fault| policy::render(&fault)).collect())
}

/// Reads and compiles a policy folder with the detectors of this build and of the folder.
///
/// # Errors
/// Every fault of every file.
pub(crate) fn officer(folder: &Path) -> Result<(Policy, Arc<Engine>, Arc<Catalogue>), Problems> {
    let Officer { sources, catalogue, engine } = Officer::read(folder)?;
    let policy = policy::compile(&sources, &catalogue, &engine.served(), &vocabulary(), now()).map_err(rendered)?;
    Ok((policy, Arc::new(engine), Arc::new(catalogue)))
}

/// The folder of lists of exact values, beside the sheets.
pub(crate) const MATCH_LISTS: &str = "match-lists";

/// The key of lists of exact values.
pub(crate) fn match_key(root: &RootKey) -> detect::MatchKey {
    let mac = hmac::sign(&root.mac_key(Purpose::MatchList, &[]), b"siphash");
    detect::MatchKey(mac.as_ref().first_chunk().copied().unwrap_or_default())
}

/// The key that a corpus may have of its own, beside its segments.
pub(crate) const CORPUS_KEY: &str = "corpus.key";

/// The keys of a corpus below a root.
pub(crate) fn corpus_keys(root: &RootKey) -> CorpusKeys {
    CorpusKeys::new(root.mac_key(Purpose::Corpus, &[]))
}

/// The engine with every list of exact values of a policy folder.
fn with_lists(
    engine: Arc<Engine>,
    folder: &Path,
    root: &RootKey,
    catalogue: &Catalogue,
) -> Result<Arc<Engine>, Problems> {
    let lists = paths(&folder.join(MATCH_LISTS), "list").map_err(|problem| Problems(vec![problem]))?;
    if lists.is_empty() {
        return Ok(engine);
    }
    let mut engine = Arc::into_inner(engine).ok_or_else(|| Problems(vec!["the engine is in use".to_owned()]))?;
    let mut problems = Vec::new();
    for path in lists {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let list = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|file| detect::MatchList::read(match_key(root), &file).map_err(|error| error.to_string()));
        engine = match list {
            Ok(list) => engine.with_list(&name, list, catalogue).map_err(|fault| Problems(vec![fault.to_string()]))?,
            Err(problem) => {
                problems.push(format!("{}: {problem}", path.display()));
                engine
            }
        };
    }
    if problems.is_empty() { Ok(Arc::new(engine)) } else { Err(Problems(problems)) }
}

fn now() -> Timestamp {
    Timestamp::now()
}

/// What this build can do.
fn vocabulary() -> Vocabulary {
    Vocabulary { actions: transform::vocabulary().to_vec(), seals: false, hosted: Vec::new() }
}

/// The officer's files of a folder, as text.
///
/// # Errors
/// When the folder or a file cannot be read.
pub(crate) fn sources(folder: &Path) -> Result<Sources, String> {
    let inventory = folder.join("backends.toml");
    Ok(Sources {
        sheets: read_folder(folder, "policy")?,
        packs: read_folder(&folder.join("packs"), "policy")?,
        inventory: if inventory.exists() { Some(read_file(&inventory)?) } else { None },
        reference: [read_folder(&folder.join("reference"), "toml")?, read_folder(&folder.join("reference"), "csv")?]
            .concat(),
    })
}

fn read_file(path: &Path) -> Result<SourceFile, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    Ok(SourceFile { name: path.display().to_string(), text })
}

/// The files of a folder with an extension, sorted by name; none when there is no folder.
fn read_folder(folder: &Path, extension: &str) -> Result<Vec<SourceFile>, String> {
    paths(folder, extension)?.iter().map(|path| read_file(path)).collect()
}

fn paths(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: cannot be read: {error}", folder.display())),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: cannot be read: {error}", folder.display()))?.path();
        if path.extension().is_some_and(|found| found == extension) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn registrations(config: &Config) -> Vec<Registration> {
    let apps = config.apps.iter();
    apps.map(|app| Registration {
        app: app.name.clone(),
        tenant: app.tenant.clone(),
        purpose: app.purpose.clone(),
        roles: app.roles.clone(),
        residence: app.residence.clone(),
        minors: app.minors,
        labels_required: app.labels_required,
        quiet: app.quiet,
        keys: app.keys.clone(),
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
    settings.credential = backend.credential.as_ref().map(|credential| match credential {
        Credential::Bearer(token) => crate::upstream::Credential::Bearer(secret(token)),
        Credential::Signature { access_key, secret_key, session_token, region, service } => {
            crate::upstream::Credential::Signature(Signer {
                access_key: secret(access_key),
                secret_key: secret(secret_key),
                session_token: session_token.as_ref().map(secret),
                region: region.to_string(),
                service: service.to_string(),
            })
        }
        Credential::Header(name, value) => {
            crate::upstream::Credential::Header { name: name.to_string(), secret: secret(value) }
        }
    });
    settings.client_certificate = backend
        .client_certificate
        .as_ref()
        .map(|(chain, key)| ClientCertificate { chain: chain.clone(), key: secret(key) });
    settings.headers = backend.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    settings.plaintext = !url.tls;
    settings.bounds = Bounds { first_byte: backend.first_byte, reply_idle: backend.reply_idle, ..Bounds::default() };
    settings.health = HealthCheck { path: Some(backend.health_path.to_string()), ..HealthCheck::default() };
    settings
}

/// Model names that the inventory's truths do not cover: such a name is not that backend.
fn unbound_models(config: &Config, policy: &Policy) -> Vec<String> {
    let mut problems = Vec::new();
    for (asked, by_backend) in &config.models {
        for (name, model) in by_backend {
            let Some(backend) = policy.backends().iter().find(|backend| backend.name == *name) else { continue };
            if !backend.binding.models.contains(model) {
                problems.push(format!(
                    "[models] \"{asked}\": the inventory's truths about `{name}` do not cover its model `{model}`\n  help: the officer adds it to `models` of `{name}` in backends.toml, if they hold for it"
                ));
            }
        }
    }
    problems
}

/// Places under two names that say different things of where they are: one of them is not true. What is sent to the nearer one
/// would go to the other.
fn two_truths(config: &Config, policy: &Policy) -> Vec<String> {
    let truths = |backend: &BackendConfig| policy.backends().iter().find(|known| known.name == backend.name);
    let mut problems = Vec::new();
    for (index, one) in config.backends.iter().enumerate() {
        for other in config.backends.iter().skip(index + 1) {
            let same_place = one.url.host == other.url.host && one.url.port == other.url.port;
            let (Some(first), Some(second)) = (truths(one), truths(other)) else { continue };
            if same_place && (first.tier, &first.processing) != (second.tier, &second.processing) {
                problems.push(format!(
                    "[[backend]] `{}` and `{}` have one address, and the inventory says that they are in different places\n  help: correct the `url` of the one that is elsewhere",
                    one.name, other.name
                ));
            }
        }
    }
    problems
}
