//! Statements that add rows, and the heads of their columns: `INSERT INTO t (nom, nir) VALUES ('Aubertin', '1…'), (…)` and
//! `COPY t (nom, nir) FROM stdin;` with its lines.
//!
//! What stands in brackets before `VALUES` or `FROM` is the head of the rows behind it. Each row is read once.

use std::ops::Range;

use smallvec::SmallVec;

/// Bytes of the names of the columns.
const HEAD_BYTES_MAX: usize = 2048;
/// Columns of a statement.
const COLUMNS_MAX: usize = 64;
/// What stands between the names of the columns and the rows.
const WORDS: [&str; 4] = ["VALUES", "values", "FROM stdin;", "from stdin;"];
/// What ends the lines behind `FROM stdin;`.
const END_OF_LINES: &[u8] = b"\\.";

/// A cell of a row: where it begins, and its string where it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) string: Option<Range<usize>>,
}

/// The cells of a row.
pub(super) type Cells = SmallVec<[Cell; 16]>;

/// A statement whose rows are read one by one.
#[derive(Debug)]
pub(super) struct Statement {
    /// The names of the columns, as they stand.
    pub(super) heads: SmallVec<[Range<usize>; 16]>,
    /// Whether its rows are lines.
    lines: bool,
    /// Where the next row begins.
    at: usize,
}

impl Statement {
    /// The statements of a text, by their words; what stands within the rows of one before is for the caller to leave out.
    pub(super) fn each(text: &str) -> impl Iterator<Item = Self> + '_ {
        WORDS.iter().flat_map(move |word| {
            let found = memchr::memmem::find_iter(text.as_bytes(), *word);
            found.filter_map(move |at| Self::at(text, at, word))
        })
    }

    fn at(text: &str, at: usize, word: &str) -> Option<Self> {
        let before = text.get(..at)?.trim_ascii_end().strip_suffix(')')?;
        let near = before.as_bytes().get(before.len().saturating_sub(HEAD_BYTES_MAX)..)?;
        let mut from = before.len() - near.len() + memchr::memrchr(b'(', near)? + 1;
        let mut heads = SmallVec::new();
        for name in before.get(from..)?.split(',').take(COLUMNS_MAX) {
            heads.push(from..from + name.len());
            from += name.len() + 1;
        }
        let lines = word.ends_with(';');
        let behind = at + word.len();
        let at = if lines {
            behind + text.as_bytes().get(behind..)?.iter().position(|byte| *byte == b'\n')? + 1
        } else {
            behind
        };
        Some(Self { heads, lines, at })
    }

    /// Where the next row begins.
    pub(super) const fn begins(&self) -> usize {
        self.at
    }

    /// The next row and where it ends.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<(Cells, usize)> {
        if self.lines {
            let rest = bytes.get(self.at..).filter(|rest| !rest.is_empty() && !rest.starts_with(END_OF_LINES))?;
            let end = self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let row = line(bytes, self.at..end);
            self.at = end + 1;
            return Some((row, end));
        }
        let open = blanks(bytes, self.at);
        (bytes.get(open) == Some(&b'(')).then_some(())?;
        let (cells, end) = bracketed(bytes, open + 1)?;
        self.at = blanks(bytes, end);
        if bytes.get(self.at) == Some(&b',') {
            self.at += 1;
        }
        Some((cells, end))
    }
}

/// The cells of a line of `COPY`, which tabs part.
fn line(bytes: &[u8], line: Range<usize>) -> Cells {
    let mut cells = Cells::new();
    let mut start = line.start;
    let own = bytes.get(line.clone()).unwrap_or_default();
    let ends = memchr::memchr_iter(b'\t', own).map(|tab| line.start + tab).chain([line.end]);
    for end in ends.take(COLUMNS_MAX) {
        cells.push(Cell { start, string: Some(start..end) });
        start = end + 1;
    }
    cells
}

/// The cells of a row in brackets and where it ends; `None` when it does not.
fn bracketed(bytes: &[u8], from: usize) -> Option<(Cells, usize)> {
    let mut cells = Cells::new();
    let mut cell = Cell { start: from, string: None };
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match bytes.get(at)? {
            b'\'' => {
                let end = string_end(bytes, at + 1)?;
                if depth == 0 {
                    cell.string = Some(at + 1..end);
                }
                at = end;
            }
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b',' if depth == 0 && cells.len() < COLUMNS_MAX => {
                cells.push(std::mem::replace(&mut cell, Cell { start: at + 1, string: None }));
            }
            b')' => {
                cells.push(cell);
                return Some((cells, at + 1));
            }
            b';' | b'\n' if depth > 0 => return None,
            _ => {}
        }
        at += 1;
    }
}

/// Where the string ends that begins here: a quote within it is doubled, or stands behind a backslash, which what was read before may
/// have undone: behind the last one the cell ends.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'\'', b'\\', bytes.get(at..)?)?;
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b'\\', _) | (_, Some(b'\'')) => at += 2,
            (_, Some(next)) if next.is_ascii_alphanumeric() || *next >= 0x80 => at += 1,
            _ => return Some(at),
        }
    }
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// The heads of all cells of one text's statements, read when somebody asks for the first time.
#[derive(Debug, Default)]
pub(super) struct Heads(Option<Vec<Beginning>>);

/// Where a cell begins and the head of its column; what stands behind a row has none.
type Beginning = (usize, Option<Range<usize>>);

impl Heads {
    /// The head of the column of the cell in which an offset lies.
    pub(super) fn head(&mut self, text: &str, at: usize) -> Option<Range<usize>> {
        let known = self.0.get_or_insert_with(|| beginnings(text, usize::MAX));
        let next = known.partition_point(|(start, _)| *start <= at);
        known.get(next.checked_sub(1)?)?.1.clone()
    }
}

/// The same for one offset, of a statement that begins near before it.
pub(super) fn head_near(text: &str, at: usize) -> Option<Range<usize>> {
    let known = beginnings(text, at);
    let next = known.partition_point(|(start, _)| *start <= at);
    known.get(next.checked_sub(1)?)?.1.clone()
}

/// Where each cell begins, in order, up to an offset.
fn beginnings(text: &str, until: usize) -> Vec<Beginning> {
    let mut all: Vec<Beginning> = Vec::new();
    let mut statements: Vec<Statement> = Statement::each(text).collect();
    statements.sort_by_key(Statement::begins);
    let mut done = 0;
    for mut statement in statements {
        if statement.begins() < done {
            continue;
        }
        while statement.begins() <= until
            && let Some((cells, end)) = statement.next(text.as_bytes())
        {
            let cells = cells.into_iter().zip(statement.heads.iter().cloned().map(Some).chain(std::iter::repeat(None)));
            all.extend(cells.map(|(cell, head)| (cell.start, head)));
            all.push((end, None));
            done = end;
        }
    }
    all
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "the test knows its own texts")]
mod tests {
    use super::*;

    #[test]
    fn heads_of_cells() {
        for (text, expected) in [
            ("INSERT INTO t (id, nir) VALUES (1,'x'),(2,\n'123');", Some(" nir")),
            ("insert into t (`nir`) values (f(1, 2)), (123)", Some("`nir`")),
            ("INSERT INTO t (a, nir) VALUES ('it''s, (b)', 123)", Some(" nir")),
            ("INSERT INTO t (a, nir) VALUES ('N'Guessan', 123)", Some(" nir")),
            ("COPY public.t (id, nir) FROM stdin;\n1\tx\n2\t123\n\\.\n", Some(" nir")),
            ("COPY t (id, nir) FROM stdin;\n1\tx\n\\.\n2\t123\n", None),
            ("INSERT INTO t (id, nir) VALUES (1,'x'); 123", None),
            ("INSERT INTO t VALUES (123)", None),
            ("INSERT INTO t (nir) VALUES (1, 123)", None),
            ("the map (nir) values 123", None),
        ] {
            let at = text.find("123").unwrap();
            let head = Heads::default().head(text, at);
            assert_eq!(head.clone().map(|head| &text[head]), expected, "{text}");
            assert_eq!(head_near(text, at), head, "{text}");
        }
    }
}
