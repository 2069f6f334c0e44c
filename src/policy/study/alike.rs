//! Where two policies cannot part on a backend: what refuses it, or asks something of it, under one has its like under the other, and
//! both see the same of the request.
//!
//! Bounds of one policy alone cannot show that. A rule that stands in both may fire in each while its data is open, and the two would
//! seem to differ there. What they see differently is little: a label that only one lists, what labels say, countries that only one
//! knows. A rule or line that asks nothing of these opens and fires in both alike, whatever is still open.

use super::super::resolved::{Allow, AllowTool, Atom, Condition, Gate, LabelSays, Rule, What};
use super::causes::as_strict;
use super::dim::Dim;
use super::look::Look;
use super::side::{Obstacle, is_any};
use crate::model::{BackendId, ClassId, ClassSet, Country, LabelFact, Word};

/// Whether the one may refuse a backend, or ask more of it, where the other does not refuse its own or asks less.
pub(super) fn may_part((one, here): (&Look<'_>, BackendId), (other, there): (&Look<'_>, BackendId)) -> bool {
    if do_otherwise((one, here), (other, there)) {
        return true;
    }
    let seen = Seen::new(one, other);
    let still = one.side.asks_still_of(here) || other.side.asks_still_of(there);
    let asks = |one: &Look<'_>, index: usize, backend: BackendId| one.side.concerns(index, backend);
    allows_more_tools(one, other, &seen)
        || admits_more((one, here), (other, there), &seen)
        || asks_more((one, here, &|index| asks(one, index, here)), (other, there), &seen, still)
        // What is asked after the duties turns on what is done, and more may come of less.
        || (still && asks_more((other, there, &|index| asks(other, index, there)), (one, here), &Seen::new(other, one), still))
}

/// Whether the one may refuse a backend, and leave `beside`, where the other does not refuse its own. A rule that only changes the data
/// refuses nobody, and one that refuses both leaves nobody; nor does a hosted tool that no line allows.
pub(super) fn may_lose(
    (one, here): (&Look<'_>, BackendId),
    (other, there): (&Look<'_>, BackendId),
    beside: BackendId,
) -> bool {
    if one.side.asks_still_of(here) || other.side.asks_still_of(there) {
        return may_part((one, here), (other, there));
    }
    let seen = Seen::new(one, other);
    let refuses = |index| one.side.parts(index, (here, beside)) && one.may_stop(Obstacle::Rule(index), here);
    do_otherwise((one, here), (other, there))
        || admits_more((one, here), (other, there), &seen)
        || asks_more((one, here, &refuses), (other, there), &seen, false)
}

/// Whether the two could do different things under the same rule.
fn do_otherwise((one, here): (&Look<'_>, BackendId), (other, there): (&Look<'_>, BackendId)) -> bool {
    let (first, second) = (one.side.policy, other.side.policy);
    one.side.told
        || other.side.told
        || first.actions != second.actions
        || first.seals() != second.seals()
        || first.on_premises(here) != second.on_premises(there)
}

/// Whether a `fall back` of the other may be open where none of the one's is.
pub(super) fn may_fall_back_more(one: &Look<'_>, other: &Look<'_>) -> bool {
    let seen = Seen::new(one, other);
    let clauses = other.side.today.fall_backs.iter().filter(|clause| other.may_open(&clause.gate));
    let mut more = clauses.filter(|clause| {
        let mut known = one.side.today.fall_backs.iter();
        !(seen.opens_too(&clause.gate) && known.any(|like| like.gate == clause.gate))
    });
    !one.must_fall_back() && more.next().is_some()
}

/// Whether the label of a place, or one that is still open, may be another thing to each.
pub(super) fn labels_differ(one: &Look<'_>, other: &Look<'_>) -> bool {
    let seen = Seen::new(one, other);
    let asks = |look: &Look<'_>| {
        let mut asks = false;
        for condition in look.side.today.conditions() {
            condition.visit(true, &mut |atom, _| asks |= matches!(atom, Atom::Label(_)));
        }
        asks
    };
    let asked = || asks(one) || asks(other);
    match &seen.looks {
        None => true,
        Some([one, other]) => seen.one != seen.other || (one != other && asked()),
    }
}

fn allows_more_tools(one: &Look<'_>, other: &Look<'_>, seen: &Seen<'_>) -> bool {
    let mut tools = other.side.today.tools.iter().filter(|tool| other.may_open(&tool.gate));
    tools.any(|tool| {
        let opens = |gate: &Gate| one.must_open(gate) || (*gate == tool.gate && seen.opens_too(gate));
        let is_like = |known: &AllowTool| known.tool == tool.tool && known.host == tool.host && opens(&known.gate);
        !one.side.today.tools.iter().any(is_like)
    })
}

/// Whether an `allow` of the other may open for its backend that does not open for the one's.
fn admits_more((one, here): (&Look<'_>, BackendId), (other, there): (&Look<'_>, BackendId), seen: &Seen<'_>) -> bool {
    let allows = other.side.today.allows.iter().enumerate();
    allows.filter(|(index, _)| other.side.admits(*index, there)).any(|(_, allow): (usize, &Allow)| {
        let mut known = one.side.today.allows.iter().enumerate();
        let opens = |gate: &Gate| one.must_open(gate) || (*gate == allow.gate && seen.opens_too(gate));
        let is_like = |(at, like): (usize, &Allow)| one.side.admits(at, here) && opens(&like.gate);
        other.may_open(&allow.gate) && !known.any(is_like)
    })
}

/// Whether one of these rules of the one may fire and ask something of its backend that none of the other's asks of its own. With
/// `same`, what is asked must be neither more nor less.
fn asks_more(
    (one, here, counts): (&Look<'_>, BackendId, &dyn Fn(usize) -> bool),
    (other, there): (&Look<'_>, BackendId),
    seen: &Seen<'_>,
    same: bool,
) -> bool {
    let is_like = |(index, rule): (usize, &Rule), (at, like): (usize, &Rule)| {
        let (whose, by) = (one.side, other.side);
        let does = (whose.removes(index, here), whose.demands(index, here), whose.surely_demands(index, here));
        let done = (by.removes(at, there), by.demands(at, there), by.surely_demands(at, there));
        let as_much = (!does.0 || done.0) && (!does.1 || (done.1 && as_strict((by, like), (whose, rule))));
        let no_more = does == done && rule.pack == like.pack && (!does.1 || as_strict((whose, rule), (by, like)));
        // What is asked after the duties counts only what a rule surely does: to fire is not enough there.
        let gate = like.gate == rule.gate && seen.fires_too(&rule.gate) && (!same || seen.opens_too(&rule.gate));
        // One that fires whatever is still open fires too; and is no more where the other surely does so.
        let surely = || one.must_open(&rule.gate) && other.must_open(&like.gate);
        let must = || if same { surely() } else { other.must_fire(like) };
        as_much && (!same || no_more) && (gate || must())
    };
    let rules = one.side.today.rules.iter().enumerate();
    rules.filter(|(index, _)| counts(*index)).any(|(index, rule)| {
        let mut others = other.side.today.rules.iter().enumerate();
        one.may_fire(rule) && !(seen.does_too(rule) && others.any(|like| is_like((index, rule), like)))
    })
}

/// What two policies see of the labels and countries of one place.
struct Seen<'a> {
    one: Label,
    other: Label,
    /// Whether both know the countries in which data subjects live.
    countries: bool,
    health: Option<ClassId>,
    /// What each makes of an atom about the label, where it is settled.
    looks: Option<[LabelFact; 2]>,
    lists: [&'a [Word]; 2],
    /// Whether the label is known, or does the same under both whatever it is.
    settled: bool,
}

/// What the label of a request does to its data, under one policy.
#[derive(Debug, Default, PartialEq, Eq)]
struct Label {
    brings: ClassSet,
    may_bring: ClassSet,
    lowers: Vec<LabelSays>,
    /// Whether it is known who asks, so that all these are issued by them.
    by_known: bool,
    may_lower: Vec<LabelSays>,
}

impl<'a> Seen<'a> {
    fn new(one: &Look<'a>, other: &Look<'a>) -> Self {
        let fixed = |wanted: fn(&Dim) -> bool| one.space.dims.iter().zip(one.place).find(|(dim, _)| wanted(dim));
        let label = match fixed(|dim| matches!(dim, Dim::Label(_))) {
            Some((Dim::Label(labels), value)) => value.and_then(|value| labels.get(value)).cloned(),
            _ => Some(LabelFact::Absent),
        };
        let app = match fixed(|dim| matches!(dim, Dim::App(_))) {
            Some((Dim::App(apps), value)) => value.and_then(|value| apps.get(value)).cloned(),
            _ => Some(Word::UNKNOWN),
        };
        let (first, second) = (one.side.policy, other.side.policy);
        let strange = |country: &Country| first.countries.contains(country) != second.countries.contains(country);
        let lives = |(dim, value): (&Dim, &Option<usize>)| matches!(dim, Dim::Resident(country) if *value != Some(0) && strange(country));
        let sees = |look: &Look<'_>| label.as_ref().map(|label| look.side.knows_label(label));
        let (says, others) = (&one.side.today.says, &other.side.today.says);
        let (says_same, silent) = (says == others, says.is_empty() && others.is_empty());
        Self {
            one: Label::under(one, sees(one).as_ref(), app.as_ref()),
            other: Label::under(other, sees(other).as_ref(), app.as_ref()),
            countries: !one.space.dims.iter().zip(one.place).any(lives),
            health: first.catalogue().class("health"),
            looks: sees(one).zip(sees(other)).map(|(one, other)| [one, other]),
            lists: [first.labels(), second.labels()],
            settled: label.is_some() || (says_same && (first.labels() == second.labels() || silent)),
        }
    }

    /// Whether a rule with this gate fires under the other wherever it fires under the one.
    fn fires_too(&self, gate: &Gate) -> bool {
        self.all(gate.when.as_ref(), false) && self.all(gate.unless.as_ref(), true)
    }

    /// Whether what this gate opens is open under the one wherever it is under the other.
    fn opens_too(&self, gate: &Gate) -> bool {
        self.all(gate.when.as_ref(), true) && self.all(gate.unless.as_ref(), false)
    }

    /// Whether what a rule does to the data meets the same data.
    fn does_too(&self, rule: &Rule) -> bool {
        let nothing = rule.actions.is_empty() && rule.class_actions.is_empty();
        nothing || (self.possibly(None) && rule.class_actions.iter().all(|(class, _)| self.possibly(Some(*class))))
    }

    fn all(&self, condition: Option<&Condition>, sure: bool) -> bool {
        let mut all = true;
        if let Some(condition) = condition {
            condition.visit(true, &mut |atom, positive| all &= self.holds(atom, positive == sure));
        }
        all
    }

    /// With `sure`: what is surely so under the other is surely so under the one. Else: what is possibly so under the one is
    /// possibly so under the other.
    fn holds(&self, atom: &Atom, sure: bool) -> bool {
        let of = |class| if sure { self.surely(class) } else { self.possibly(class) };
        match atom {
            Atom::Label(labels) => match &self.looks {
                Some([one, other]) => {
                    let (one, other) = (is_any(one, labels), is_any(other, labels));
                    if sure { !other.surely || one.surely } else { !one.possibly || other.possibly }
                }
                None => self.lists.first() == self.lists.last(),
            },
            Atom::Includes { what: What::Class(class), .. } | Atom::Still(What::Class(class)) => of(Some(*class)),
            Atom::Includes { what: What::Type(_), .. } | Atom::Still(What::Type(_)) => of(None),
            Atom::HealthOfAPerson => of(self.health),
            Atom::Residence(_) => self.countries,
            _ => true,
        }
    }

    /// What is taken away under the one and left under the other is only more of it there.
    fn possibly(&self, class: Option<ClassId>) -> bool {
        let brought = |label: &Label| class.is_some_and(|class| label.brings.union(label.may_bring).contains(class));
        self.settled && self.one.takes_all_of(&self.other) && (!brought(&self.one) || brought(&self.other))
    }

    fn surely(&self, class: Option<ClassId>) -> bool {
        let brought = |label: &Label| class.is_some_and(|class| label.brings.contains(class));
        let waver = self.one.may_lower.iter().all(|says| self.other.may_lower.contains(says));
        let less = self.other.takes_all_of(&self.one);
        self.settled && waver && less && (!brought(&self.other) || brought(&self.one))
    }
}

impl Label {
    /// Whether it surely takes away whatever another one does, whoever asks.
    fn takes_all_of(&self, other: &Self) -> bool {
        let covers = |more: &LabelSays, less: &LabelSays| {
            let issued = less.issuers.iter().all(|issuer| more.issuers.contains(issuer));
            less.classes.0 & !more.classes.0 == 0 && (issued || self.by_known)
        };
        other.lowers.iter().all(|less| self.lowers.iter().any(|more| covers(more, less)))
    }

    fn under(look: &Look<'_>, label: Option<&LabelFact>, app: Option<&Word>) -> Self {
        let all = look.side.today.says.iter();
        let by = |says: &&LabelSays| !says.lowers || app.is_none_or(|app| says.issuers.contains(app));
        let of = |says: &&LabelSays| match label {
            Some(LabelFact::Named(label)) => says.label == *label,
            Some(LabelFact::Absent) => false,
            Some(LabelFact::Unknown) | None => true,
        };
        let mut found = Self { by_known: app.is_some(), ..Self::default() };
        let known = matches!(label, Some(LabelFact::Named(_)));
        for says in all.filter(by).filter(of) {
            match (says.lowers, known) {
                (false, true) => found.brings = found.brings.union(says.classes),
                (false, false) => found.may_bring = found.may_bring.union(says.classes),
                (true, true) => found.lowers.push(says.clone()),
                (true, false) => found.may_lower.push(says.clone()),
            }
        }
        found
    }
}
