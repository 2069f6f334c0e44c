//! The layout of a sheet (`octroi policy fmt`): one statement or clause a line, notes kept where they stand, and the same sheet
//! in another language.
//!
//! It changes blanks, phrases and words for data, never what a sheet says: its digest stays. Laying out twice changes
//! nothing.

use super::concrete::{Break, Concrete, Item};
use super::diagnostic::{Diagnostic, File};
use super::lexer::Kind;
use super::lines::ends;
use super::parser::{language_of, parse, parse_concrete};
use super::phrase::Language;
use super::{SourceFile, canonical, sorted, surface};
use crate::model::entry::Digest;

/// Lays a sheet or pack out, in its own language or in another.
///
/// # Errors
/// Every fault of the file: what cannot be read is not laid out.
pub fn format(source: &SourceFile, language: Option<Language>) -> Result<String, Vec<Diagnostic>> {
    let written = language_of(&source.text);
    let file = File::new(&source.name, &source.text, written);
    let mut faults = Vec::new();
    let concrete = parse_concrete(&file, &mut faults);
    let Some((_, concrete)) = concrete.filter(|_| faults.is_empty()) else { return Err(sorted(faults)) };
    let layout = Layout { text: file.text(), concrete: &concrete, language: language.unwrap_or(written) };
    Ok(layout.write())
}

/// The digest of what a sheet or pack says by itself, without the packs that it uses. Laying out keeps it, in every language.
///
/// # Errors
/// Every fault of the file.
pub fn digest_of(source: &SourceFile) -> Result<Digest, Vec<Diagnostic>> {
    let file = File::new(&source.name, &source.text, language_of(&source.text));
    let mut faults = Vec::new();
    let sheet = parse(&file, &mut faults);
    sheet.filter(|_| faults.is_empty()).map(|sheet| canonical::digest(&sheet)).ok_or_else(|| sorted(faults))
}

struct Layout<'a> {
    text: &'a str,
    concrete: &'a Concrete,
    language: Language,
}

/// Where writing stands.
struct State {
    out: String,
    /// End of the last token or comment in the source.
    behind: usize,
    /// Nothing but an indent stands on the current line.
    fresh: bool,
    /// The statement being written is set off by blank lines.
    block: bool,
    /// The next line needs a blank line before it.
    set_off: bool,
}

impl Layout<'_> {
    fn write(&self) -> String {
        let mut state = State { out: String::new(), behind: 0, fresh: true, block: false, set_off: false };
        let mut comments = self.concrete.comments.iter().peekable();
        let mut marks = self.concrete.marks.iter().peekable();
        let mut breaks = self.concrete.breaks.iter().peekable();
        let mut index = 0;
        while let Some(token) = self.concrete.tokens.get(index) {
            let mut how = None;
            while let Some((_, next)) = breaks.next_if(|(at, _)| *at <= index) {
                how = Some(*next);
            }
            if matches!(how, Some(Break::Statement | Break::Block)) {
                state.set_off = !state.out.is_empty() && (state.block || how == Some(Break::Block));
                state.block = how == Some(Break::Block);
            }
            let ended = token.kind == Kind::End;
            // A comment in the middle of a clause is put further in, and so is what follows it.
            let indent = match how {
                _ if ended => "",
                Some(Break::Statement | Break::Block) => "",
                Some(Break::Clause) => "  ",
                None => "    ",
            };
            let mut broken = false;
            while let Some(comment) = comments.next_if(|comment| comment.start < token.span.start || ended) {
                self.comment(comment, indent, &mut state);
                broken = true;
            }
            if ended {
                break;
            }
            // A colon says nothing.
            if token.kind == Kind::Colon {
                state.behind = token.span.end;
                index += 1;
                continue;
            }
            if how.is_some() || broken {
                self.line(token.span.start, indent, &mut state);
            }
            let mark = marks.next_if(|mark| mark.from == index);
            let tokens = mark.map_or(1, |mark| mark.tokens);
            let said = match mark.map(|mark| &mark.item) {
                Some(Item::Phrase(phrase)) => phrase.surface(self.language).to_owned(),
                Some(Item::Data(identifier)) => self.data(identifier),
                None => self.text.get(token.span.clone()).unwrap_or_default().to_owned(),
            };
            let joined = matches!(token.kind, Kind::Comma | Kind::Close) || state.out.ends_with('(');
            if !state.fresh && !joined {
                state.out.push(' ');
            }
            state.out.push_str(&said);
            state.fresh = false;
            let last = self.concrete.tokens.get((index + tokens).saturating_sub(1)).unwrap_or(token);
            state.behind = last.span.end;
            index += tokens.max(1);
        }
        if !state.out.is_empty() && !state.out.ends_with('\n') {
            state.out.push('\n');
        }
        state.out
    }

    /// A word for data, in quotes where the language would read the identifier as another.
    fn data(&self, identifier: &str) -> String {
        let written = surface::written(identifier, self.language);
        // In every language the same is quoted, so that a sheet comes back as it was.
        let clear =
            |language: &Language| surface::identifier(surface::written(identifier, *language), *language) == identifier;
        if Language::ALL.iter().all(clear) { written.to_owned() } else { format!("\"{identifier}\"") }
    }

    /// Begins a line for what stands at `start` in the source; one blank line is kept.
    fn line(&self, start: usize, indent: &str, state: &mut State) {
        let between = self.text.get(state.behind..start).unwrap_or_default();
        let parted = ends(between) > 1;
        if !state.out.is_empty() {
            if !state.out.ends_with('\n') {
                state.out.push('\n');
            }
            // Within a clause nothing is set apart.
            if (parted && indent.len() < 4) || state.set_off {
                state.out.push('\n');
            }
        }
        state.set_off = false;
        state.out.push_str(indent);
        state.fresh = true;
    }

    fn comment(&self, comment: &std::ops::Range<usize>, indent: &str, state: &mut State) {
        let between = self.text.get(state.behind..comment.start).unwrap_or_default();
        let beside = !state.fresh && ends(between) == 0 && !state.out.is_empty();
        let note = self.text.get(comment.clone()).unwrap_or_default().trim_end();
        if beside {
            state.out.push(' ');
        } else {
            self.line(comment.start, indent, state);
        }
        state.out.push_str(note);
        state.out.push('\n');
        state.fresh = false;
        state.behind = comment.end;
    }
}
