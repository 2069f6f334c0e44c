//! Who may use how much, and what it costs: the operator's rules, and the lines that a request makes of them.

use std::collections::HashMap;
use std::sync::Arc;

use super::Amounts;
use super::store::Line;
use super::window::{What, Window};
use crate::model::{Whose, Word};

/// How much somebody may use. `None`: as much as there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowance {
    /// The limits.
    pub limits: Vec<(What, u64)>,
}

/// What tokens cost, in millionths of the currency for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    /// Tokens of requests.
    pub input: u64,
    /// Tokens of answers.
    pub output: u64,
    /// Tokens of requests that were read from a cache; `None`: they cost what the others do.
    pub cached: Option<u64>,
}

/// Tokens that a request took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the request.
    pub input: u64,
    /// Of the answer.
    pub output: u64,
    /// Of the request, counted in `input`, that were read from a cache.
    pub cached: u64,
}

/// The rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// For each one that has none of its own.
    pub each: HashMap<Whose, Allowance>,
    /// For one by name.
    pub named: HashMap<(Whose, Word), Allowance>,
    /// By backend and model; a model of `None`: every other one.
    pub prices: HashMap<(Word, Option<Word>), Price>,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The tenant.
    pub tenant: &'a Word,
    /// The app.
    pub app: &'a Word,
    /// The keyed pseudonym of the credential.
    pub key: &'a Word,
}

impl Rules {
    /// Whether anything is limited at all.
    pub fn is_empty(&self) -> bool {
        self.each.is_empty() && self.named.is_empty()
    }

    /// The lines of a request at an instant.
    pub(super) fn lines(&self, subject: &Subject<'_>, amounts: Amounts, now_ms: i64) -> Vec<Line> {
        let mut lines = Vec::new();
        for (of, name) in [(Whose::Tenant, subject.tenant), (Whose::App, subject.app), (Whose::Key, subject.key)] {
            let Some(allowance) = self.named.get(&(of, name.clone())).or_else(|| self.each.get(&of)) else { continue };
            lines.extend(allowance.limits.iter().map(|(what, limit)| Line {
                of,
                what: *what,
                key: Arc::from(format!("{}:{}:{name}", what.name(), of.name())),
                limit: *limit,
                amount: amount(*what, amounts),
                window: Window::at(*what, now_ms),
            }));
        }
        lines
    }

    /// What tokens cost at a backend, rounded up.
    pub fn money(&self, backend: &Word, model: &Word, tokens: Tokens) -> u64 {
        let own = self.prices.get(&(backend.clone(), Some(model.clone())));
        let Some(price) = own.or_else(|| self.prices.get(&(backend.clone(), None))) else { return 0 };
        // A backend that counts its cache wrongly cannot make a request cheaper than all of it read from there.
        let cached = tokens.cached.min(tokens.input);
        let costs = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = costs(tokens.input - cached, price.input)
            + costs(cached, price.cached.unwrap_or(price.input))
            + costs(tokens.output, price.output);
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// How much of what is limited.
pub(super) const fn amount(what: What, amounts: Amounts) -> u64 {
    match what {
        What::RequestsMinute | What::Concurrent => 1,
        What::InputMinute | What::InputDay => amounts.input,
        What::OutputMinute | What::OutputDay => amounts.output,
        What::MoneyMonth => amounts.money,
    }
}
