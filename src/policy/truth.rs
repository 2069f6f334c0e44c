//! What is possibly and surely true of a backend on a day: the words of a sheet, put to its inventory entry.
//!
//! A declaration that is missing or past its date is unknown: possibly true, not surely. Everything here is two bits, and
//! negation swaps them; whether the unknown helps or harms is decided by who asks, never here.

use std::sync::Arc;

use super::declared::{Attestation, Declared, Entry, Today};
use super::reference::{Countries, Reference};
use super::resolved::Quality;
use super::tree::Expr;
use crate::model::{Certainty, Country, Tier, Word};

/// A backend on a day.
#[derive(Clone, Copy)]
pub(super) struct Truth<'a> {
    pub(super) entry: &'a Entry,
    pub(super) world: &'a World,
    pub(super) today: Today,
}

/// What the predicates need of reference data, worked out once.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) reference: Arc<Reference>,
    pub(super) home: Countries,
    pub(super) eea: Countries,
}

impl Truth<'_> {
    /// A predicate of a sheet.
    pub(super) fn holds(&self, predicate: &Expr<Quality>) -> Certainty {
        predicate.certainty(&mut |quality| self.quality(quality))
    }

    fn quality(&self, quality: &Quality) -> Certainty {
        match quality {
            Quality::OnPremises => self.on_premises(),
            Quality::Domestic => self.located_in(&self.world.home).and(self.controlled_from(&self.world.home)),
            Quality::LocatedIn(area) => self.located_in(area),
            Quality::ControlledFrom(area) => self.controlled_from(area),
            Quality::ExposedTo(regime) => self.exposed_to(regime),
            Quality::Certified { scheme, level } => self.certified(scheme, level.as_ref()),
            Quality::TransferBasis => self.transfer_basis(),
            Quality::Contract => self.contract(),
            Quality::KeysOurs => self.flag(&self.entry.keys_ours),
            Quality::Attested => self.attested(),
            Quality::RetentionNone => self.flag(&self.entry.retention_none),
            Quality::TrainingNever => self.flag(&self.entry.training_never),
            Quality::Named(name) => Certainty::known(self.entry.name == *name),
        }
    }

    fn flag(&self, declared: &Declared<bool>) -> Certainty {
        declared.on(self.today).map_or(Certainty::UNKNOWN, |known| Certainty::known(*known))
    }

    /// The contract of GDPR Art. 28 is on file, and its day has come.
    fn contract(&self) -> Certainty {
        self.entry.contract.on(self.today).map_or(Certainty::UNKNOWN, |contract| {
            Certainty::known(contract.on_file && contract.dated.is_none_or(|dated| self.today.has_begun(dated)))
        })
    }

    /// Run by the owner, located in `home`.
    fn on_premises(&self) -> Certainty {
        self.flag(&self.entry.run_by_owner).and(self.located_in(&self.world.home))
    }

    /// The countries of each place where data is: processing, storage, logs, support, and where each sub-processor works. One
    /// that is not known is `None`, and so are those of sub-processors of whom there is no list today.
    fn places(&self) -> Vec<Option<&Vec<Country>>> {
        let mut places: Vec<_> = self.entry.places.iter().map(|declared| declared.on(self.today)).collect();
        match self.entry.sub_processors.on(self.today) {
            Some(others) => places.extend(others.iter().map(|other| other.places.as_ref())),
            None => places.push(None),
        }
        places
    }

    /// Surely when every country of every place is known and in the area; possibly when any of them is or may be.
    fn located_in(&self, area: &Countries) -> Certainty {
        let mut located = Certainty { possibly: false, surely: true };
        for places in self.places() {
            located.possibly |= places.is_none_or(|places| places.iter().any(|place| area.contains(place)));
            located.surely &= places.is_some_and(|places| places.iter().all(|place| area.contains(place)));
        }
        located
    }

    fn controlled_from(&self, area: &Countries) -> Certainty {
        self.entry
            .controlled_from
            .on(self.today)
            .map_or(Certainty::UNKNOWN, |from| Certainty::known(area.contains(from)))
    }

    /// Surely when declared, or when place, control or a sub-processor brings it; possibly when not excluded.
    fn exposed_to(&self, regime: &Word) -> Certainty {
        let reach = self.world.reference.regimes.get(regime);
        let reached = |country: &Country| reach.is_some_and(|countries| countries.contains(country));
        let from_list = |list: Option<&Vec<Word>>| {
            list.map_or(Certainty::UNKNOWN, |regimes| Certainty::known(regimes.contains(regime)))
        };
        let from_place =
            |country: Option<&Country>| country.map_or(Certainty::UNKNOWN, |c| Certainty::known(reached(c)));
        let mut exposed = from_list(self.entry.exposed_to.on(self.today));
        exposed = exposed.or(from_place(self.entry.controlled_from.on(self.today)));
        for places in self.places() {
            exposed =
                exposed.or(places.map_or(Certainty::UNKNOWN, |places| Certainty::known(places.iter().any(reached))));
        }
        for other in self.entry.sub_processors.on(self.today).into_iter().flatten() {
            exposed = exposed.or(from_list(other.exposed_to.as_ref()));
            exposed = exposed.or(from_place(other.controlled_from.as_ref()));
        }
        exposed
    }

    /// Only what was obtained counts; what has run out may have been renewed, and nobody knows. Nor does anybody know the
    /// level of a certificate that does not say it.
    fn certified(&self, scheme: &Word, level: Option<&Word>) -> Certainty {
        let Some(certificates) = self.entry.certificates.on(self.today) else { return Certainty::UNKNOWN };
        let obtained = certificates.iter().filter(|one| one.scheme == *scheme && one.obtained);
        obtained.fold(Certainty::FALSE, |certified, one| {
            let in_date = if self.today.lasts(one.until) { Certainty::TRUE } else { Certainty::UNKNOWN };
            let fits = level.map_or(Certainty::TRUE, |asked| {
                one.level.as_ref().map_or(Certainty::UNKNOWN, |level| Certainty::known(level == asked))
            });
            certified.or(in_date.and(fits))
        })
    }

    /// An attestation that has run out may have been renewed.
    fn attested(&self) -> Certainty {
        self.entry.attestation.on(self.today).map_or(Certainty::UNKNOWN, |attestation| match attestation {
            Attestation::None => Certainty::FALSE,
            Attestation::Until(until) if self.today.lasts(*until) => Certainty::TRUE,
            Attestation::Until(_) => Certainty::UNKNOWN,
        })
    }

    /// Surely when every country outside the EEA is covered, by an adequacy decision in force whose scope includes the
    /// backend or by a declared instrument in date. One surely located in the EEA needs none.
    fn transfer_basis(&self) -> Certainty {
        let mut covered = Certainty::TRUE;
        for places in self.places() {
            match places {
                None => covered = covered.and(Certainty::UNKNOWN),
                Some(places) => {
                    for place in places {
                        let adequate = Certainty::known(self.world.eea.contains(place)).or(self.adequate(*place));
                        covered = covered.and(adequate.or(self.instrument(*place)));
                    }
                }
            }
        }
        covered
    }

    fn instrument(&self, place: Country) -> Certainty {
        let Some(instruments) = self.entry.instruments.on(self.today) else { return Certainty::UNKNOWN };
        let covering = instruments
            .iter()
            .filter(|one| self.today.has_begun(one.dated))
            .filter(|one| one.countries.as_ref().is_none_or(|countries| countries.contains(&place)));
        covering.fold(Certainty::FALSE, |basis, one| {
            basis.or(if self.today.lasts(one.until) { Certainty::TRUE } else { Certainty::UNKNOWN })
        })
    }

    /// Whether an adequacy decision in force covers this backend in this country.
    fn adequate(&self, place: Country) -> Certainty {
        let decisions = self.world.reference.decisions.iter().filter(|one| one.country == place);
        let in_force = decisions
            .filter(|one| self.today.has_begun(one.from) && one.until.is_none_or(|until| self.today.lasts(until)));
        in_force.fold(Certainty::FALSE, |adequate, one| {
            adequate.or(if one.whole { Certainty::TRUE } else { self.within_scope(place) })
        })
    }

    /// Whether the entry says that a limited decision covers it.
    fn within_scope(&self, place: Country) -> Certainty {
        let Some(claims) = self.entry.adequacy.on(self.today) else { return Certainty::UNKNOWN };
        claims.iter().filter(|claim| claim.value == place).fold(Certainty::FALSE, |within, claim| {
            within.or(if claim.stands(self.today) { Certainty::TRUE } else { Certainty::UNKNOWN })
        })
    }

    /// The first tier that it surely meets.
    pub(super) fn tier(&self) -> Tier {
        let near = |area: &Countries| self.located_in(area).and(self.controlled_from(area)).surely;
        if self.on_premises().surely {
            return Tier::OnPremises;
        }
        if near(&self.world.home) {
            return Tier::Domestic;
        }
        if near(&self.world.eea) {
            return Tier::Eea;
        }
        if near(&self.adequate_area()) { Tier::Adequate } else { Tier::Other }
    }

    /// The EEA and the countries whose adequacy decision surely covers this backend.
    fn adequate_area(&self) -> Countries {
        let decisions = self.world.reference.decisions.iter().map(|one| one.country);
        decisions.filter(|country| self.adequate(*country).surely).chain(self.world.eea.iter().copied()).collect()
    }

    /// Whether it is surely located in the EEA.
    pub(super) fn located_in_eea(&self) -> bool {
        self.located_in(&self.world.eea).surely
    }

    /// The regimes that it is surely exposed to.
    pub(super) fn exposures(&self) -> Vec<Word> {
        self.world.reference.regimes.keys().filter(|regime| self.exposed_to(regime).surely).cloned().collect()
    }

    /// The parts of the entry that travel with a request.
    pub(super) fn backend(&self) -> crate::model::Backend {
        let instruments = self.entry.instruments.on(self.today);
        let in_date = instruments
            .and_then(|all| all.iter().find(|one| self.today.has_begun(one.dated) && self.today.lasts(one.until)));
        let [processing, ..] = &self.entry.places;
        crate::model::Backend {
            name: self.entry.name.clone(),
            processing: processing.on(self.today).cloned().unwrap_or_default(),
            operator: self.entry.operator.on(self.today).cloned(),
            controlled_from: self.entry.controlled_from.on(self.today).copied(),
            exposed_to: self.exposures(),
            transfer_basis: in_date.map(|one| one.kind.clone()),
            tier: self.tier(),
            binding: self.entry.binding.clone(),
        }
    }
}

impl<A> Expr<A> {
    /// The certainty of the whole from that of its atoms.
    pub(super) fn certainty(&self, of: &mut impl FnMut(&A) -> Certainty) -> Certainty {
        match self {
            Self::Is(atom) => of(atom),
            Self::Not(inner) => inner.certainty(of).negated(),
            Self::All(parts) => parts.iter().fold(Certainty::TRUE, |all, part| all.and(part.certainty(of))),
            Self::Any(parts) => parts.iter().fold(Certainty::FALSE, |any, part| any.or(part.certainty(of))),
        }
    }
}
