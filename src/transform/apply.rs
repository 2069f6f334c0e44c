//! Applies the duties of one backend to one call: edits of whole JSON tokens, and the vault that undoes them.
//!
//! Findings that overlap are one piece, with the strictest action of them and the type of the surest. A field that holds a
//! piece is written anew as a whole; every other byte of the body stays. Equal values get equal tokens wherever they stand,
//! so that a property name of a schema, its mention in `required` and its value in arguments stay equal.
//!
//! What cannot be done is an error and never done by half: then there are no edits at all.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::cursor::is_glue;
use super::duty::{CannotDo, Instead, Why, duty};
use super::literal::{bare_in_json, keys_in_json};
use super::mint::{Keys, Mint, Value};
use super::moves::Moves;
use super::name::{is_apart, is_name, spelt, takes_parts};
use super::value::{is_json, normal, normal_in_name, real};
use super::vault::Vault;
use crate::model::entry::Change;
use crate::model::finding::POSSIBLY;
use crate::model::{
    Action, Call, Catalogue, Duties, EntityId, EntityInfo, Field, Findings, Role, Spelling, TokenKind, Word,
};
use crate::wire::{Edit, quote};

/// What is to be sent instead of the call, and how to undo it.
#[derive(Debug)]
pub struct Changed {
    /// Whole tokens of the body, in its order.
    pub edits: Vec<Edit>,
    /// The tokens that were written, and what they stand for.
    pub vault: Vault,
    /// What was changed, by type and action, counted from the edits.
    pub changes: Vec<Change>,
    /// The types whose values were pseudonymised, sorted; those that lay under a piece of another type included.
    pub pseudonymised: Vec<EntityId>,
    /// Where the places of each field that was written anew were, by where its token begins in the body.
    pub moves: BTreeMap<u32, Moves>,
}

/// A stretch of a field that must change.
#[derive(Debug)]
struct Piece {
    range: Range<usize>,
    entity: EntityId,
    action: Action,
    /// Confidence and length of the finding that gave the type.
    rank: (u8, usize),
    /// Types of all findings in it.
    covers: Vec<EntityId>,
    /// It is a number of a JSON text: what takes its place is a string there.
    quoted: bool,
}

/// What becomes of a field.
struct Rewrite<'a> {
    field: &'a Field,
    text: &'a str,
    pieces: Vec<(Piece, Put)>,
    /// Everything goes.
    empty: bool,
}

/// What is put in place of a piece.
#[derive(Debug)]
enum Put {
    Token(u32),
    Words(String),
    Nothing,
}

/// Applies the duties of one backend.
///
/// # Errors
/// [`CannotDo`] when a duty cannot be done on what the call carries, or not by this build. The backend may not have it.
pub fn apply(
    call: &Call,
    findings: &Findings,
    duties: &Duties,
    catalogue: &Catalogue,
    keys: &Keys,
) -> Result<Changed, CannotDo> {
    let mut mint = Mint::new(keys);
    let mut rewrites = Vec::new();
    for (field, pieces) in pieces(call, findings, duties, catalogue)? {
        rewrites.push(rewrite(call, field, pieces, catalogue, &mut mint)?);
    }
    let first = rewrites.iter().find_map(|rewrite| rewrite.pieces.first().map(|(piece, _)| (rewrite.field, piece)));
    let mut vault = match first {
        None => Vault::empty(),
        Some((field, piece)) => mint.settle(call).map_err(|why| cannot(piece, field, catalogue, why))?,
    };
    for (index, document) in &call.cited {
        let field = call.fields.get(*index as usize);
        if let Some(rewrite) = rewrites.iter().find(|rewrite| Some(rewrite.field) == field) {
            let moves = moved(rewrite, &vault);
            vault.note_document(*document, moves);
        }
    }
    for rewrite in rewrites.iter().filter(|rewrite| rewrite.field.role == Role::Name) {
        let sent = rewritten(rewrite, &vault);
        vault.note_name(sent, rewrite.text);
    }
    for (sent, came) in sources(call, &rewrites, &vault) {
        vault.note_name(sent, came);
    }
    let mut changed = changed(&rewrites, vault, catalogue);
    changed.edits.extend(placed(call, &changed.moves));
    changed.edits.sort_by_key(|edit| edit.span.start);
    Ok(changed)
}

/// What answers repeat to say where something comes from, as it is sent and as it came; of two that are sent as one, neither.
fn sources<'a>(call: &Call, rewrites: &[Rewrite<'a>], vault: &Vault) -> BTreeMap<String, &'a str> {
    let mut told: BTreeMap<String, Option<&'a str>> = BTreeMap::new();
    for field in call.sources.iter().filter_map(|index| call.fields.get(*index as usize)) {
        let Some(rewrite) = rewrites.iter().find(|rewrite| rewrite.field == field) else { continue };
        let came = told.entry(rewritten(rewrite, vault)).or_insert(Some(rewrite.text));
        *came = came.filter(|came| *came == rewrite.text);
    }
    told.into_iter().filter_map(|(sent, came)| Some((sent, came?))).collect()
}

/// The numbers that are places in a text which is written anew, as they are in what is sent: what an earlier answer cites.
fn placed(call: &Call, moves: &BTreeMap<u32, Moves>) -> Vec<Edit> {
    let at = |index: u32| call.fields.get(index as usize).map(|field| &field.span);
    let mut edits = Vec::new();
    for place in &call.places {
        let (Some(number), Some(text)) = (at(place.field), at(place.text)) else { continue };
        let Some(moves) = moves.get(&text.start).filter(|_| !moves.contains_key(&number.start)) else { continue };
        let now = moves.was_at(place.value, place.measure, place.end).filter(|now| *now != place.value);
        edits.extend(now.map(|now| Edit { span: number.clone(), replacement: now.to_string() }));
    }
    edits
}

/// The stretches that must change, by field in the order of the body; overlaps are merged.
fn pieces<'a>(
    call: &'a Call,
    findings: &Findings,
    duties: &Duties,
    catalogue: &Catalogue,
) -> Result<Vec<(&'a Field, Vec<Piece>)>, CannotDo> {
    let mut by_field: BTreeMap<u32, Vec<Piece>> = BTreeMap::new();
    for finding in &findings.list {
        let action = duties.action(finding.entity);
        if action == Action::Keep || finding.confidence < POSSIBLY {
            continue;
        }
        let range = finding.range.start as usize..finding.range.end as usize;
        let (rank, covers) = ((finding.confidence, range.len()), vec![finding.entity]);
        by_field.entry(finding.field).or_default().push(Piece {
            range,
            entity: finding.entity,
            action,
            rank,
            covers,
            quoted: false,
        });
    }
    let mut fields = Vec::with_capacity(by_field.len());
    for (index, mut pieces) in by_field {
        pieces.sort_by_key(|piece| (piece.range.start, usize::MAX - piece.range.end));
        let field = call.fields.get(index as usize);
        let text = field.map_or("", |field| call.text(field));
        if let Some(stray) = pieces.iter().find(|piece| text.get(piece.range.clone()).is_none_or(str::is_empty)) {
            let path = field.map_or("", |field| field.path);
            return Err(CannotDo { action: stray.action, entity: name(stray, catalogue), path, why: Why::Misplaced });
        }
        if let Some(field) = field {
            fields.push((field, merge(pieces)));
        }
    }
    Ok(fields)
}

/// Merges pieces that overlap; they come sorted by start.
fn merge(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match merged.last_mut() {
            Some(last) if piece.range.start < last.range.end => {
                last.range.end = last.range.end.max(piece.range.end);
                last.action = last.action.max(piece.action);
                last.quoted |= piece.quoted;
                last.covers.extend(piece.covers);
                if piece.rank > last.rank {
                    (last.entity, last.rank) = (piece.entity, piece.rank);
                }
            }
            _ => merged.push(piece),
        }
    }
    merged
}

/// Decides what is put in place of each piece of a field, and mints the values that get tokens.
fn rewrite<'a>(
    call: &'a Call,
    field: &'a Field,
    pieces: Vec<Piece>,
    catalogue: &'a Catalogue,
    mint: &mut Mint<'a>,
) -> Result<Rewrite<'a>, CannotDo> {
    let text = call.text(field);
    let mut pieces = if is_name(field) { in_name((field, text), pieces, catalogue) } else { pieces };
    let mut bare = bare_in_json(field, text, pieces.iter().map(|piece| piece.range.clone())).into_iter();
    for piece in &mut pieces {
        if let Some(Some(whole)) = bare.next() {
            (piece.range, piece.quoted) = (whole, true);
        }
    }
    let pieces = merge(pieces);
    let in_keys = keys_in_json(field, text, pieces.iter().map(|piece| piece.range.clone()));
    let mut instead = Vec::with_capacity(pieces.len());
    for (piece, in_key) in pieces.into_iter().zip(in_keys) {
        let info = catalogue.info(piece.entity).ok_or_else(|| cannot(&piece, field, catalogue, Why::Misplaced))?;
        let duty = duty(piece.action, field).map_err(|why| cannot(&piece, field, catalogue, why))?;
        let put = duty.instead(info);
        if in_key && matches!(put, Instead::Words(_)) {
            return Err(cannot(&piece, field, catalogue, Why::Key));
        }
        instead.push((piece, info, put));
    }
    let empty = instead.iter().any(|(.., instead)| *instead == Instead::EmptyField);
    let json = memchr::memchr(b'\\', text.as_bytes()).is_some() && is_json(field.role, text);
    let mut rewrite = Rewrite { field, text, pieces: Vec::with_capacity(instead.len()), empty };
    for (piece, info, instead) in instead {
        let put = match instead {
            Instead::EmptyField => Put::Nothing,
            _ if empty => Put::Nothing,
            Instead::Words(words) => Put::Words(words),
            Instead::Token { salted } => {
                let found = text.get(piece.range.clone()).unwrap_or_default();
                let value = value(found, info, salted, (json, is_identifier(field)));
                Put::Token(mint.add(value).map_err(|why| cannot(&piece, field, catalogue, why))?)
            }
        };
        rewrite.pieces.push((piece, put));
    }
    Ok(rewrite)
}

/// The pieces of a name as they are, or all of it where tokens for them would leave none.
fn in_name((field, text): (&Field, &str), pieces: Vec<Piece>, catalogue: &Catalogue) -> Vec<Piece> {
    let word = |piece: &Piece| catalogue.info(piece.entity).map_or(0, |info| info.code.as_str().len());
    let parts: Vec<(Range<usize>, usize)> = pieces.iter().map(|piece| (piece.range.clone(), word(piece))).collect();
    if takes_parts(field, text, &parts) {
        return pieces;
    }
    let whole = |piece: Piece| Piece { range: 0..text.len(), ..piece };
    merge(pieces.into_iter().map(whole).collect())
}

fn value<'a>(piece: &str, entity: &'a EntityInfo, salted: bool, (json, named): (bool, bool)) -> Value<'a> {
    let exact = real(piece, json);
    let normal = if named { normal_in_name(&exact, entity.normal) } else { normal(&exact, entity.normal) };
    Value { entity, salted, exact, normal }
}

/// Writes every field anew and counts what was written.
fn changed(rewrites: &[Rewrite<'_>], vault: Vault, catalogue: &Catalogue) -> Changed {
    let mut edits = Vec::with_capacity(rewrites.len());
    let mut counts: BTreeMap<(EntityId, Action), u32> = BTreeMap::new();
    let mut pseudonymised = BTreeSet::new();
    let moves = rewrites.iter().map(|rewrite| (rewrite.field.span.start, moved(rewrite, &vault))).collect();
    for rewrite in rewrites {
        let text = if rewrite.empty { emptied(rewrite) } else { rewritten(rewrite, &vault) };
        let replacement = quote(&rewrite.field.content.written(&text));
        edits.push(Edit { span: rewrite.field.span.clone(), replacement });
        for (piece, put) in &rewrite.pieces {
            let action = if rewrite.empty { Action::Drop } else { piece.action };
            *counts.entry((piece.entity, action)).or_default() += 1;
            if let Put::Token(_) = put {
                pseudonymised.extend(&piece.covers);
            }
        }
    }
    let change = |((entity, action), count): ((EntityId, Action), u32)| Change {
        entity: catalogue.info(entity).map_or(Word::UNKNOWN, |info| info.name.clone()),
        action: Word::fixed(action.name()),
        count,
    };
    let changes = counts.into_iter().map(change).collect();
    Changed { edits, vault, changes, pseudonymised: pseudonymised.into_iter().collect(), moves }
}

/// The text of a field whose value goes altogether; arguments stay an object.
fn emptied(rewrite: &Rewrite<'_>) -> String {
    let object = rewrite.field.role == Role::ToolCall && rewrite.text.trim_start().starts_with('{');
    if object { "{}".to_owned() } else { String::new() }
}

/// The text of a field with every piece replaced.
fn rewritten(rewrite: &Rewrite<'_>, vault: &Vault) -> String {
    let mut out = String::with_capacity(rewrite.text.len());
    stretches(rewrite, vault, |stretch| match stretch {
        Stretch::Kept(text) => out.push_str(text),
        Stretch::Put { text, .. } => out.push_str(&text),
    });
    out
}

/// Where the places of a field as it is sent are in the field as it came.
fn moved(rewrite: &Rewrite<'_>, vault: &Vault) -> Moves {
    let mut moves = Moves::default();
    if rewrite.empty {
        moves.replace(&emptied(rewrite), rewrite.text);
        return moves;
    }
    stretches(rewrite, vault, |stretch| match stretch {
        Stretch::Kept(text) => moves.pass(text),
        Stretch::Put { text, instead_of } => moves.replace(&text, instead_of),
    });
    moves
}

/// A stretch of a field as it is sent.
enum Stretch<'a> {
    /// As it came.
    Kept(&'a str),
    /// Put in place of a piece.
    Put { text: String, instead_of: &'a str },
}

/// The stretches of a field as it is sent, in order.
fn stretches<'a>(rewrite: &Rewrite<'a>, vault: &Vault, mut each: impl FnMut(Stretch<'a>)) {
    let mut copied = 0;
    // What stands last in the text so far.
    let mut last = None;
    for (index, (piece, put)) in rewrite.pieces.iter().enumerate() {
        let kept = rewrite.text.get(copied..piece.range.start).unwrap_or_default();
        each(Stretch::Kept(kept));
        last = kept.chars().next_back().or(last);
        copied = piece.range.end;
        let text = match put {
            Put::Nothing => String::new(),
            Put::Words(words) if piece.quoted => quote(words),
            Put::Words(words) => words.clone(),
            Put::Token(coin) if piece.quoted => format!("\"<{}>\"", vault.token(*coin)),
            Put::Token(coin) => {
                let next = rewrite.text.get(copied..).and_then(|rest| rest.chars().next());
                let touched = rewrite.pieces.get(index + 1).is_some_and(|(other, _)| other.range.start == copied);
                let token = spelt(rewrite.field, vault.token(*coin));
                if stands_bare(rewrite.field, last, next) && !touched { token } else { format!("<{token}>") }
            }
        };
        last = text.chars().next_back().or(last);
        each(Stretch::Put { text, instead_of: rewrite.text.get(piece.range.clone()).unwrap_or_default() });
    }
    each(Stretch::Kept(rewrite.text.get(copied..).unwrap_or_default()));
}

/// Whether a token is written without brackets: in names, which APIs hold to letters, digits and `_`, and behind a
/// backslash, which a bracket would make its own. Only where restore finds it again between its neighbours.
fn stands_bare(field: &Field, before: Option<char>, behind: Option<char>) -> bool {
    if before == Some('\\') {
        return is_apart(None, behind);
    }
    let text = field.role == Role::Schema && !before.is_some_and(is_glue);
    is_apart(before, behind) && (text || is_identifier(field) || field.spelling != Spelling::Any)
}

/// Whether a field is a name or an id rather than a text. A key of a schema is written as the texts of the schema are, which say
/// it again.
fn is_identifier(field: &Field) -> bool {
    (field.kind == TokenKind::Key && field.role != Role::Schema) || matches!(field.role, Role::Name | Role::Identifier)
}

fn cannot(piece: &Piece, field: &Field, catalogue: &Catalogue, why: Why) -> CannotDo {
    CannotDo { action: piece.action, entity: name(piece, catalogue), path: field.path, why }
}

fn name(piece: &Piece, catalogue: &Catalogue) -> Word {
    catalogue.info(piece.entity).map_or(Word::UNKNOWN, |info| info.name.clone())
}

#[cfg(test)]
mod tests;
