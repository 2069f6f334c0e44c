//! What of the officer's files has had its day, or has not had it yet, and what says something else than was probably meant. None of
//! it is a fault: what ended, what nobody has verified yet and a region that nobody knows count as unknown, so they open nothing. But
//! whoever wrote it believes otherwise, and is told at every check.

use jiff::civil::Date;

use super::Vocabulary;
use super::compile::Gathered;
use super::declared::{Entry, Today};
use super::nearest::did_you_mean;
use super::phrase::Phrase;
use super::resolved::{Atom, Gate, Rule};
use super::text::{Text, say};
use crate::limits::ENDED_MAX;
use crate::model::entry::Ended;
use crate::model::{Action, Word};

/// Below this a leak score was probably written out of 100.
const LOW_SCORE: u16 = 100;

/// Duties that this build cannot do: a backend that stands under one is removed wherever there is something to do.
pub(super) fn undoable(rules: &[Rule], vocabulary: &Vocabulary) -> Vec<Text> {
    let mut told = Vec::new();
    for rule in rules {
        let mut missing: Vec<&str> = Vec::new();
        let actions = rule.actions.iter().map(|(_, action)| *action);
        for action in actions.chain(rule.class_actions.iter().map(|(_, action)| *action)) {
            let done = matches!(action, Action::Block | Action::Keep) || vocabulary.actions.contains(&action);
            if !done && !missing.contains(&action.name()) {
                missing.push(action.name());
            }
        }
        if rule.seals && !vocabulary.seals {
            missing.push("log sealed");
        }
        told.extend(missing.into_iter().map(|duty| {
            say!("rule `{}` demands `{}`, which this build cannot do: such backends are refused", rule.name, duty)
        }));
    }
    told
}

impl Gathered {
    /// All of it, and what this build cannot do, in the language of the first sheet.
    pub(super) fn notices(&self, today: Date, vocabulary: &Vocabulary) -> Vec<String> {
        let language = self.language();
        let (overdue, unknown) = (self.overdue(today), self.unknown_by_date(today));
        let told = overdue.into_iter().chain(unknown).chain(self.unknown_regions()).chain(self.low_scores());
        let told = told.chain(undoable(&self.resolved.rules, vocabulary)).chain(self.several_clocks());
        told.map(|text| text.said(language)).collect()
    }

    /// That days begin and end at many times, where home has several clocks and a date of these files depends on them.
    fn several_clocks(&self) -> Option<Text> {
        let (mut days, mut lasts) = (Vec::new(), Vec::new());
        for entry in &self.inventory.entries {
            entry.dates(&mut days, &mut lasts);
        }
        self.resolved.dates(&mut days, &mut lasts);
        let is_dated = !days.is_empty() || !lasts.is_empty();
        (is_dated && !self.has_one_clock()).then(|| {
            say!(
                "home has several time zones: a permission until a day ends at 10:00 UTC of it, and one from a day begins at 12:00 UTC"
            )
        })
    }

    /// Regions that are not in the reference data: misspelt, most likely.
    fn unknown_regions(&self) -> Vec<Text> {
        let mut told = Vec::new();
        for entry in &self.inventory.entries {
            for region in &entry.notes.unknown_regions {
                let Some(near) = self.world.reference.regions_like(region.as_str()) else { continue };
                told.push(match did_you_mean(&near) {
                    Some(near) => {
                        say!("the countries of region `{}` of `{}` are not known: {}", region, entry.name, near)
                    }
                    None => say!("the countries of region `{}` of `{}` are not known", region, entry.name),
                });
            }
        }
        told
    }

    /// Conditions on a leak score that read as if scores ended at 100.
    fn low_scores(&self) -> Vec<Text> {
        let mut told = Vec::new();
        for rule in self.resolved.rules.iter().filter(|rule| !rule.pack) {
            for condition in rule.gate.conditions() {
                condition.visit(true, &mut |atom, _| {
                    if let Atom::LeakAtLeast(score @ 1..LOW_SCORE) | Atom::LeakHistoryAtLeast(score @ 1..LOW_SCORE) = atom
                    {
                        let score = u64::from(*score);
                        told.push(say!(
                            "rule `{}` asks for a leak score of {}, and scores run from 0 to 1000: {} is meant, perhaps",
                            rule.name,
                            score,
                            score * 10
                        ));
                    }
                });
            }
        }
        told
    }

    /// Truths that are unknown today because of their dates.
    pub(super) fn unknown_by_date(&self, today: Date) -> Vec<Text> {
        let mut told = Vec::new();
        for entry in &self.inventory.entries {
            let (mut firsts, mut lasts) = (entry.notes.verified.clone(), Vec::new());
            entry.dates(&mut Vec::new(), &mut lasts);
            for days in [&mut firsts, &mut lasts] {
                days.sort_unstable();
                days.dedup();
            }
            told.extend(firsts.into_iter().filter(|first| *first > today).map(|first| {
                say!(
                    "`{}` is said to be verified on {}, which is still to come: what that covers is unknown until then",
                    entry.name,
                    first.to_string()
                )
            }));
            let contract = entry.contract.ever().and_then(|contract| contract.dated).filter(|dated| *dated > today);
            told.extend(contract.map(|dated| {
                say!(
                    "the contract of `{}` is dated {}, which is still to come: until then it counts as none",
                    entry.name,
                    dated.to_string()
                )
            }));
            let instruments = entry.instruments.ever().into_iter().flatten().filter(|one| one.dated > today);
            told.extend(instruments.map(|one| {
                say!(
                    "the transfer basis of `{}` is dated {}, which is still to come: until then it counts as none",
                    entry.name,
                    one.dated.to_string()
                )
            }));
            told.extend(
                lasts.into_iter().filter(|last| *last < today).map(|last| {
                    say!("a truth about `{}` ended on {}: it is unknown since", entry.name, last.to_string())
                }),
            );
        }
        told
    }

    /// The evidence that was over on that day, of each backend: the latest first, and so many at most as an entry takes.
    pub(super) fn ended(&self, today: Today) -> Vec<Ended> {
        let of = |entry: &Entry| {
            let name = entry.name.clone();
            let ended = entry.ended(today).into_iter();
            ended.map(move |(what, on)| (on, name.clone(), what)).collect::<Vec<_>>()
        };
        let mut ended: Vec<_> = self.inventory.entries.iter().flat_map(of).collect();
        ended.sort_unstable_by(|one, other| (other.0, &one.1, one.2).cmp(&(one.0, &other.1, other.2)));
        let recorded = ended.into_iter().take(ENDED_MAX).map(|(on, backend, what)| Ended {
            backend,
            on: Word::configured(&on.to_string()),
            what: Word::fixed(what),
        });
        recorded.collect()
    }

    /// Exceptions, rules and `allow` lines that are over, and reviews that are due.
    pub(super) fn overdue(&self, today: Date) -> Vec<Text> {
        let exceptions = self.resolved.exceptions.iter().filter(|exception| exception.until < today);
        let exceptions = exceptions.map(|exception| {
            say!("exception `{}` ended on {}: take it out", exception.name, exception.until.to_string())
        });
        let over = |gate: &Gate| gate.until.filter(|until| *until < today).map(|until| until.to_string());
        let resolved = &self.resolved;
        let rules = resolved
            .rules
            .iter()
            .filter(|rule| !rule.pack)
            .filter_map(|rule| Some(say!("rule `{}` ended on {}: take it out", rule.name, over(&rule.gate)?)));
        let allows = resolved.allows.iter().filter_map(|allow| {
            let until = over(&allow.gate)?;
            Some(say!("`{}` number {} ended on {}: take it out", Phrase::AllowBackends, allow.number, until))
        });
        let tools = resolved.tools.iter().filter_map(|tool| {
            Some(say!("`{} {}` ended on {}: take it out", Phrase::AllowHosted, tool.tool, over(&tool.gate)?))
        });
        let clauses = resolved
            .fall_backs
            .iter()
            .filter_map(|clause| Some(say!("`{}` ended on {}: take it out", Phrase::FallBack, over(&clause.gate)?)));
        let reviews = self.reviews().into_iter().filter(|(_, review)| *review <= today);
        let reviews = reviews.map(|(name, review)| say!("`{}` was to be reviewed before {}", name, review.to_string()));
        exceptions.chain(rules).chain(allows).chain(tools).chain(clauses).chain(reviews).collect()
    }
}
