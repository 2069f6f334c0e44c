//! Names under the head of a column: `nom;prenom` over `Roussel;Agathe`, in tables of commas, semicolons, tabs and bars, and in
//! arrays of arrays.
//!
//! A head is a line of short cells of which one says that names follow; the lines below it that hold its delimiter equally
//! often are its rows. `Name` alone heads columns of anything: it needs a column beside it that only people have, or cells that
//! are known as names. Each line is read once.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::LazyLock;

use smallvec::SmallVec;

use super::keys;
use super::whole::{Trust, whole};
use crate::detect::columns::{is_rule, separators};
use crate::detect::lexicon::Mixer;
use crate::detect::page::{Page, Report};

/// Bytes of a line; a longer one is no row of a table.
const LINE_BYTES_MAX: usize = 4096;
/// Bytes of a cell of a head.
const HEAD_BYTES_MAX: usize = 40;
/// Columns of a table.
pub(super) const COLUMNS_MAX: usize = 64;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// A part of somebody's name, or somebody.
    Person,
    /// A name, of somebody or something.
    Name,
    /// What only people have.
    Personal,
}

/// The columns that hold names.
pub(super) type Named = SmallVec<[(usize, Trust); 4]>;

/// A table whose head was read.
struct Table {
    delimiter: u8,
    /// How often the delimiter stands in each of its lines.
    count: usize,
    columns: Named,
}

/// Reports the names of all tables of a page.
pub(super) fn names(page: &Page<'_>, report: &mut Report<'_>) {
    arrays(page, report);
    if page.holds(b'"') {
        split(page, report);
    }
    let bytes = page.text.as_bytes();
    let mut table: Option<Table> = None;
    for line in page.lines() {
        let short = line.len() <= LINE_BYTES_MAX;
        let row = table.as_ref().is_some_and(|table| short && table.row(page, &line, report));
        // A head with nothing below it heads nothing; a rule of dashes is nothing (`psql`, `mysql`, Markdown).
        let rule = table.is_some() && bytes.get(line.clone()).is_some_and(is_rule);
        if !row && !rule {
            table = if short && line.end < bytes.len() { Table::under(page.text, &line) } else { None };
        }
    }
}

impl Table {
    /// The table of which a line is the head.
    fn under(text: &str, line: &Range<usize>) -> Option<Self> {
        let own = text.get(line.clone())?;
        b",;\t|".iter().find_map(|&delimiter| {
            memchr::memchr(delimiter, own.as_bytes())?;
            let cells = head_cells(own, delimiter)?;
            let columns =
                named_columns(cells.iter().map(|cell| text.get(line.start + cell.start..line.start + cell.end)))?;
            Some(Self { delimiter, count: cells.len(), columns })
        })
    }

    /// Reports the names of a row. `false`: the line is none.
    fn row(&self, page: &Page<'_>, line: &Range<usize>, report: &mut Report<'_>) -> bool {
        let own = page.text.as_bytes().get(line.clone()).unwrap_or_default();
        let Some(cells) = cells(own, self.delimiter).filter(|cells| cells.len() == self.count) else { return false };
        let ranges = cells.iter().map(|cell| line.start + cell.start..line.start + cell.end);
        report_row(page, &self.columns, &ranges.map(Some).collect::<Cells>(), report);
        true
    }
}

/// The cells of a row; `None` for what holds no value.
pub(super) type Cells = SmallVec<[Option<Range<usize>>; 16]>;

pub(super) fn report_row(page: &Page<'_>, columns: &Named, cells: &Cells, report: &mut Report<'_>) {
    for &(place, trust) in columns {
        let Some(cell) = cells.get(place).cloned().flatten() else { continue };
        // What names the columns of another table is no value: `| last_name | LastName |`.
        let is_head = |range: &Range<usize>| page.text.get(range.clone()).and_then(column) == Some(Column::Person);
        if let Some((range, _)) = whole(page.text, cell, trust).filter(|(range, _)| !is_head(range)) {
            report.push(range, if trust == Trust::Sure { 86 } else { 76 });
        }
    }
}

/// The places of the cells of a line that may be a head; `None` when there are too many, or one is too long for that: most lines
/// are sentences.
fn head_cells(line: &str, delimiter: u8) -> Option<SmallVec<[Range<usize>; 16]>> {
    let mut from = 0;
    for bound in separators(line.as_bytes(), delimiter) {
        if line.get(from..bound)?.trim().len() > HEAD_BYTES_MAX {
            return None;
        }
        from = bound + 1;
    }
    cells(line.as_bytes(), delimiter)
}

/// The places of the cells of a line; `None` when there are too many.
fn cells(line: &[u8], delimiter: u8) -> Option<SmallVec<[Range<usize>; 16]>> {
    let mut from = 0;
    let mut cells = SmallVec::new();
    for bound in separators(line, delimiter).chain(std::iter::once(line.len())) {
        cells.push(from..bound);
        from = bound + 1;
        if cells.len() > COLUMNS_MAX {
            return None;
        }
    }
    Some(cells)
}

/// The columns of names under a head; `None` when it is no head of any.
pub(super) fn named_columns<'t>(cells: impl Iterator<Item = Option<&'t str>>) -> Option<Named> {
    let mut kinds: SmallVec<[(usize, Column); 8]> = SmallVec::new();
    for (place, cell) in cells.enumerate() {
        let cell = cell?.trim();
        if cell.len() > HEAD_BYTES_MAX {
            return None;
        }
        kinds.extend(column(cell).map(|column| (place, column)));
    }
    let personal = kinds.iter().any(|(_, column)| *column != Column::Name);
    let trust = |column| match column {
        Column::Person => Some(Trust::Sure),
        Column::Name if personal => Some(Trust::Sure),
        Column::Name => Some(Trust::Perhaps),
        Column::Personal => None,
    };
    let columns: Named = kinds.iter().filter_map(|&(place, column)| Some((place, trust(column)?))).collect();
    (!columns.is_empty()).then_some(columns)
}

/// What a head says of its column.
pub(super) fn column(head: &str) -> Option<Column> {
    if head.contains(['`', '(', '=', '.', '?', '!']) || !head.contains(char::is_alphabetic) {
        return None;
    }
    let folded = keys::words(head);
    let mut rest = folded.trim_ascii();
    if keys::is_of_name(rest) {
        return Some(Column::Person);
    }
    if let Some(&column) = HEADS.get(rest) {
        return Some(column);
    }
    // `customer_last_name`
    while let Some(blank) = memchr::memchr(b' ', rest) {
        rest = rest.get(blank + 1..)?;
        if let Some(column) = HEADS.get(rest).filter(|column| **column != Column::Name) {
            return Some(*column);
        }
    }
    None
}

/// Arrays of arrays whose first one is a head: `[["nom", "prenom"], ["Roussel", "Agathe"]]`.
fn arrays(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    let mut at = 0;
    while let Some(open) = bytes.get(at..).and_then(|rest| memchr::memchr(b'[', rest)) {
        at += open + 1;
        let first = blanks(bytes, at);
        if bytes.get(first) != Some(&b'[') {
            continue;
        }
        let head = match array(bytes, first) {
            Ok((head, end)) => {
                at = end;
                head
            }
            Err(end) => {
                at = end.max(first);
                continue;
            }
        };
        let texts = head.iter().map(|cell| cell.clone().and_then(|cell| page.text.get(cell)).or(Some("")));
        let Some(columns) = named_columns(texts) else { continue };
        loop {
            let comma = blanks(bytes, at);
            let next = blanks(bytes, comma + 1);
            if bytes.get(comma) != Some(&b',') || bytes.get(next) != Some(&b'[') {
                break;
            }
            let Ok((cells, end)) = array(bytes, next) else { break };
            at = end;
            report_row(page, &columns, &cells, report);
        }
    }
}

/// Tables that have their head and their rows under keys: `{"columns": ["nom", "prenom"], "data": [["Roussel", "Agathe"]]}`.
fn split(page: &Page<'_>, report: &mut Report<'_>) {
    let bytes = page.text.as_bytes();
    for key in memchr::memmem::find_iter(bytes, b"\"columns\"") {
        let Some(open) = behind_colon(bytes, key + b"\"columns\"".len()) else { continue };
        let Ok((head, mut at)) = array(bytes, open) else { continue };
        let texts = head.iter().map(|cell| cell.clone().and_then(|cell| page.text.get(cell)).or(Some("")));
        let Some(columns) = named_columns(texts) else { continue };
        let near = bytes.get(at..bytes.len().min(at + LINE_BYTES_MAX)).unwrap_or_default();
        let Some(data) = ["\"data\"", "\"rows\"", "\"values\""]
            .iter()
            .find_map(|key| memchr::memmem::find(near, key.as_bytes()).map(|place| at + place + key.len()))
        else {
            continue;
        };
        // The head that is nearest has the rows: else they would be read for each.
        if bytes.get(at..data).is_some_and(|between| memchr::memmem::find(between, b"\"columns\"").is_some()) {
            continue;
        }
        let Some(outer) = behind_colon(bytes, data) else { continue };
        at = blanks(bytes, outer + 1);
        while let Ok((cells, end)) = array(bytes, at) {
            report_row(page, &columns, &cells, report);
            let comma = blanks(bytes, end);
            if bytes.get(comma) != Some(&b',') {
                break;
            }
            at = blanks(bytes, comma + 1);
        }
    }
}

/// Where an array opens behind a key.
fn behind_colon(bytes: &[u8], at: usize) -> Option<usize> {
    let colon = blanks(bytes, at);
    let open = blanks(bytes, colon + 1);
    (bytes.get(colon) == Some(&b':') && bytes.get(open) == Some(&b'[')).then_some(open)
}

/// The strings of an array of plain values that opens here and where it ends, or how far it was read.
fn array(bytes: &[u8], open: usize) -> Result<(Cells, usize), usize> {
    if bytes.get(open) != Some(&b'[') {
        return Err(open);
    }
    let mut cells = Cells::new();
    let mut at = open + 1;
    loop {
        at = blanks(bytes, at);
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'"') {
            let inner = rest.get(1..).unwrap_or_default();
            let len = memchr::memchr3(b'"', b'\\', b'\n', inner).ok_or(bytes.len())?;
            if inner.get(len) != Some(&b'"') {
                return Err(at + 1 + len);
            }
            cells.push(Some(at + 1..at + 1 + len));
            at += len + 2;
        } else {
            let plain = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
            at += rest.iter().take_while(plain).count();
            cells.push(None);
        }
        at = blanks(bytes, at);
        match bytes.get(at) {
            Some(b',') if cells.len() < COLUMNS_MAX => at += 1,
            Some(b']') => return Ok((cells, at + 1)),
            _ => return Err(at),
        }
    }
}

pub(super) fn blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Heads of columns, folded.
static HEADS: LazyLock<HashMap<&'static [u8], Column, BuildHasherDefault<Mixer>>> = LazyLock::new(|| {
    let of = |column: Column, heads: &'static [&'static str]| heads.iter().map(move |head| (head.as_bytes(), column));
    of(Column::Personal, PERSONAL).chain(of(Column::Name, NAME)).chain(of(Column::Person, PERSON)).collect()
});

#[rustfmt::skip]
const PERSON: &[&str] = &[
    "patient", "patient name", "employee", "employee name", "cardholder", "account holder",
    "titulaire", "patiente", "employe", "employee nom", "salarie", "assure", "beneficiaire", "locataire", "eleve",
    "mitarbeiter", "mitarbeiterin", "kontoinhaber", "versicherter", "schuler", "nombres", "empleado", "paciente", "dipendente",
    "paziente", "medewerker", "nume",
];
#[rustfmt::skip]
const NAME: &[&str] = &[
    "name", "nom", "nombre", "nome", "naam", "namn", "navn", "client", "customer", "contact", "cliente", "kunde", "kundin", "klant",
    "klient", "user", "utilisateur", "usuario", "benutzer", "nom du client", "nom client", "client name", "customer name", "contact name", "responsable", "owner",
    "ansprechpartner", "contacto", "contatto", "person", "personne", "persona", "member", "membre", "mitglied", "participant",
    "teilnehmer", "author", "auteur", "interlocuteur", "interlocutor", "assignee", "manager",
];
#[rustfmt::skip]
const PERSONAL: &[&str] = &[
    "email", "e mail", "mail", "courriel", "phone", "phone number", "telephone", "tel", "telefon", "telefono", "mobile", "portable",
    "date of birth", "birth date", "birthdate", "birthday", "dob", "date de naissance", "naissance", "ne le", "nee le", "geburtsdatum",
    "geboren", "fecha de nacimiento", "nacimiento", "data di nascita", "geboortedatum", "data urodzenia", "pesel", "nir", "ssn", "dni",
    "gender", "sexe", "salary", "salaire", "gehalt", "salario", "diagnosis", "diagnostic", "diagnose", "iban", "age",
];
