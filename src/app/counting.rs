//! Limits of callers: from configuration to rules, and the store in which is counted.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::config::{Config, LimitConfig, RedisConfig, Whose};
use crate::gateway::budget::Weights;
use crate::gateway::snapshot::Snapshot;
use crate::gateway::tls::provider;
use crate::model::Word;
use crate::quota::memory::MemoryStore;
use crate::quota::redis::{Address, RedisStore, Unavailable};
use crate::quota::{Allowance, Of, Price, Quota, Rules, Store, What};

/// The rules, and the store: one that is open by the same settings is kept.
pub(super) fn quota(config: &Config, before: Option<&Snapshot>) -> Result<Quota, String> {
    let rules = Arc::new(rules(config));
    let opened_by = opened_by(config);
    if let Some(open) = before.map(|before| &before.quota.store).filter(|store| store.opened_by() == opened_by) {
        return Ok(Quota { rules, store: Arc::clone(open) });
    }
    let store: Arc<dyn Store> = if let Some(redis) = &config.quota.redis {
        let unavailable = if config.quota.refuses { Unavailable::Refuse } else { Unavailable::LastLease };
        let names = (redis.prefix.as_str(), config.node.as_str());
        Arc::new(RedisStore::new(address(redis)?, names, unavailable, opened_by))
    } else {
        let journal = &config.quota.journal;
        let fault = |error| format!("[quota] the journal `{}` cannot be read: {error}", journal.display());
        Arc::new(MemoryStore::open(journal).map_err(fault)?)
    };
    Ok(Quota { rules, store })
}

/// What a store is opened by; never a password.
fn opened_by(config: &Config) -> String {
    match &config.quota.redis {
        None => format!("memory {}", config.quota.journal.display()),
        Some(redis) => format!(
            "redis {}:{}/{} {} {} {} {}",
            redis.host, redis.port, redis.database, redis.prefix, redis.tls, config.node, config.quota.refuses
        ),
    }
}

fn address(redis: &RedisConfig) -> Result<Address, String> {
    Ok(Address {
        host: redis.host.clone(),
        port: redis.port,
        database: redis.database,
        user: redis.user.clone(),
        password: redis.password.as_ref().map(|secret| Zeroizing::new(secret.expose().to_owned())),
        tls: redis.tls.then(|| tls(redis)).transpose()?,
    })
}

fn tls(redis: &RedisConfig) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match &redis.roots {
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        Some(pem) => {
            for certificate in CertificateDer::pem_reader_iter(Cursor::new(pem)) {
                let added = certificate
                    .map_err(|error| error.to_string())
                    .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
                added.map_err(|error| format!("[quota.redis] roots: {error}"))?;
            }
        }
    }
    if roots.is_empty() {
        return Err(
            "[quota.redis] there are no authorities to check the server with: name a file in `roots`".to_owned()
        );
    }
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| format!("[quota.redis] {error}"))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn rules(config: &Config) -> Rules {
    let mut rules = Rules::default();
    for limit in &config.quota.limits {
        let of = match limit.of {
            Whose::Tenant => Of::Tenant,
            Whose::App => Of::App,
            Whose::Key => Of::Key,
        };
        let allowance = allowance(limit);
        // A table that only gives a weight limits nothing, and takes nothing away from what holds for each.
        if allowance.limits.is_empty() {
            continue;
        }
        match &limit.name {
            None => drop(rules.each.insert(of, allowance)),
            Some(name) => drop(rules.named.insert((of, name.clone()), allowance)),
        }
    }
    for price in &config.quota.prices {
        let key = (price.backend.clone(), price.model.clone());
        rules.prices.insert(key, Price { input: price.input, output: price.output });
    }
    rules
}

fn allowance(limit: &LimitConfig) -> Allowance {
    let limits = [
        (What::RequestsMinute, limit.requests_minute),
        (What::InputMinute, limit.input_tokens[0]),
        (What::InputDay, limit.input_tokens[1]),
        (What::OutputMinute, limit.output_tokens[0]),
        (What::OutputDay, limit.output_tokens[1]),
        (What::Concurrent, limit.concurrent),
        (What::MoneyMonth, limit.money_month),
    ];
    Allowance { limits: limits.into_iter().filter_map(|(what, limit)| Some((what, limit?))).collect() }
}

/// Weights of tenants and apps.
pub(super) fn weights(config: &Config) -> Weights {
    let of = |whose: Whose| -> HashMap<Word, u32> {
        let limits = config.quota.limits.iter().filter(|limit| limit.of == whose);
        limits.filter_map(|limit| Some((limit.name.clone()?, limit.weight?))).collect()
    };
    Weights { tenants: of(Whose::Tenant), apps: of(Whose::App) }
}
