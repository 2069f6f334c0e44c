//! What is demanded of classes that a question or a scenario names, as if a detector had found a value of each.
//!
//! A request that arrives has types; an officer asks of *health* or *personal*. So duties on a class are told as they would meet
//! each of its values. Never used to decide on a request.

use super::Policy;
use super::program::has;
use crate::model::{Action, BackendId, ClassId, Facts, Plan};

/// The strictest action on each class that is told, of those that no other told class implies; classes that are kept are left
/// out. `facts` with what its label says.
pub(super) fn class_duties(policy: &Policy, plan: &Plan, facts: &Facts, backend: BackendId) -> Vec<(ClassId, Action)> {
    let catalogue = policy.catalogue();
    let told = || (0_u8..).map(ClassId).zip(&catalogue.classes).filter(|(class, _)| facts.declared.contains(*class));
    let fired = |name| plan.fired.iter().any(|fired| fired == name);
    let rows = || policy.program().rules.iter().filter(|row| has(&row.on, backend) && fired(&row.name));
    let mut duties = Vec::new();
    for (class, info) in told() {
        let implied =
            told().any(|(other, by)| other != class && by.closure.contains(class) && !info.closure.contains(other));
        let actions = rows().flat_map(|row| &row.class_actions).filter(|(asked, _)| info.closure.contains(*asked));
        let strictest = actions.map(|(_, action)| *action).max().unwrap_or_default();
        if !implied && strictest != Action::Keep {
            duties.push((class, strictest));
        }
    }
    duties
}
