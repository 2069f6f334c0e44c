//! Lists, and `and`, `or`, `not` and brackets, around whatever they join. Depth is bounded, so a hostile sheet cannot exhaust the stack.

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Broken, Parsed, Parser};
use super::phrase::Phrase;
use super::text::say;
use super::tree::Expr;
use crate::limits::POLICY_DEPTH_MAX;

impl Parser<'_> {
    /// One item, or `any of` / `all of` items separated by commas; a comma before `and` or `or` or a clause ends the list. One that
    /// cannot be read is left out, and so is what stands between one and its comma.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        loop {
            if self.lacks_comma() {
                let Ok(one) = item(self) else { return Ok(items) };
                items.push(one);
                continue;
            }
            self.lose_before_comma();
            if self.comma_ends_statement() {
                return Ok(items);
            }
            let joins = self.stands(1, Phrase::And) || self.stands(1, Phrase::Or);
            if *self.kind() != Kind::Comma || joins || self.comma_says_nothing() {
                return Ok(items);
            }
            self.step();
            match item(self) {
                Ok(one) => items.push(one),
                Err(Broken) => self.lose_item(),
            }
        }
    }

    /// Parts joined by `, and` or `, or`, each of parts joined by `and` or `or`: the comma binds less. A part that cannot be read
    /// is left out. `begins` are the phrases that a part can begin with.
    pub(super) fn expression<A>(&mut self, begins: &[Phrase], atom: fn(&mut Self) -> Parsed<Expr<A>>) -> Expr<A> {
        let mut parts = vec![self.segment(begins, atom)];
        let mut joint = None;
        while *self.kind() == Kind::Comma && (self.stands(1, Phrase::And) || self.stands(1, Phrase::Or)) {
            self.step();
            self.joint(&mut joint);
            parts.push(self.segment(begins, atom));
        }
        joined(joint, parts)
    }

    fn segment<A>(&mut self, begins: &[Phrase], atom: fn(&mut Self) -> Parsed<Expr<A>>) -> Expr<A> {
        let mut parts = vec![self.unit(begins, atom)];
        let mut joint = None;
        let mut from = self.at;
        while self.lose_stray(begins) || self.joint(&mut joint) {
            parts.push(self.unit(begins, atom));
            // What is nested too deep is left where it stands.
            if self.at == std::mem::replace(&mut from, self.at) {
                break;
            }
        }
        joined(joint, parts)
    }

    /// Takes `and` or `or`, and says whether one stood there; the other one than before is a fault that does not stop parsing.
    fn joint(&mut self, joint: &mut Option<Phrase>) -> bool {
        let span = self.span();
        let Some(this) = self.eat_one(&[Phrase::And, Phrase::Or]) else { return false };
        self.lose_conjunction();
        if joint.replace(this).is_some_and(|before| before != this) {
            let fault = Diagnostic::new(
                "octroi::policy::mixed-and-or",
                self.file,
                span,
                say!("`{}` and `{}` are mixed: it can be read in two ways", Phrase::And, Phrase::Or),
            )
            .help(say!(
                "put a comma before the one that binds less (`a, {} b {} c`), or brackets around what belongs together",
                Phrase::Or,
                Phrase::And
            ));
            self.faults.push(fault);
        }
        true
    }

    fn unit<A>(&mut self, begins: &[Phrase], atom: fn(&mut Self) -> Parsed<Expr<A>>) -> Expr<A> {
        if self.depth >= POLICY_DEPTH_MAX {
            let message = say!("brackets and `{}` are nested more than {} deep", Phrase::Not, POLICY_DEPTH_MAX);
            self.fault("octroi::policy::too-deep", message, Some(say!("split the rule in two")));
            return self.lose_part(begins);
        }
        self.depth += 1;
        let parsed = self.unit_within(begins, atom);
        self.depth -= 1;
        parsed
    }

    fn unit_within<A>(&mut self, begins: &[Phrase], atom: fn(&mut Self) -> Parsed<Expr<A>>) -> Expr<A> {
        if self.eat(Phrase::Not) {
            return Expr::Not(Box::new(self.unit(begins, atom)));
        }
        if *self.kind() != Kind::Open {
            return atom(self).unwrap_or_else(|Broken| self.lose_part(begins));
        }
        let opened = self.span();
        self.step();
        self.brackets += 1;
        let inner = self.expression(begins, atom);
        let strange = self.span();
        if *self.kind() != Kind::Close {
            self.lose_rest();
        }
        self.brackets -= 1;
        let is_closed = *self.kind() == Kind::Close;
        if is_closed && strange != self.span() {
            let message = say!("expected `)`, `{}` or `{}`", Phrase::And, Phrase::Or);
            self.faults.push(Diagnostic::new("octroi::policy::missing", self.file, strange, message));
        } else if !is_closed {
            let message = "this bracket is not closed";
            self.faults.push(Diagnostic::new("octroi::policy::open-bracket", self.file, opened, message));
        }
        if is_closed {
            self.step();
        }
        inner
    }

    /// Whether a bracket is open here.
    pub(super) fn in_brackets(&self) -> bool {
        self.brackets > 0
    }
}

fn joined<A>(joint: Option<Phrase>, mut parts: Vec<Expr<A>>) -> Expr<A> {
    match joint {
        Some(Phrase::Or) => Expr::Any(parts),
        Some(_) => Expr::All(parts),
        None => parts.pop().unwrap_or(Expr::All(Vec::new())),
    }
}
