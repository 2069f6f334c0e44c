//! What a lawyer would misread although every word of it is right: `octroi policy check` refuses it, in its place.

use super::super::diagnostic::{Diagnostic, render};
use super::super::phrase::Phrase;
use super::super::resolved::{Allow, Gate};
use super::super::text::say;
use super::Study;
use super::lint::{Advice, Kind};
use crate::model::BackendId;

impl Study {
    /// What a lawyer would misread: refused by `octroi policy check`.
    pub fn misreadings(&self) -> Vec<Advice> {
        let misread = self.misread().into_iter();
        misread.map(|fault| Advice { kind: Kind::Misread, text: render(&fault).trim_end().to_owned() }).collect()
    }

    /// The same, each in its place.
    pub(super) fn misread(&self) -> Vec<Diagnostic> {
        let side = self.side();
        let backends = || (0..).take(self.policy.backends().len()).map(BackendId);
        let open = |gate: &Gate| gate.when.is_none() && gate.unless.is_none();
        // What stands today, with the windows that the sheets give it.
        let until = |allow: &Allow| {
            let mut written = self.gathered.resolved.allows.iter();
            written.find(|one| one.number == allow.number).and_then(|one| one.gate.until)
        };
        let mut found = Vec::new();
        for (index, allow) in self.today.allows.iter().enumerate().filter(|(_, allow)| !open(&allow.gate)) {
            let admitted: Vec<BackendId> = backends().filter(|backend| side.admits(index, *backend)).collect();
            // A line that ends sooner leaves the condition something to say.
            let lasts = |other: &Allow| until(other).is_none_or(|end| until(allow).is_some_and(|own| own <= end));
            let swallowed = admitted.iter().all(|backend| {
                let mut others = self.today.allows.iter().enumerate();
                others.any(|(at, other)| open(&other.gate) && lasts(other) && side.admits(at, *backend))
            });
            if let Some((file, span)) = self.gathered.allow(allow.number).filter(|_| swallowed && !admitted.is_empty())
            {
                let text = say!(
                    "`{}` number {} has a condition, and every backend it admits is admitted without one",
                    Phrase::AllowBackends,
                    allow.number
                );
                let help = say!("take the line out, or give the other `{}` its condition", Phrase::AllowBackends);
                found.push(Diagnostic::new("octroi::policy::idle-condition", file, span, text).help(help));
            }
        }
        for (file, exception) in self.gathered.exceptions().filter(|(_, one)| one.when.is_none() && !one.torn) {
            let text = say!(
                "exception `{}` spares every request: `{}` says which, or the rule goes until then",
                &exception.name.text,
                Phrase::When
            );
            found.push(Diagnostic::new("octroi::policy::spares-all", file, exception.name.span.clone(), text));
        }
        found
    }
}
