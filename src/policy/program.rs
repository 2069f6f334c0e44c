//! The compiled policy: rows of bit masks, all backends in one pass.
//!
//! Every atom `i` of the policy's conditions has two bits in two vectors:
//!
//! ```text
//!              bit 2i            bit 2i+1
//!   possible   possibly(atom)    not surely(atom)      = possibly(not atom)
//!   sure       surely(atom)      not possibly(atom)    = surely(not atom)
//! ```
//!
//! With `not` pushed down to the atoms, a condition is a monotone function of these bits, the same one for *possibly* over the
//! first vector and for *surely* over the second. It is kept as alternatives (rows), each a set of bits that must all be 1.
//! Predicates on backends do not depend on the request: each becomes one mask of backends when the policy is compiled.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::resolved::{Atom, Condition, Exception, Gate, Predicate, Resolved, Rule};
use super::spared::Exceptions;
use super::tree::Expr;
use super::truth::Truth;
use super::view::{After, View};
use crate::limits::POLICY_ALTERNATIVES_MAX;
use crate::model::{Action, BackendId, Certainty, ClassId, ClassSet, EntityId, Word};

/// A set of backends: bit `b % 64` of word `b / 64`.
pub(super) type Mask = SmallVec<[u64; 2]>;

/// Whether a backend is in a mask.
pub(super) fn has(mask: &Mask, backend: BackendId) -> bool {
    mask.get(usize::from(backend.0) / 64).is_some_and(|bits| bits >> (backend.0 % 64) & 1 == 1)
}

/// Adds the backends of another mask.
pub(super) fn add(mask: &mut Mask, other: &Mask) {
    for (bits, more) in mask.iter_mut().zip(other) {
        *bits |= more;
    }
}

/// The values of all atoms for one request.
#[derive(Debug, Clone)]
pub(super) struct Bits {
    possible: SmallVec<[u64; 16]>,
    sure: SmallVec<[u64; 16]>,
}

impl Bits {
    fn set(&mut self, atom: usize, value: Certainty) {
        let (word, shift) = (atom / 32, atom % 32 * 2);
        let pair = |positive: bool, negative: bool| (u64::from(positive) | u64::from(negative) << 1) << shift;
        let clear = !(0b11_u64 << shift);
        if let (Some(possible), Some(sure)) = (self.possible.get_mut(word), self.sure.get_mut(word)) {
            *possible = (*possible & clear) | pair(value.possibly, !value.surely);
            *sure = (*sure & clear) | pair(value.surely, !value.possibly);
        }
    }
}

/// A condition as alternatives.
#[derive(Debug, Clone, Default)]
struct Rows {
    /// Word and the bits of it that must be set. Most conditions have one row of one or two terms, kept in place.
    terms: SmallVec<[(u32, u64); 2]>,
    /// Where each row ends in `terms`.
    ends: SmallVec<[u32; 4]>,
}

impl Rows {
    fn hold(&self, bits: &[u64]) -> bool {
        let mut start = 0;
        for end in &self.ends {
            let end = *end as usize;
            let row = self.terms.get(start..end).unwrap_or_default();
            if row.iter().all(|(word, mask)| bits.get(*word as usize).is_some_and(|bits| bits & mask == *mask)) {
                return true;
            }
            start = end;
        }
        false
    }
}

/// `[when …] [unless …]`, compiled.
#[derive(Debug, Clone, Default)]
pub(super) struct GateRows {
    when: Option<Rows>,
    unless: Option<Rows>,
}

impl GateRows {
    /// A rule fires when possibly(`when`) and not surely(`unless`).
    pub(super) fn fires(&self, bits: &Bits) -> bool {
        self.when.as_ref().is_none_or(|when| when.hold(&bits.possible))
            && !self.unless.as_ref().is_some_and(|unless| unless.hold(&bits.sure))
    }

    /// What opens a flow asks for surely(`when`) and not possibly(`unless`).
    pub(super) fn surely_open(&self, bits: &Bits) -> bool {
        self.when.as_ref().is_none_or(|when| when.hold(&bits.sure))
            && !self.unless.as_ref().is_some_and(|unless| unless.hold(&bits.possible))
    }
}

/// `allow backends …`
#[derive(Debug, Clone)]
pub(super) struct AllowRow {
    pub(super) gate: GateRows,
    /// Backends that the predicate surely admits.
    pub(super) admits: Mask,
    pub(super) still: bool,
}

/// `allow hosted tool …`
#[derive(Debug, Clone)]
pub(super) struct ToolRow {
    pub(super) gate: GateRows,
    pub(super) tool: Word,
    pub(super) host: Option<Word>,
}

/// `rule …`
#[derive(Debug, Clone)]
pub(super) struct RuleRow {
    pub(super) gate: GateRows,
    /// The exceptions in date, which are alternatives of `gate`'s `unless`.
    pub(super) exceptions: Option<Box<Exceptions>>,
    pub(super) name: Word,
    pub(super) because: Word,
    pub(super) pack: bool,
    /// Whether it asks for the state after the duties.
    pub(super) still: bool,
    /// Whether it can come to fire because data is no longer identified.
    pub(super) no_longer: bool,
    /// `on` and `never`, and for a rule with `only`, `on` minus `only`.
    pub(super) removes: Mask,
    /// Backends that the duties are for: possibly `on`.
    pub(super) on: Mask,
    /// Backends that the duties are surely for.
    pub(super) surely_on: Mask,
    /// Indexed by entity type; empty for a rule without duties on data.
    pub(super) actions: Box<[Action]>,
    pub(super) class_actions: Box<[(ClassId, Action)]>,
    pub(super) seals: bool,
    /// For each `prefer`: the bit of the rank, 62 for the first one written and downwards, and whom it surely prefers.
    pub(super) prefers: Box<[(u32, Mask)]>,
}

impl RuleRow {
    /// Whether it demands anything to be done.
    pub(super) fn has_duties(&self) -> bool {
        self.changes() || self.seals
    }

    /// Whether it demands that data be changed. A class that nothing but a label brings has no types.
    pub(super) fn changes(&self) -> bool {
        !self.actions.is_empty() || !self.class_actions.is_empty()
    }

    /// The action that it demands for a type.
    pub(super) fn action(&self, entity: EntityId) -> Action {
        self.actions.get(usize::from(entity.0)).copied().unwrap_or_default()
    }

    /// The classes that its duties name.
    pub(super) fn duty_classes(&self) -> ClassSet {
        super::resolved::classes(&self.class_actions)
    }
}

/// The whole policy as masks.
#[derive(Debug, Clone, Default)]
pub(super) struct Program {
    atoms: Vec<Atom>,
    /// Where each atom stands, while the policy is compiled; empty afterwards.
    numbers: HashMap<Atom, usize>,
    /// Indices of the atoms that ask for the state after the duties.
    still: Vec<usize>,
    pub(super) allows: Vec<AllowRow>,
    pub(super) tools: Vec<ToolRow>,
    pub(super) rules: Vec<RuleRow>,
    /// Indices of the rules that exceptions suspend for some requests.
    pub(super) excepted: Vec<usize>,
    pub(super) fall_backs: Vec<(GateRows, Option<u64>)>,
    /// Words of a mask.
    pub(super) stride: usize,
}

/// A condition multiplies out to more alternatives than are allowed.
#[derive(Debug)]
pub(super) struct TooMany;

impl Program {
    /// Compiles a policy for backends as they are on a day.
    ///
    /// # Errors
    /// The place, in `resolved.rules`, of a rule that is too wide; the number of rules for an `allow` or `fall back`.
    pub(super) fn new(resolved: &Resolved, truths: &[Truth<'_>], types: usize) -> Result<Self, usize> {
        let mut program = Self { stride: truths.len().div_ceil(64).max(1), ..Self::default() };
        let elsewhere = |_: TooMany| resolved.rules.len();
        for allow in &resolved.allows {
            let gate = program.gate(&allow.gate).map_err(elsewhere)?;
            let admits = program.mask(truths, |truth| truth.holds(&allow.backends).surely);
            program.allows.push(AllowRow { gate, admits, still: allow.gate.asks_still() });
        }
        for tool in &resolved.tools {
            let gate = program.gate(&tool.gate).map_err(elsewhere)?;
            program.tools.push(ToolRow { gate, tool: tool.tool.clone(), host: tool.host.clone() });
        }
        for clause in &resolved.fall_backs {
            let gate = program.gate(&clause.gate).map_err(elsewhere)?;
            program.fall_backs.push((gate, clause.after_ms));
        }
        let mut prefers = 0;
        let mut of_rule: HashMap<&Word, Vec<&Exception>> = HashMap::new();
        for exception in &resolved.exceptions {
            of_rule.entry(&exception.rule).or_default().push(exception);
        }
        for (index, rule) in resolved.rules.iter().enumerate() {
            let mut row = program.rule(rule, truths, types, &mut prefers).map_err(|_| index)?;
            if let (Some(gate), Some(exceptions)) = (&rule.unspared, of_rule.get(&rule.name)) {
                row.exceptions = Some(Box::new(program.exceptions(gate, exceptions).map_err(|_| index)?));
                program.excepted.push(index);
            }
            program.rules.push(row);
        }
        program.numbers = HashMap::new();
        Ok(program)
    }

    /// The atoms of a request before any duty: those about the state after the duties are unknown.
    pub(super) fn bits(&self, view: &View<'_>) -> Bits {
        let words = self.atoms.len().div_ceil(32).max(1);
        let mut bits = Bits { possible: SmallVec::from_elem(0, words), sure: SmallVec::from_elem(0, words) };
        for (index, atom) in self.atoms.iter().enumerate() {
            bits.set(index, view.certainty(atom, None));
        }
        bits
    }

    /// Sets the atoms about the state after the duties.
    pub(super) fn set_after(&self, bits: &mut Bits, view: &View<'_>, after: After<'_>) {
        for index in &self.still {
            if let Some(atom) = self.atoms.get(*index) {
                bits.set(*index, view.certainty(atom, Some(after)));
            }
        }
    }

    /// Whether anything asks for the state after the duties.
    pub(super) fn asks_still(&self) -> bool {
        !self.still.is_empty()
    }

    /// No backend.
    pub(super) fn none(&self) -> Mask {
        SmallVec::from_elem(0, self.stride)
    }

    fn mask(&self, truths: &[Truth<'_>], holds: impl Fn(&Truth<'_>) -> bool) -> Mask {
        let mut mask = self.none();
        for (index, _) in truths.iter().enumerate().filter(|(_, truth)| holds(truth)) {
            if let Some(bits) = mask.get_mut(index / 64) {
                *bits |= 1_u64 << (index % 64);
            }
        }
        mask
    }

    pub(super) fn rule(
        &mut self,
        rule: &Rule,
        truths: &[Truth<'_>],
        types: usize,
        prefers: &mut u32,
    ) -> Result<RuleRow, TooMany> {
        let possibly = |predicate: &Option<Predicate>, truth: &Truth<'_>, absent: bool| {
            predicate.as_ref().map_or(absent, |predicate| truth.holds(predicate).possibly)
        };
        let surely_only = |truth: &Truth<'_>| rule.only.as_ref().is_none_or(|predicate| truth.holds(predicate).surely);
        let gate = self.gate(&rule.gate)?;
        let on = self.mask(truths, |truth| possibly(&rule.on, truth, true));
        let removes = self.mask(truths, |truth| {
            possibly(&rule.on, truth, true) && (possibly(&rule.never, truth, false) || !surely_only(truth))
        });
        let mut actions = vec![Action::Keep; if rule.actions.is_empty() { 0 } else { types }];
        for (entity, action) in &rule.actions {
            if let Some(place) = actions.get_mut(usize::from(entity.0)) {
                *place = *action;
            }
        }
        let mut preferred = Vec::new();
        for predicate in &rule.prefers {
            preferred.push((62_u32.saturating_sub(*prefers), self.mask(truths, |truth| truth.holds(predicate).surely)));
            *prefers += 1;
        }
        Ok(RuleRow {
            gate,
            exceptions: None,
            name: rule.name.clone(),
            because: rule.because.clone(),
            pack: rule.pack,
            still: rule.gate.asks_still(),
            no_longer: rule.gate.asks_no_longer(),
            removes,
            on,
            surely_on: self
                .mask(truths, |truth| rule.on.as_ref().is_none_or(|predicate| truth.holds(predicate).surely)),
            actions: actions.into_boxed_slice(),
            class_actions: rule.class_actions.clone().into_boxed_slice(),
            seals: rule.seals,
            prefers: preferred.into_boxed_slice(),
        })
    }

    fn exceptions(&mut self, gate: &Gate, exceptions: &[&Exception]) -> Result<Exceptions, TooMany> {
        let gate = self.gate(gate)?;
        let mut each = Vec::with_capacity(exceptions.len());
        for exception in exceptions {
            let when = exception.when.as_ref().map(|condition| self.rows(condition)).transpose()?;
            each.push((exception.name.clone(), GateRows { when, unless: None }, exception.until));
        }
        Ok(Exceptions { gate, each })
    }

    fn gate(&mut self, gate: &Gate) -> Result<GateRows, TooMany> {
        let when = gate.when.as_ref().map(|condition| self.rows(condition)).transpose()?;
        let unless = gate.unless.as_ref().map(|condition| self.rows(condition)).transpose()?;
        Ok(GateRows { when, unless })
    }

    fn rows(&mut self, condition: &Condition) -> Result<Rows, TooMany> {
        let alternatives = self.alternatives(condition, true)?;
        let mut rows = Rows::default();
        for literals in alternatives {
            let from = rows.terms.len();
            for literal in literals {
                let word = u32::try_from(literal / 64).map_err(|_| TooMany)?;
                let mask = 1_u64 << (literal % 64);
                let row = rows.terms.get_mut(from..).unwrap_or_default();
                match row.iter_mut().find(|(known, _)| *known == word) {
                    Some((_, bits)) => *bits |= mask,
                    None => rows.terms.push((word, mask)),
                }
            }
            rows.ends.push(u32::try_from(rows.terms.len()).map_err(|_| TooMany)?);
        }
        Ok(rows)
    }

    /// The condition as alternatives of literals; literal `2i` is atom `i`, `2i+1` its negation.
    fn alternatives(&mut self, condition: &Condition, positive: bool) -> Result<Vec<Vec<usize>>, TooMany> {
        match condition {
            Expr::Is(atom) => {
                let index = self.atom(atom);
                Ok(vec![vec![index * 2 + usize::from(!positive)]])
            }
            Expr::Not(inner) => self.alternatives(inner, !positive),
            // Under `not`, `and` becomes `or` of the negations, and the other way round.
            Expr::All(parts) | Expr::Any(parts) => {
                let conjunction = matches!(condition, Expr::All(_)) == positive;
                let mut rows: Vec<Vec<usize>> = if conjunction { vec![Vec::new()] } else { Vec::new() };
                for part in parts {
                    let further = self.alternatives(part, positive)?;
                    if conjunction {
                        rows = rows
                            .iter()
                            .flat_map(|row| further.iter().map(|more| row.iter().chain(more).copied().collect()))
                            .take(POLICY_ALTERNATIVES_MAX + 1)
                            .collect();
                    } else {
                        rows.extend(further);
                    }
                    if rows.len() > POLICY_ALTERNATIVES_MAX {
                        return Err(TooMany);
                    }
                }
                Ok(rows)
            }
        }
    }

    fn atom(&mut self, atom: &Atom) -> usize {
        if let Some(index) = self.numbers.get(atom) {
            return *index;
        }
        let index = self.atoms.len();
        self.atoms.push(atom.clone());
        self.numbers.insert(atom.clone(), index);
        if matches!(atom, Atom::Still(_)) {
            self.still.push(index);
        }
        index
    }
}
