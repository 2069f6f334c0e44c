//! `[quota]`: how much tenants, apps and keys may use, what tokens cost, and where it is counted.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::Secret;
use super::raw::{RawConfig, RawSource};
use super::resolve::Resolver;
use crate::limits::WEIGHT_MAX;
use crate::model::{Whose, Word};

/// `[quota]` as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawQuota {
    pub(super) journal: Option<Spanned<String>>,
    pub(super) redis: Option<RawRedis>,
    pub(super) on_unavailable: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) limit: Vec<RawLimit>,
    #[serde(default)]
    pub(super) price: Vec<RawPrice>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRedis {
    pub(super) address: Spanned<String>,
    pub(super) database: Option<u32>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Spanned<RawSource>>,
    #[serde(default)]
    pub(super) tls: bool,
    pub(super) roots: Option<Spanned<String>>,
    pub(super) prefix: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimit {
    pub(super) of: Spanned<String>,
    pub(super) name: Option<Spanned<String>>,
    pub(super) requests_minute: Option<u64>,
    pub(super) input_tokens_minute: Option<u64>,
    pub(super) output_tokens_minute: Option<u64>,
    pub(super) input_tokens_day: Option<u64>,
    pub(super) output_tokens_day: Option<u64>,
    pub(super) concurrent: Option<u64>,
    pub(super) money_month: Option<Spanned<String>>,
    pub(super) weight: Option<Spanned<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrice {
    pub(super) backend: Spanned<String>,
    pub(super) model: Option<Spanned<String>>,
    pub(super) input: Spanned<String>,
    pub(super) cached_input: Option<Spanned<String>>,
    pub(super) output: Spanned<String>,
}

/// How much may be used, and where it is counted.
#[derive(Debug, Clone)]
pub struct QuotaConfig {
    /// The journal of counters in memory.
    pub journal: PathBuf,
    /// Redis, where several gateways count together.
    pub redis: Option<RedisConfig>,
    /// Whether nothing is served while Redis is down.
    pub refuses: bool,
    /// The limits.
    pub limits: Vec<LimitConfig>,
    /// What tokens cost.
    pub prices: Vec<PriceConfig>,
}

/// Where Redis is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Number of the database.
    pub database: u32,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<Secret>,
    /// Whether TLS is spoken.
    pub tls: bool,
    /// PEM of the authorities trusted for it; `None`: those of the system.
    pub roots: Option<Vec<u8>>,
    /// What stands before each key.
    pub prefix: String,
}

/// The limits of one, or of each that has none of its own.
#[derive(Debug, Clone)]
pub struct LimitConfig {
    /// Whose.
    pub of: Whose,
    /// Which one; `None`: each.
    pub name: Option<Word>,
    /// Requests of a minute.
    pub requests_minute: Option<u64>,
    /// Tokens of requests, of a minute and of a day.
    pub input_tokens: [Option<u64>; 2],
    /// Tokens of answers, of a minute and of a day.
    pub output_tokens: [Option<u64>; 2],
    /// Requests at once.
    pub concurrent: Option<u64>,
    /// Money of a month, in millionths of the currency.
    pub money_month: Option<u64>,
    /// Its weight when places are shared.
    pub weight: Option<u32>,
}

/// What tokens cost at a backend.
#[derive(Debug, Clone)]
pub struct PriceConfig {
    /// The backend.
    pub backend: Word,
    /// The configured model; `None`: every other one.
    pub model: Option<Word>,
    /// A million tokens of requests, in millionths of the currency.
    pub input: u64,
    /// A million tokens of requests that were read from a cache; `None`: as other tokens of requests.
    pub cached_input: Option<u64>,
    /// A million tokens of answers, in millionths of the currency.
    pub output: u64,
}

impl Resolver<'_> {
    /// Reads the limits, the prices, and where is counted.
    pub(super) fn quota(&mut self, raw: &RawConfig) -> QuotaConfig {
        let quota = &raw.quota;
        let refuses = match quota.on_unavailable.as_ref().map(|word| (word, word.get_ref().as_str())) {
            None | Some((_, "last-lease")) => false,
            Some((_, "refuse")) => true,
            Some((word, _)) => {
                let help =
                    "`last-lease` lets each gateway take its part of what was left last; `refuse` serves nothing";
                self.fault(word, "is neither `last-lease` nor `refuse`", help);
                false
            }
        };
        let mut seen = BTreeSet::new();
        let limits = quota.limit.iter().filter_map(|limit| self.limit(limit, raw, &mut seen)).collect();
        let prices = quota.price.iter().filter_map(|price| self.price(price, raw)).collect();
        let journal = match &quota.journal {
            Some(journal) => self.under(Some(journal), ""),
            None => self.under(raw.audit.folder.as_ref(), "audit").join("quota.journal"),
        };
        QuotaConfig {
            journal,
            redis: quota.redis.as_ref().and_then(|redis| self.redis(redis)),
            refuses,
            limits,
            prices,
        }
    }

    fn redis(&mut self, raw: &RawRedis) -> Option<RedisConfig> {
        let roots = raw.roots.as_ref().and_then(|file| self.readable(file));
        let password = match &raw.password {
            None => None,
            Some(source) => Some(self.secret(source)?),
        };
        let parsed = raw.address.get_ref().rsplit_once(':').and_then(|(host, port)| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            (!host.is_empty()).then_some((host.to_owned(), port.parse::<u16>().ok()?))
        });
        let Some((host, port)) = parsed else {
            self.fault(&raw.address, "is not a host with a port", "write for example `redis.example.internal:6379`");
            return None;
        };
        Some(RedisConfig {
            host,
            port,
            database: raw.database.unwrap_or(0),
            user: raw.user.clone(),
            password,
            tls: raw.tls,
            roots,
            prefix: raw.prefix.clone().unwrap_or_else(|| "octroi:".to_owned()),
        })
    }

    fn limit(
        &mut self,
        raw: &RawLimit,
        whole: &RawConfig,
        seen: &mut BTreeSet<(Whose, Option<String>)>,
    ) -> Option<LimitConfig> {
        let Some(of) = Whose::named(raw.of.get_ref()) else {
            self.fault(&raw.of, "is not one of `tenant`, `app`, `key`", "write whose use is counted together");
            return None;
        };
        if let Some(name) = &raw.name {
            let known = |known: &Spanned<String>| known.get_ref() == name.get_ref();
            let is_known = match of {
                Whose::Tenant => whole.app.iter().any(|app| known(&app.tenant)),
                Whose::App => whole.app.iter().any(|app| known(&app.name)),
                // Keys come and go while the gateway runs.
                Whose::Key => true,
            };
            if !is_known {
                let what = format!("no {} is called `{}`", raw.of.get_ref(), name.get_ref());
                self.fault(name, what, "name one of the [[app]] tables, or leave `name` out: then it is for each");
            }
        }
        if !seen.insert((of, raw.name.as_ref().map(|name| name.get_ref().clone()))) {
            self.fault(&raw.of, "stands twice for the same", "put the limits into one table");
        }
        let weight = raw.weight.as_ref().and_then(|weight| {
            let number = *weight.get_ref();
            if !(1..=u64::from(WEIGHT_MAX)).contains(&number) || of == Whose::Key || raw.name.is_none() {
                let what = format!("`weight` is not between 1 and {WEIGHT_MAX}, or is a key's or everybody's");
                self.fault(
                    weight,
                    what,
                    "weights are those of tenants and apps by name; 1 is that of whoever has none",
                );
            }
            u32::try_from(number).ok()
        });
        let money_month = raw.money_month.as_ref().and_then(|money| self.money(money));
        Some(LimitConfig {
            of,
            name: raw.name.as_ref().map(|name| Word::configured(name.get_ref())),
            requests_minute: raw.requests_minute,
            input_tokens: [raw.input_tokens_minute, raw.input_tokens_day],
            output_tokens: [raw.output_tokens_minute, raw.output_tokens_day],
            concurrent: raw.concurrent,
            money_month,
            weight,
        })
    }

    fn price(&mut self, raw: &RawPrice, whole: &RawConfig) -> Option<PriceConfig> {
        if !whole.backend.iter().any(|backend| backend.name.get_ref() == raw.backend.get_ref()) {
            let what = format!("no backend is called `{}`", raw.backend.get_ref());
            self.fault(&raw.backend, what, "name one of the [[backend]] tables");
        }
        if let Some(model) = &raw.model
            && !whole.models.keys().any(|known| known.get_ref() == model.get_ref())
        {
            let what = format!("[models] has no `{}`", model.get_ref());
            self.fault(
                model,
                what,
                "name a model as clients ask for it, or leave `model` out: then it is for every other",
            );
        }
        Some(PriceConfig {
            backend: Word::configured(raw.backend.get_ref()),
            model: raw.model.as_ref().map(|model| Word::configured(model.get_ref())),
            input: self.money(&raw.input)?,
            cached_input: raw.cached_input.as_ref().and_then(|money| self.money(money)),
            output: self.money(&raw.output)?,
        })
    }

    /// An amount of money, in millionths.
    fn money(&mut self, text: &Spanned<String>) -> Option<u64> {
        let parsed = millionths(text.get_ref());
        if parsed.is_none() {
            self.fault(
                text,
                "is no amount of money",
                "write for example `\"250\"` or `\"0.15\"`, with six decimals at most",
            );
        }
        parsed
    }
}

fn millionths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 || whole.len() > 9 {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole * 1_000_000 + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read() {
        for (text, money) in [
            ("250", Some(250_000_000)),
            ("0.15", Some(150_000)),
            ("2.500001", Some(2_500_001)),
            ("1.", None),
            (".5", None),
            ("-1", None),
            ("1,5", None),
            ("0.0000001", None),
        ] {
            assert_eq!(millionths(text), money, "{text}");
        }
    }
}
