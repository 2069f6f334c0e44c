//! What a newer policy changes in the matrix: for each backend, the classes of data of which one value, and nothing else, comes out
//! otherwise.
//!
//! The flows that `diff` proves show one request for each cause. Whoever adds a backend wants to know of every class what it may have.

use serde::Serialize;

use super::super::text::say;
use super::Study;
use super::matrix::{Alone, Outcome};
use super::sentence::class_name;
use crate::model::{Action, BackendId, ClassId, EntityId};

/// Classes that come out otherwise at a backend, all in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The backend.
    pub backend: String,
    /// Classes of data.
    pub classes: Vec<String>,
    /// What became of them; absent for a backend that the old inventory does not have.
    pub before: Option<String>,
    /// What becomes of them; absent for one that the new inventory does not have.
    pub after: Option<String>,
}

impl Study {
    /// What differs between the matrices of two policies, by backend.
    pub(super) fn moved(&self, new: &Self) -> Vec<Moved> {
        let gone = self.backends_by_name().filter(|(_, name)| new.policy.id_of(name).is_none());
        let names: Vec<&str> = new.backends_by_name().chain(gone).map(|(_, name)| name).collect();
        let classes: Vec<ClassId> = new.listed_classes().collect();
        let (was, is) = (self.plans_of(&classes), new.plans_of(&classes));
        let mut moved: Vec<Moved> = Vec::new();
        for name in names {
            let of = |study: &Self, plans: &[(ClassId, Vec<Alone>)], at: usize| {
                let (class, plans) = plans.get(at)?;
                Some(new.in_short(*class, &study.outcomes(plans, study.policy.id_of(name)?)))
            };
            for (at, class) in classes.iter().enumerate() {
                let (before, after) = (of(self, &was, at), of(new, &is, at));
                if before == after {
                    continue;
                }
                let class = class_name(*class, &new.catalogue, new.language);
                let like =
                    |known: &&mut Moved| known.backend == name && (&known.before, &known.after) == (&before, &after);
                match moved.iter_mut().find(like) {
                    Some(known) => known.classes.push(class),
                    None => moved.push(Moved { backend: name.to_owned(), classes: vec![class], before, after }),
                }
            }
        }
        moved
    }

    fn backends_by_name(&self) -> impl Iterator<Item = (BackendId, &str)> {
        (0..).map(BackendId).zip(self.policy.backends()).map(|(id, backend)| (id, backend.name.as_str()))
    }

    fn plans_of(&self, classes: &[ClassId]) -> Vec<(ClassId, Vec<Alone>)> {
        classes.iter().map(|class| (*class, self.plans(*class))).collect()
    }

    /// What becomes of a class, in the words of this policy's language, without the class itself.
    fn in_short(&self, class: ClassId, groups: &[(Outcome, Vec<EntityId>)]) -> String {
        let mut groups = groups.iter();
        let first = groups.next().map(|(outcome, _)| outcome);
        // What is refused for another reason is refused all the same.
        let is_refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
        let all_refused = first.is_none_or(is_refused);
        let groups = groups.filter(|(outcome, _)| !(all_refused && is_refused(outcome)));
        let main = match first {
            Some(Outcome::Allowed(Action::Keep, false)) => say!("as it is").said(self.language),
            Some(Outcome::Allowed(action, sealed)) => {
                let change = (*action != Action::Keep).then(|| self.done(*action));
                change.into_iter().chain(self.sealed(*sealed)).collect::<Vec<_>>().join(self.language.semicolon())
            }
            Some(Outcome::Refused(_)) | None => say!("refused").said(self.language),
        };
        let except = groups.map(|(outcome, types)| self.exception(class, outcome, types));
        [main].into_iter().chain(except).collect::<Vec<_>>().join(self.language.semicolon())
    }
}
