//! The emergency freeze: for as long as it lasts, only backends on premises are used, whatever the sheets allow.
//!
//! It is laid over a plan and changes no policy, so that it can be taken up when the newest sheets are broken, and ends to
//! the second without anything being compiled. It can only take out: backends, and the hosts into whose addresses values may be
//! put.

use std::sync::Arc;

use super::Policy;
use crate::model::{BackendId, Plan, Removal, Removed};

/// Takes every backend out of a plan that is not on premises, and every host that its answer could have sent values to.
pub fn freeze(policy: &Policy, plan: &mut Plan) {
    let away = |backend: BackendId| !policy.on_premises(backend);
    let choices = plan.choices.iter().map(|choice| choice.backend);
    let frozen: Vec<BackendId> = choices.chain(plan.unable.iter().copied()).filter(|backend| away(*backend)).collect();
    plan.choices.retain(|choice| !away(choice.backend));
    plan.unable.retain(|backend| !away(*backend));
    plan.removed.extend(frozen.into_iter().map(|backend| Removed { backend, why: Removal::Frozen }));
    plan.removed.sort_by_key(|removed| removed.backend);
    plan.value_hosts = Arc::from([]);
}
