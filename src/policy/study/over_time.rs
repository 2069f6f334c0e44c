//! Two policies over time: what a newer one makes possible today, and on each day on which either changes by itself.
//!
//! A window that opens next month, a certificate whose new evidence reaches further: neither shows today, and whoever signs
//! today signs it. So the two are compared at every instant at which a truth, a window or an exception of either begins or
//! ends. Instants at which nothing that decides is other than before are passed over. So is one policy, where `lint` says that
//! something of it changes nothing.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::Policy;
use super::super::resolved::Resolved;
use super::Study;
use super::diff::{self, GivenUp, Opened};
use super::outcome::Known;
use super::search::{Effort, Looked};
use super::side::{Side, opens, standing};
use crate::model::Word;

/// Instants that are looked at; beyond it what lies later is undecided.
const INSTANTS_MAX: usize = 64;

/// Differences in both directions.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) opened: Dated,
    pub(super) refused: Dated,
}

/// Differences, each with the day from which it shows; none for today.
#[derive(Debug, Default)]
pub(super) struct Dated {
    pub(super) changes: Vec<(Option<Date>, diff::Change)>,
    pub(super) undecided: Vec<GivenUp>,
    seen: BTreeSet<(Option<Word>, Word, diff::Kind)>,
}

impl Dated {
    /// Adds what an instant shows; what showed before is told once.
    fn add(&mut self, day: Option<Date>, opened: Opened) {
        for change in opened.changes {
            if self.seen.insert((change.backend.clone(), change.cause.clone(), change.kind)) {
                self.changes.push((day, change));
            }
        }
        for what in opened.undecided {
            self.give_up(what);
        }
    }

    /// Tells what shows on a day from that day, where a search was given up then and the request was only found for a later one.
    fn show_on(&mut self, day: Option<Date>, (before, after): (Side<'_>, Side<'_>)) {
        for (from, change) in self.changes.iter_mut().filter(|(from, _)| *from > day) {
            let Some(name) = &change.backend else { continue };
            let stands = |side: Side<'_>| {
                let id = side.policy.id_of(name.as_str())?;
                standing(&side.plan(&change.example), id).cloned()
            };
            let (was, is) = (stands(before), stands(after));
            // What is changed less today and refused later is not possible newly until then.
            let is_so = match change.kind {
                diff::Kind::Possible => was.is_none(),
                diff::Kind::Milder => was.is_some(),
                _ => false,
            };
            if is_so && opens(was.as_ref(), is.as_ref(), &change.example) {
                *from = day;
                let found = format!("{name} [{}]", change.cause);
                self.undecided.retain(|one| day.is_some() || one.what != found);
            }
        }
        self.changes.sort_by_key(|(from, _)| *from);
    }

    /// Adds a search that was given up, once, whatever the instants.
    fn give_up(&mut self, one: GivenUp) {
        if !self.undecided.iter().any(|known| known.what == one.what) {
            self.undecided.push(one);
        }
    }
}

/// A study as it stands at another instant.
struct Then {
    policy: Policy,
    today: Resolved,
}

impl Study {
    /// What a newer policy makes possible, and what it refuses, now and later.
    pub(super) fn changes(&self, new: &Self, watch: &dyn Fn(Looked)) -> Changes {
        let mut changes = Changes::default();
        let mut instants = self.instants();
        instants.extend(new.instants());
        let more = instants.len() > INSTANTS_MAX;
        let mut before: Option<String> = None;
        let mut compared: Vec<(Option<Date>, Timestamp, Then, Then)> = Vec::new();
        let backends = self.policy.backends().len() + new.policy.backends().len();
        let effort = Effort::new((instants.len().min(INSTANTS_MAX) + 1) * backends, watch);
        for instant in [self.now].into_iter().chain(instants.into_iter().take(INSTANTS_MAX)) {
            let (Some(old), Some(new)) = (self.then(instant), new.then(instant)) else {
                changes.opened.give_up(GivenUp { what: instant.to_string(), looked: None });
                continue;
            };
            let decides = format!("{}{}", old.decides(), new.decides());
            if before.as_ref() == Some(&decides) {
                effort.compared(backends);
                continue;
            }
            before = Some(decides);
            let day = (instant != self.now).then(|| self.gathered.day(instant));
            let (was, is) = (old.side(instant), new.side(instant));
            changes.opened.add(day, diff::opened(was, is, &effort));
            changes.refused.add(day, diff::opened(is, was, &effort));
            compared.push((day, instant, old, new));
        }
        for (day, instant, old, new) in &compared {
            let (old, new) = (old.side(*instant), new.side(*instant));
            changes.opened.show_on(*day, (old, new));
            changes.refused.show_on(*day, (new, old));
        }
        if more {
            changes.opened.give_up(GivenUp { what: format!("> {INSTANTS_MAX}"), looked: None });
        }
        changes
    }

    /// The instants to come at which something begins or ends, one more than are looked at.
    fn instants(&self) -> BTreeSet<Timestamp> {
        let next = |at: &Timestamp| self.gathered.next_change(*at);
        std::iter::successors(next(&self.now), next).take(INSTANTS_MAX + 1).collect()
    }

    /// What is known of today and of every instant to come, for what holds today: a window, an exception or evidence may hide for a
    /// time what a rule does. Where there are more instants than are looked at, nothing is claimed.
    pub(super) fn at_every_instant(&self, today: Known, ask: &dyn Fn(&Self) -> Known) -> Known {
        if today != Known::Yes {
            return today;
        }
        let Some(later) = self.later() else { return Known::Undecided };
        let mut known = Known::Yes;
        for then in later {
            match ask(then) {
                Known::No => return Known::No,
                Known::Undecided => known = Known::Undecided,
                Known::Yes => {}
            }
        }
        known
    }

    /// The policy at each instant to come at which it decides otherwise than before, in their order; nothing where there are more than
    /// are looked at.
    pub(super) fn later(&self) -> Option<&[Self]> {
        self.later.get_or_init(|| self.studied_later()).as_deref()
    }

    fn studied_later(&self) -> Option<Vec<Self>> {
        let instants = self.instants();
        if instants.len() > INSTANTS_MAX {
            return None;
        }
        let mut before = self.then(self.now)?.decides();
        let mut later = Vec::new();
        for instant in instants {
            let then = self.then(instant)?;
            let decides = then.decides();
            if decides != before {
                later.push(Self {
                    gathered: self.gathered.clone(),
                    today: then.today,
                    policy: then.policy,
                    catalogue: self.catalogue.clone(),
                    served: self.served.clone(),
                    vocabulary: self.vocabulary.clone(),
                    language: self.language,
                    now: instant,
                    told: self.told,
                    later: OnceLock::new(),
                });
                before = decides;
            }
        }
        Some(later)
    }

    fn then(&self, instant: Timestamp) -> Option<Then> {
        let policy = self.gathered.policy(&self.catalogue, &self.vocabulary, instant).ok()?;
        Some(Then { policy, today: self.gathered.resolved.on(self.gathered.today(instant)) })
    }
}

impl Then {
    fn side(&self, now: Timestamp) -> Side<'_> {
        Side { policy: &self.policy, today: &self.today, now, told: false }
    }

    /// All that a decision rests on, as text.
    fn decides(&self) -> String {
        let backends: Vec<_> = self.policy.backends().iter().map(|backend| (backend.tier, &backend.binding)).collect();
        format!("{:?}{backends:?}{:?}", self.policy.program(), self.policy.labels())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{HEADER, all_types, every, example, now, sources, vocabulary};
    use super::*;

    /// What was only found for a later day and shows today is told from today, and the search for it that was given up is not.
    #[test]
    fn a_flow_is_told_from_the_first_day_on_which_it_shows() {
        let study = |allowed: &str| {
            let catalogue = all_types();
            let sheet = format!("{HEADER}allow backends on premises\nallow backends named any of {allowed}\n");
            Study::new(&sources(&sheet, example()), &catalogue, &every(&catalogue), &vocabulary(), now()).unwrap()
        };
        let (old, new) = (study("cloud-us, cloud-fr"), study("cloud-fr, cloud-de"));
        let mut changes = old.changes(&new, &|_| ());
        let later = Date::new(2026, 12, 15).unwrap();
        let given_up = |what: &str| GivenUp { what: what.to_owned(), looked: None };
        for dated in [&mut changes.opened, &mut changes.refused] {
            let [(day, change)] = dated.changes.as_mut_slice() else { panic!("{dated:?}") };
            assert_eq!(*day, None);
            *day = Some(later);
            let found = format!("{} [{}]", change.backend.as_ref().unwrap(), change.cause);
            dated.undecided = vec![given_up(&found), given_up("another [allow]")];
        }
        let sides = (old.then(old.now).unwrap(), new.then(new.now).unwrap());
        let (was, is) = (sides.0.side(old.now), sides.1.side(new.now));
        changes.opened.show_on(None, (was, is));
        changes.refused.show_on(None, (is, was));
        for dated in [&changes.opened, &changes.refused] {
            assert_eq!(dated.changes[0].0, None, "{dated:?}");
            assert_eq!(dated.undecided, [given_up("another [allow]")]);
        }
    }
}
