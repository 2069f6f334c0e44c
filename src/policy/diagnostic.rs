//! Faults of the officer's files: where, what, and what was probably meant.
//!
//! A fault names a file, a line and a column, shows the line with a caret under the word, and offers the nearest words of
//! the vocabulary. It quotes the officer's own files only: nothing of a request can come here. All faults of all files are
//! gathered before anything is reported, so that a sheet is repaired in one sitting.

use std::fmt;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceCode};

use super::lines::{lines, place, starts};
use super::phrase::Language;
use super::signs::misleads;
use super::text::{Text, say};
use crate::limits::POLICY_FAULTS_MAX;

/// Faults of what is not there, or means nothing beside what is: another file may change that.
const RESTING: [&str; 10] = [
    "unknown-name",
    "unknown-country",
    "unserved",
    "no-allow",
    "no-home",
    "no-sheet",
    "no-inventory",
    "idle-condition",
    "misread",
    "spares-all",
];

/// One fault of a sheet, a pack, the inventory or a reference file.
#[derive(Clone)]
pub struct Diagnostic {
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    source: Arc<NamedSource<String>>,
    language: Language,
    span: Range<usize>,
}

impl Diagnostic {
    /// A fault of a file, said in the file's language.
    pub(super) fn new(code: &'static str, file: &File, span: Range<usize>, message: impl Into<Text>) -> Self {
        let (source, language) = (file.source.clone(), file.language);
        let message = message.into().said(language);
        Self { code, message, label: String::new(), help: None, source, language, span }
    }

    /// Said behind the last fault that is shown, when there are more.
    pub(super) fn and_more(&self) -> Self {
        let message = say!("there are more faults than the {} that are shown", POLICY_FAULTS_MAX).said(self.language);
        let help = Some(say!("mend these, and ask again").said(self.language));
        Self { code: "octroi::policy::more", message, label: String::new(), help, ..self.clone() }
    }

    /// Writes a few words beside the caret.
    #[must_use]
    pub(super) fn label(mut self, label: impl Into<Text>) -> Self {
        self.label = label.into().said(self.language);
        self
    }

    /// Says what to do.
    #[must_use]
    pub(super) fn help(mut self, help: impl Into<Text>) -> Self {
        self.help = Some(help.into().said(self.language));
        self
    }

    /// The stable code, such as `octroi::policy::unknown-word`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether it is a fault whatever stands in other files: none is that says that there is no such name.
    pub fn stands_alone(&self) -> bool {
        !RESTING.contains(&self.code.trim_start_matches("octroi::policy::"))
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, if there is advice.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file it stands in.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// Line and column, counted from 1; the column counts characters.
    pub fn place(&self) -> (usize, usize) {
        place(self.source.inner(), self.span.start)
    }

    /// The bytes it is about.
    #[cfg(test)]
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Whether it stands within a part of this file.
    pub(super) fn lies_in(&self, file: &File, part: &Range<usize>) -> bool {
        let inside = part.start <= self.span.start && self.span.end <= part.end;
        Arc::ptr_eq(&self.source, &file.source) && inside
    }

    /// Whether it stands in a part of this file, or in a part of that.
    pub(super) fn touches(&self, file: &File, part: &Range<usize>) -> bool {
        Arc::ptr_eq(&self.source, &file.source) && self.span.start < part.end && part.start < self.span.end
    }

    /// Whether another says the same of the same place.
    pub(super) fn says_as(&self, other: &Self) -> bool {
        let place = |fault: &Self| (fault.code, fault.span.clone());
        place(self) == place(other) && self.message == other.message && self.source.name() == other.source.name()
    }

    /// The order in which faults are shown: by file, then by place.
    pub(super) fn order(&self) -> (&str, usize) {
        (self.source.name(), self.span.start)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.place();
        write!(f, "{}:{line}:{column}: {} [{}]", self.file(), self.message, self.code)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = (!self.label.is_empty()).then(|| self.label.clone());
        let length = self.span.end.saturating_sub(self.span.start);
        Some(Box::new(std::iter::once(LabeledSpan::new(label, self.span.start, length))))
    }
}

/// Writes a fault as plain text without colour: place and message, the line with a caret, help, code.
pub fn render(diagnostic: &Diagnostic) -> String {
    let (line, column) = diagnostic.place();
    let text = diagnostic.source.inner();
    // A sign that turns the text around would turn the fault around too.
    let shown = lines(text).nth(line.saturating_sub(1)).unwrap_or_default();
    let shown: String = shown.chars().map(|c| if misleads(c) { char::REPLACEMENT_CHARACTER } else { c }).collect();
    let spanned = text.get(diagnostic.span.clone()).unwrap_or_default();
    let carets = lines(spanned).next().unwrap_or_default().chars().count().max(1);
    let margin = " ".repeat(line.to_string().len());
    // Tabs are kept in the margin under the line so that the caret stands where an editor shows it.
    let indent: String =
        shown.chars().take(column.saturating_sub(1)).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    let mut out = format!("{}:{line}:{column}: {}\n", diagnostic.file(), diagnostic.message);
    let label = if diagnostic.label.is_empty() { String::new() } else { format!(" {}", diagnostic.label) };
    // Writing to a string cannot fail.
    let _written =
        write!(out, "{margin} |\n{line} | {shown}\n{margin} | {indent}{carets}{label}\n", carets = "^".repeat(carets));
    if let Some(help) = &diagnostic.help {
        let _written = writeln!(out, "{margin} = {}", say!("help: {}", help.as_str()).said(diagnostic.language));
    }
    let _written = writeln!(out, "{margin} = {}", diagnostic.code);
    out
}

/// A file that faults can point into.
#[derive(Clone)]
pub(super) struct File {
    source: Arc<NamedSource<String>>,
    starts: Arc<[usize]>,
    language: Language,
}

impl File {
    /// A file whose faults are said in a language.
    pub(super) fn new(name: &str, text: &str, language: Language) -> Self {
        Self { source: Arc::new(NamedSource::new(name, text.to_owned())), starts: starts(text).into(), language }
    }

    pub(super) fn language(&self) -> Language {
        self.language
    }

    pub(super) fn name(&self) -> &str {
        self.source.name()
    }

    pub(super) fn text(&self) -> &str {
        self.source.inner()
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.name())
    }
}
