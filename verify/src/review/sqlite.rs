//! Reads the tables of a SQLite file (<https://www.sqlite.org/fileformat2.html>) without SQLite, so that an auditor need not
//! build it: pages, b-trees, records, and the write-ahead log that lies beside a file in use. It never writes.
//!
//! ```text
//! page 1     100 bytes of header, then a page as all others: the table `sqlite_schema`
//! b-tree     leaf 0x0d, interior 0x05: tables by rowid          leaf 0x0a, interior 0x02: indexes, tables WITHOUT ROWID
//! cell       interior: child page │ table leaf: length, rowid │ index: length      then the record, its end in overflow pages
//! record     length of the head, a type for each column, then the columns                                    record.rs
//! ```
//!
//! A file is bytes from outside: each length is checked, depth and pages visited are bounded, and what is not of this form is
//! [`Fault::Form`].

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::record::{Value, be32, columns, order, varint};
use super::wal::{WAL_HEADER_BYTES, frames};
use crate::regular;
use crate::segment::ReadAt as _;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
/// Levels of a b-tree; one of twenty would hold more than a file can.
const DEPTH_MAX: u32 = 20;
/// Longest record: a set of a block, or a tile, is 8 KiB.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// Pages kept in memory.
const CACHE_PAGES: usize = 8_192;

/// Why a file cannot be read as one.
#[derive(Debug)]
pub(super) enum Fault {
    /// The system says so.
    Io(io::Error),
    /// It is not a database, or not one of this form.
    Form(&'static str),
    /// A change of it is in work, or was cut off.
    Unsettled,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A row: its rowid in a table that has one, and its columns.
pub(super) type Row = (Option<i64>, Vec<Value>);

/// A table, an index or something else in `sqlite_schema`: type, name, root page, and the statement that made it.
pub(super) type Listed = (String, String, u32, Option<String>);

/// An open file.
pub(super) struct Database {
    file: File,
    page_bytes: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    pages: u32,
    /// Pages that lie in the write-ahead log, each with its offset there.
    wal: Option<(File, HashMap<u32, u64>)>,
    cache: RefCell<HashMap<u32, Rc<Vec<u8>>>>,
}

/// A page of a b-tree.
struct Node {
    page: Rc<Vec<u8>>,
    kind: u8,
    /// Where its cells begin.
    cells: Vec<usize>,
    /// The rightmost child of an interior page.
    last: u32,
}

impl Node {
    /// The child in front of a cell; behind the last, the rightmost.
    fn child(&self, index: usize) -> Result<u32, Fault> {
        if index == self.cells.len() {
            return Ok(self.last);
        }
        let at = self.cells.get(index).copied().unwrap_or(usize::MAX);
        let child = self.page.get(at..at.saturating_add(4)).ok_or(Fault::Form("a cell of it is damaged"))?;
        Ok(be32(child))
    }
}

impl Database {
    /// Opens a file, with the write-ahead log beside it.
    pub(super) fn open(path: &Path) -> Result<Self, Fault> {
        let file = regular::open(path)?;
        let beside = |end: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            name
        };
        if std::fs::metadata(beside("-journal")).is_ok_and(|metadata| metadata.len() > 0) {
            return Err(Fault::Unsettled);
        }
        let mut header = [0; HEADER_BYTES];
        let wal = match regular::open(Path::new(&beside("-wal"))) {
            Ok(wal) if wal.length()? > WAL_HEADER_BYTES as u64 => Some(wal),
            Ok(_) => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let mut pages = None;
        if file.length()? == 0 && wal.is_none() {
            return Err(Fault::Unsettled);
        }
        if file.read_at(&mut header, 0)? < HEADER_BYTES || header.get(..16) != Some(MAGIC) {
            return Err(Fault::Form("it is not a SQLite file"));
        }
        let page_bytes = page_size(&header).ok_or(Fault::Form("its pages have no size"))?;
        let wal = match wal {
            Some(wal) => {
                let (frames, count) = frames(&wal, page_bytes)?;
                pages = count;
                Some((wal, frames))
            }
            None => None,
        };
        let length = usize::try_from(file.length()?).unwrap_or(usize::MAX);
        let pages = pages.unwrap_or_else(|| u32::try_from(length / page_bytes).unwrap_or(u32::MAX));
        let mut database = Self { file, page_bytes, usable: page_bytes, pages, wal, cache: RefCell::default() };
        let first = database.page(1)?;
        let encoding = first.get(56..60).map(be32);
        let reserved = first.get(20).copied().unwrap_or_default();
        // SQLite says how it writes text when it makes the first table.
        if encoding == Some(0) && first.get(HEADER_BYTES + 3..HEADER_BYTES + 5) == Some(&[0, 0]) {
            return Err(Fault::Unsettled);
        }
        if first.get(..16) != Some(MAGIC) || page_size(&first) != Some(page_bytes) || encoding != Some(1) {
            return Err(Fault::Form("its header is not that of a review index"));
        }
        database.usable = page_bytes.saturating_sub(usize::from(reserved));
        if database.usable < 480 {
            return Err(Fault::Form("its pages are too short"));
        }
        Ok(database)
    }

    /// What `sqlite_schema` lists.
    pub(super) fn schema(&self) -> Result<Vec<Listed>, Fault> {
        let mut listed = Vec::new();
        self.scan(1, &mut |(_, row)| {
            let [Value::Text(kind), Value::Text(name), _, Value::Int(root), sql] = row.as_slice() else {
                return Err(Fault::Form("its list of tables is not one"));
            };
            let sql = match sql {
                Value::Text(sql) => Some(sql.clone()),
                _ => None,
            };
            listed.push((kind.clone(), name.clone(), u32::try_from(*root).unwrap_or(0), sql));
            Ok(())
        })?;
        // SQLite makes the file before its first table.
        if listed.is_empty() { Err(Fault::Unsettled) } else { Ok(listed) }
    }

    /// Hands over every row of a b-tree, in its order.
    pub(super) fn scan(&self, root: u32, each: &mut dyn FnMut(Row) -> Result<(), Fault>) -> Result<(), Fault> {
        let mut left = self.pages;
        self.walk(root, DEPTH_MAX, &mut left, each)
    }

    /// The row of a table with this rowid.
    pub(super) fn row(&self, root: u32, rowid: i64) -> Result<Option<Vec<Value>>, Fault> {
        let mut number = root;
        for _ in 0..DEPTH_MAX {
            let node = self.node(number)?;
            // Cells are in ascending order, and a child's rowids are at most its cell's.
            let (mut low, mut high) = (0, node.cells.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                if self.rowid(&node, middle)? < rowid { low = middle + 1 } else { high = middle }
            }
            if node.kind == 0x0d {
                if low == node.cells.len() || self.rowid(&node, low)? != rowid {
                    return Ok(None);
                }
                return Ok(Some(self.record(&node, low)?.1));
            }
            number = node.child(low)?;
        }
        Err(Fault::Form("a tree of it is too deep"))
    }

    /// The row of an index, or of a table without rowid, whose first columns are these.
    pub(super) fn find(&self, root: u32, wanted: &[Value]) -> Result<Option<Vec<Value>>, Fault> {
        let mut number = root;
        for _ in 0..DEPTH_MAX {
            let node = self.node(number)?;
            let (mut low, mut high) = (0, node.cells.len());
            while low < high {
                let middle = usize::midpoint(low, high);
                let (_, row) = self.record(&node, middle)?;
                match order(&row, wanted) {
                    Ordering::Less => low = middle + 1,
                    Ordering::Equal => return Ok(Some(row)),
                    Ordering::Greater => high = middle,
                }
            }
            if node.kind == 0x0a {
                return Ok(None);
            }
            number = node.child(low)?;
        }
        Err(Fault::Form("a tree of it is too deep"))
    }

    fn walk(
        &self,
        number: u32,
        depth: u32,
        left: &mut u32,
        each: &mut dyn FnMut(Row) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        // A page that is its own child would be read for ever.
        if depth == 0 || *left == 0 {
            return Err(Fault::Form("a tree of it is too deep or goes round"));
        }
        *left -= 1;
        let node = self.node(number)?;
        let interior = matches!(node.kind, 0x02 | 0x05);
        for index in 0..node.cells.len() {
            if interior {
                self.walk(node.child(index)?, depth - 1, left, each)?;
            }
            // In a table only leaves have rows.
            if node.kind != 0x05 {
                each(self.record(&node, index)?)?;
            }
        }
        if interior { self.walk(node.last, depth - 1, left, each) } else { Ok(()) }
    }

    fn node(&self, number: u32) -> Result<Node, Fault> {
        let page = self.page(number)?;
        let form = Fault::Form("a page of it is damaged");
        let start = if number == 1 { HEADER_BYTES } else { 0 };
        let head = page.get(start..start + 12).ok_or(Fault::Form("a page of it is damaged"))?;
        let [kind, _, _, high, low, _, _, _, last @ ..] = head else { return Err(form) };
        let (kind, last) = (*kind, be32(last));
        let head_bytes = match kind {
            0x02 | 0x05 => 12,
            0x0a | 0x0d => 8,
            _ => return Err(form),
        };
        let count = usize::from(u16::from_be_bytes([*high, *low]));
        let from = start + head_bytes;
        let pointers = page.get(from..from + 2 * count).ok_or(form)?;
        let place = |two: &[u8]| two.try_into().map_or(0, u16::from_be_bytes).into();
        let cells = pointers.chunks_exact(2).map(place).collect();
        Ok(Node { page, kind, cells, last })
    }

    fn rowid(&self, node: &Node, index: usize) -> Result<i64, Fault> {
        let form = || Fault::Form("a cell of it is damaged");
        let mut cell = self.cell(node, index)?;
        if node.kind == 0x05 {
            cell = cell.get(4..).ok_or_else(form)?;
        } else {
            varint(&mut cell).ok_or_else(form)?;
        }
        varint(&mut cell).ok_or_else(form)
    }

    fn cell<'a>(&self, node: &'a Node, index: usize) -> Result<&'a [u8], Fault> {
        let at = node.cells.get(index).copied().unwrap_or(usize::MAX);
        node.page.get(at..self.usable).ok_or(Fault::Form("a cell of it is damaged"))
    }

    fn record(&self, node: &Node, index: usize) -> Result<Row, Fault> {
        let form = || Fault::Form("a cell of it is damaged");
        let mut cell = self.cell(node, index)?;
        if node.kind == 0x02 {
            cell = cell.get(4..).ok_or_else(form)?;
        }
        let length = varint(&mut cell).and_then(|length| usize::try_from(length).ok()).ok_or_else(form)?;
        if length > RECORD_BYTES_MAX {
            return Err(Fault::Form("a row of it is too long"));
        }
        let rowid = if node.kind == 0x0d { Some(varint(&mut cell).ok_or_else(form)?) } else { None };
        // How much of a record stays in its page: section 1.6 of the format.
        let whole = if node.kind == 0x0d { self.usable - 35 } else { (self.usable - 12) * 64 / 255 - 23 };
        if length <= whole {
            return Ok((rowid, columns(cell.get(..length).ok_or_else(form)?).ok_or_else(form)?));
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let here = least + (length - least) % (self.usable - 4);
        let here = if here <= whole { here } else { least };
        let mut bytes = cell.get(..here).ok_or_else(form)?.to_vec();
        let mut next = be32(cell.get(here..here + 4).ok_or_else(form)?);
        while bytes.len() < length {
            let page = self.page(next)?;
            let more = (length - bytes.len()).min(self.usable - 4);
            next = be32(page.get(..4).ok_or_else(form)?);
            bytes.extend_from_slice(page.get(4..4 + more).ok_or_else(form)?);
        }
        Ok((rowid, columns(&bytes).ok_or_else(form)?))
    }

    fn page(&self, number: u32) -> Result<Rc<Vec<u8>>, Fault> {
        if number == 0 || number > self.pages {
            return Err(Fault::Form("it leads to a page that it does not have"));
        }
        if let Some(page) = self.cache.borrow().get(&number) {
            return Ok(Rc::clone(page));
        }
        let mut page = vec![0; self.page_bytes];
        let offset = u64::from(number - 1).saturating_mul(self.page_bytes as u64);
        let newer = self.wal.as_ref().and_then(|(file, frames)| Some((file, *frames.get(&number)?)));
        let (file, offset) = newer.unwrap_or((&self.file, offset));
        if file.read_at(&mut page, offset)? < page.len() {
            return Err(Fault::Form("it is cut short"));
        }
        let page = Rc::new(page);
        let mut cache = self.cache.borrow_mut();
        if cache.len() >= CACHE_PAGES {
            cache.clear();
        }
        cache.insert(number, Rc::clone(&page));
        Ok(page)
    }
}

fn page_size(header: &[u8]) -> Option<usize> {
    let size = u16::from_be_bytes(header.get(16..18)?.try_into().ok()?);
    let size = if size == 1 { 65_536 } else { usize::from(size) };
    (size.is_power_of_two() && size >= 512).then_some(size)
}
