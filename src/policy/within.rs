//! Which countries are within the EEA, by the shipped reference data: for those who report on what was sent, not for decisions, which go
//! by the data in force.

use std::sync::LazyLock;

use super::phrase::Language;
use super::reference::{Countries, Reference};
use crate::model::Country;

static EEA: LazyLock<Countries> = LazyLock::new(|| Reference::read(&[], Language::En, &mut Vec::new()).eea());

/// Whether a country is of the EEA, by its code of two letters.
pub fn in_eea(code: &str) -> bool {
    Country::parse(code).is_some_and(|country| EEA.contains(&country))
}
