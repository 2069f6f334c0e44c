//! Limits of callers: from configuration to rules, and the store in which is counted.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use zeroize::Zeroizing;

use super::web;
use crate::config::{Config, LimitConfig, RedisConfig};
use crate::gateway::budget::Weights;
use crate::model::{Whose, Word};
use crate::quota::memory::MemoryStore;
use crate::quota::redis::{Address, RedisStore, Unavailable};
use crate::quota::{Allowance, Price, Quota, Rules, Store, What};

/// The store that is open, and what it was opened by.
#[derive(Debug, Clone)]
pub(super) struct Open {
    by: By,
    store: Arc<dyn Store>,
}

/// All that a store is opened by: what requests are counted with changes when any of it does.
#[derive(Debug, Clone, PartialEq)]
struct By {
    journal: PathBuf,
    redis: Option<RedisConfig>,
    refuses: bool,
    node: Word,
}

/// The rules, and the store: one that is open by the same settings is kept.
pub(super) fn quota(config: &Config, open: Option<Open>) -> Result<(Quota, Open), String> {
    let rules = Arc::new(rules(config));
    let by = By {
        journal: config.quota.journal.clone(),
        redis: config.quota.redis.clone(),
        refuses: config.quota.refuses,
        node: config.node.clone(),
    };
    let open = opened(by, open)?;
    Ok((Quota { rules, store: Arc::clone(&open.store) }, open))
}

fn opened(by: By, before: Option<Open>) -> Result<Open, String> {
    match before.filter(|open| open.by == by) {
        Some(open) => Ok(open),
        None => Ok(Open { store: store(&by)?, by }),
    }
}

fn store(by: &By) -> Result<Arc<dyn Store>, String> {
    let Some(redis) = &by.redis else {
        let fault = |error| format!("[quota] the journal `{}` cannot be read: {error}", by.journal.display());
        return Ok(Arc::new(MemoryStore::open(&by.journal).map_err(fault)?));
    };
    let unavailable = if by.refuses { Unavailable::Refuse } else { Unavailable::LastLease };
    let names = (redis.prefix.as_str(), by.node.as_str());
    Ok(Arc::new(RedisStore::new(address(redis)?, names, unavailable)))
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
    let authorities = redis.roots.as_deref().map(web::pem).transpose();
    let config = authorities.and_then(|authorities| web::client(authorities, None));
    config.map(Arc::new).map_err(|error| format!("[quota.redis] roots: {error:#}"))
}

fn rules(config: &Config) -> Rules {
    let mut rules = Rules::default();
    for limit in &config.quota.limits {
        let of = limit.of;
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
        rules.prices.insert(key, Price { input: price.input, output: price.output, cached: price.cached_input });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    /// A store is kept while all that it was opened by is the same, and no longer: a new password counts too.
    #[test]
    fn a_store_is_kept_while_its_settings_are() {
        let redis = |password: &str| RedisConfig {
            host: "redis.example".to_owned(),
            port: 6379,
            database: 0,
            user: Some("octroi".to_owned()),
            password: Some(Secret::new(password.to_owned())),
            tls: false,
            roots: None,
            prefix: "octroi:".to_owned(),
        };
        let by = |redis: RedisConfig| By {
            journal: "quota.journal".into(),
            redis: Some(redis),
            refuses: false,
            node: Word::fixed("one"),
        };
        let before = redis("one");
        for (name, after, is_kept) in [
            ("nothing", before.clone(), true),
            ("the password", redis("two"), false),
            ("the user", RedisConfig { user: None, ..before.clone() }, false),
            ("the authorities", RedisConfig { roots: Some(b"other".to_vec()), ..before.clone() }, false),
            ("the port", RedisConfig { port: 6380, ..before.clone() }, false),
        ] {
            let open = Open { store: store(&by(before.clone())).unwrap(), by: by(before.clone()) };
            let kept = Arc::clone(&open.store);
            let then = opened(by(after), Some(open)).unwrap();
            assert_eq!(Arc::ptr_eq(&kept, &then.store), is_kept, "{name}");
        }
        assert!(!format!("{:?}", redis("of-the-test")).contains("of-the-test"), "a password is not shown");
    }
}
