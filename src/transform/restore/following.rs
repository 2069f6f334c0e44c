//! What would become of the end of a text, were something to follow: asked before it is known, or when it was read ahead.
//!
//! Nothing here changes what was restored; values are put into copies that nobody sees.

use super::{Find, Moves, Source, State, StreamRestore, joins_name};

/// What another part of the same text makes of what is held back of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesOn {
    /// Nothing: it stands for itself.
    Never,
    /// Only more text can tell.
    More,
    /// With so many bytes of the other part it is a token.
    Bytes(usize),
}

impl StreamRestore {
    /// Whether something would wait for the next fragment behind this one.
    pub fn would_hold(&self, fragment: &str) -> bool {
        let text = [self.held.as_str(), fragment].concat();
        let State { before, landing, .. } = self.state;
        let mut source = Source { text: &text, from: 0, before, landing, last: false };
        loop {
            match self.vault.find(source) {
                Find::Token(found) => (source.from, source.before) = (found.end, None),
                Find::Hold(_) => return true,
                Find::Nothing => return false,
            }
            if joins_name(&self.vault, source).is_err() {
                return true;
            }
        }
    }

    /// Where the places of the text are now, what is held back taken for its end.
    pub fn moves(&self) -> Moves {
        self.moves_behind("")
    }

    /// Where the places of the text are now, were this to follow and the text to end there.
    pub fn moves_behind(&self, behind: &str) -> Moves {
        if self.held.is_empty() { self.state.moves.clone() } else { self.behind(behind, true).moves }
    }

    /// Bytes and characters of the text of which the places are sure, were this to follow.
    pub fn settled_behind(&self, behind: &str) -> (u64, u64) {
        self.behind(behind, false).moves.written()
    }

    /// The state, were this to follow, and the text to end there or not.
    fn behind(&self, behind: &str, last: bool) -> State {
        let (mut state, mut out) = (self.state.clone(), String::new());
        state.run(&self.vault, &[self.held.as_str(), behind].concat(), last, &mut out);
        state
    }

    /// The state, were the text to end here.
    pub(super) fn ended(&self) -> State {
        self.behind("", true)
    }

    /// What the text behind, which is of another part, makes of what is held back; `last`: nothing follows it.
    pub fn goes_on(&self, behind: &str, last: bool) -> GoesOn {
        let (text, held) = ([self.held.as_str(), behind].concat(), self.held.len());
        let State { before, landing, .. } = self.state;
        let mut source = Source { text: &text, from: 0, before, landing, last };
        match self.vault.find(source) {
            Find::Hold(at) if at < held => GoesOn::More,
            Find::Token(found) if found.start < held && held < found.end => {
                (source.from, source.before) = (found.end, None);
                match joins_name(&self.vault, source) {
                    Err(_) => GoesOn::More,
                    Ok(true) => GoesOn::Never,
                    Ok(false) => GoesOn::Bytes(found.end - held),
                }
            }
            _ => GoesOn::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::unit::Landing;
    use super::super::super::vault::{Pseudonym, Vault};
    use super::*;

    fn behind(text: &str) -> StreamRestore {
        let vault = Vault::new([Pseudonym { word: "PERSON", code: *b"K7Q2M9F3", value: "Hélène" }]);
        let mut restore = StreamRestore::new(Arc::new(vault), Landing::Text);
        restore.push(text);
        restore
    }

    #[test]
    fn another_part_completes_a_token_or_does_not() {
        for (text, next, expected) in [
            ("Dear <PERSO", "", GoesOn::More),
            ("Dear <PERSO", "N_K7Q2", GoesOn::More),
            ("Dear <PERSO", "N_K7Q2M9F3>", GoesOn::More),
            ("Dear <PERSO", "N_K7Q2M9F3>, and", GoesOn::Bytes(11)),
            ("Dear <PERSO", "N_K7Q2M9F3>. And", GoesOn::Bytes(11)),
            ("Dear <PERSO", "N_K7Q2M9F3>.evil.example.com/", GoesOn::Never),
            ("Dear <PERSO", "nal> matters", GoesOn::Never),
            ("if a <", " b", GoesOn::Never),
            ("Dear <PERSON_K7Q2M9F3>", " and", GoesOn::Never),
            ("Dear Sir", "<PERSON_K7Q2M9F3>", GoesOn::Never),
        ] {
            assert_eq!(behind(text).goes_on(next, false), expected, "{text:?}, {next:?}");
        }
        assert_eq!(behind("Dear <PERSO").goes_on("N_K7Q2M9F3>.", false), GoesOn::More);
        assert_eq!(behind("Dear <PERSO").goes_on("N_K7Q2M9F3>.", true), GoesOn::Bytes(11));
        assert_eq!(behind("Dear <PERSO").goes_on("N_K7Q2", true), GoesOn::Never);
    }

    #[test]
    fn places_are_those_behind_what_follows() {
        let restore = behind("é <PERSON_K7");
        assert_eq!((restore.settled_behind(""), restore.settled_behind("Q2M9F3> b")), ((3, 2), (22, 21)));
        let at = |behind: &str| restore.moves_behind(behind).at(19, crate::model::Measure::Chars, true);
        assert_eq!((at(""), at("Q2M9F3> b")), (Some(19), Some(8)));
    }
}
