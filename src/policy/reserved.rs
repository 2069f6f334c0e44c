//! Words that the language keeps for what it does not have yet. Each is told wherever it stands outside quotes and notes, once, and
//! never read as anything else.

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::parser::{Parser, folded};
use super::phrase::{Language, Phrase};
use super::text::say;

/// Words of a line in which a reserved one may stand behind `must`: `must ask for approval`.
const NEAR_WORDS: usize = 4;

impl Parser<'_> {
    /// Tells every reserved word.
    pub(super) fn tell_reserved(&mut self) {
        let here = std::mem::take(&mut self.at);
        while !self.ended() {
            if self.is_reserved(0) {
                let help =
                    say!("until it is, keep such requests home: {} {}", Phrase::OnlyBackends, Phrase::OnPremises);
                let message = say!("`{}` is not there yet", Phrase::Approval);
                let fault = Diagnostic::new("octroi::policy::not-there-yet", self.file, self.span(), message);
                self.faults.push(fault.help(help));
            }
            self.at += 1;
        }
        self.at = here;
    }

    /// Whether a reserved word stands so many tokens from here, with an article or not.
    pub(super) fn is_reserved(&self, ahead: usize) -> bool {
        let Kind::Word(written) = &self.token(ahead).kind else { return false };
        let written = folded(written);
        let word = written.strip_prefix("l'").or_else(|| written.strip_prefix("d'")).unwrap_or(&written);
        Language::ALL.iter().any(|language| {
            let reserved = Phrase::Approval.surface(*language);
            word == reserved || word.strip_suffix('s') == Some(reserved)
        })
    }

    /// Whether one stands here, or a few words behind on this line.
    pub(super) fn is_about_reserved(&self) -> bool {
        let line = (0..NEAR_WORDS).take_while(|ahead| *ahead == 0 || !self.token(*ahead).first);
        line.into_iter().any(|ahead| self.is_reserved(ahead))
    }
}
