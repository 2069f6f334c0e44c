//! Words by which clients ask for what an API does not do by itself, in its head or in a body (`anthropic-beta`).
//!
//! The list is closed: a word that is not on it may have a provider keep, fetch or pass on what no table here reads, so the request
//! that has it is refused, and told why where the reason is known. No word of a caller is repeated.

/// The words of one header or member.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Features {
    /// Those that pass.
    pub(crate) passing: &'static [&'static str],
    /// Others that the API has, each with the reason why it does not pass.
    pub(crate) refused: &'static [(&'static str, &'static str)],
}

impl Features {
    /// Nothing passes.
    pub(crate) const NONE: Self = Self { passing: &[], refused: &[] };

    /// Takes the words of a value.
    ///
    /// # Errors
    /// What is said of the first that does not pass; `of` is what holds it: silence would be taken for its being done.
    pub(crate) fn admit(&self, value: &str, of: &str) -> Result<Vec<&'static str>, String> {
        let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| self.word(word).ok_or_else(|| self.why_not(word, of))).collect()
    }

    fn word(&self, word: &str) -> Option<&'static str> {
        self.passing.iter().copied().find(|known| *known == word)
    }

    fn why_not(&self, word: &str, of: &str) -> String {
        if let Some((known, why)) = self.refused.iter().find(|(known, _)| *known == word) {
            return format!("`{known}` does not pass this gateway: {why}; leave it out of {of}");
        }
        if self.passing.is_empty() {
            return format!("what {of} asks for does not pass this gateway; leave it out");
        }
        let passing = self.passing.join(", ");
        format!("a word of {of} is not one that this gateway knows; it passes {passing}")
    }
}
