//! Whether the operator's file and the officer's inventory fit together: truths are bound to addresses, models and ids.
//!
//! A place of `octroi.toml` for which the inventory's truths do not hold is not that backend, whatever it is called.

use std::path::Path;

use crate::config::Config;
use crate::model::{Tier, Word};
use crate::policy::Policy;

/// Everything that does not fit, each with its place in `octroi.toml` and what to do.
pub(super) fn faults(config: &Config, policy: &Policy) -> Vec<String> {
    [unbound_models(config, policy), two_truths(config, policy), foreign_smaller(config, policy)].concat()
}

/// The inventory, as somebody would look for it.
fn inventory(config: &Config) -> String {
    let path: &Path = &config.policy_folder;
    path.join("backends.toml").display().to_string()
}

/// Model names that the inventory's truths do not cover: such a name is not that backend.
fn unbound_models(config: &Config, policy: &Policy) -> Vec<String> {
    let mut problems = Vec::new();
    for (asked, by_backend) in &config.models {
        for (name, model) in by_backend {
            let Some(backend) = policy.backends().iter().find(|backend| backend.name == *name) else { continue };
            if !backend.binding.models.contains(model) {
                let place = config.model_places.get(&(asked.clone(), name.clone())).map_or("[models]", String::as_str);
                problems.push(format!(
                    "{place}: \"{asked}\": the inventory's truths about `{name}` do not cover its model `{model}`\n  help: the officer adds it to `models` of [backend.{name}] in {}, if they hold for it",
                    inventory(config)
                ));
            }
        }
    }
    problems
}

/// Smaller models that nobody serves at home: they could never be taken.
fn foreign_smaller(config: &Config, policy: &Policy) -> Vec<String> {
    let is_home =
        |name: &Word| policy.backends().iter().any(|backend| backend.name == *name && backend.tier <= Tier::Domestic);
    let at_home = |model: &Word| config.models.get(model).is_some_and(|names| names.keys().any(is_home));
    let smaller = config.waiting.smaller.iter().filter(|(_, small)| !at_home(small));
    let told = smaller.map(|(model, small)| {
        format!(
            "[smaller]: \"{model}\": no backend at home serves `{small}`\n  help: name a model of [models] that a backend on premises, or located in and controlled from home, serves"
        )
    });
    told.collect()
}

/// Places under two names that say different things of where they are: one of them is not true. What is sent to the nearer one
/// would go to the other.
fn two_truths(config: &Config, policy: &Policy) -> Vec<String> {
    let truths = |name| policy.backends().iter().find(|known| known.name == name);
    let mut problems = Vec::new();
    for (index, one) in config.backends.iter().enumerate() {
        for other in config.backends.iter().skip(index + 1) {
            let same_place = one.url.host == other.url.host && one.url.port == other.url.port;
            let (Some(first), Some(second)) = (truths(one.name.clone()), truths(other.name.clone())) else { continue };
            if same_place && (first.tier, &first.processing) != (second.tier, &second.processing) {
                problems.push(format!(
                    "{}: [[backend]] `{}` and `{}` have one address, and the inventory says that they are in different places\n  help: correct the `url` of the one that is elsewhere, or what {} says of it",
                    other.place, one.name, other.name, inventory(config)
                ));
            }
        }
    }
    problems
}
