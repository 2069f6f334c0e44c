//! A log from its first entry to its last, segment by segment, in constant memory.
//!
//! The segments of a log are numbered from 1 without gaps (a pruned log begins later). A segment's entries end where the
//! next one's begin, whatever else the file holds: after a failed write its writer leaves a file behind and repeats the
//! batch in a new one, and what it left is not part of the log.

use std::fs;
use std::io;
use std::path::Path;

use crate::problem::{Problem, ProblemKind};
use crate::regular;
use crate::segment::{Batch, Fault, Found, HEADER_BYTES, Header, ReadAt, Segment};

/// The folder of the segments within a log's folder.
pub const SEGMENTS: &str = "segments";

/// The name of a segment within a log's folder.
pub fn segment_name(number: u32) -> String {
    format!("{SEGMENTS}/{number:08}.seg")
}

/// Reads the number from the name of a file in the segments' folder.
pub fn segment_number(name: &str) -> Option<u32> {
    let number: u32 = name.strip_suffix(".seg")?.parse().ok()?;
    (segment_name(number).strip_prefix(SEGMENTS)?.strip_prefix('/')? == name).then_some(number)
}

/// Where a log's files are.
pub trait Folder {
    /// The names in the folder of the segments.
    fn segment_names(&self) -> io::Result<Vec<String>>;

    /// Opens a file of the log for reading.
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>>;
}

/// A folder of the file system.
impl Folder for &Path {
    fn segment_names(&self) -> io::Result<Vec<String>> {
        fs::read_dir(self.join(SEGMENTS))?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadAt>> {
        Ok(Box::new(regular::open(&self.join(name))?))
    }
}

/// Where a walk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Number of the segment.
    pub segment: u32,
    /// Offset in it.
    pub offset: u64,
    /// Sequence number of the next entry.
    pub seq: u64,
}

/// What comes next.
#[derive(Debug)]
pub enum Step<'a> {
    /// A segment begins.
    Segment(&'a Header),
    /// Entries.
    Batch(Batch<'a>),
    /// At the end of the log, a batch that did not reach the disk whole; it was never acknowledged.
    Torn(Problem),
    /// The end of the log.
    End,
}

/// A walk along a log.
pub struct Walk<'f> {
    folder: &'f dyn Folder,
    headers: Vec<Header>,
    index: usize,
    segment: Option<Segment>,
    place: Place,
    bytes: u64,
    left_behind: u32,
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<'f> Walk<'f> {
    /// Lists the segments and reads their headers.
    ///
    /// # Errors
    /// The first [`Problem`] with their names, numbers and headers.
    pub fn open(folder: &'f dyn Folder) -> Result<Self, Problem> {
        let names = folder.segment_names().map_err(|error| unreadable(SEGMENTS, &error))?;
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| segment_number(name)).collect();
        numbers.sort_unstable();
        let (mut headers, mut bytes): (Vec<Header>, u64) = (Vec::with_capacity(numbers.len()), 0);
        for number in numbers {
            let name = segment_name(number);
            let segment = open_segment(folder, number)?;
            let header = segment.header();
            bytes = bytes.saturating_add(segment.length());
            if let Some(before) = headers.last() {
                let expected = before.number.saturating_add(1);
                if number != expected {
                    let detail = format!("{} is followed by {name}", segment_name(before.number));
                    return Err(Problem::new(segment_name(expected), ProblemKind::MissingSegment, detail));
                }
                if header.origin != before.origin {
                    let detail = "its header names another log than the segment before";
                    return Err(Problem::new(name, ProblemKind::OtherLog, detail));
                }
                if header.first_seq < before.first_seq {
                    let detail = "it begins with an earlier entry than the segment before";
                    return Err(Problem::new(name, ProblemKind::Header, detail));
                }
            }
            headers.push(header.clone());
        }
        let place = headers.first().map_or(Place { segment: 0, offset: 0, seq: 0 }, start_of);
        Ok(Self { folder, headers, index: 0, segment: None, place, bytes, left_behind: 0 })
    }

    /// Goes to a place where a batch begins, as [`Walk::place`] gave it earlier; `false` when no such segment is there.
    pub fn seek(&mut self, place: Place) -> bool {
        let Some(index) = self.headers.iter().position(|header| header.number == place.segment) else {
            return false;
        };
        (self.index, self.place, self.segment) = (index, place, None);
        true
    }

    /// The headers of all segments.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Bytes of all segments.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Segments passed so far that hold bytes behind the log's last entry in them, left by a failed write.
    pub const fn left_behind(&self) -> u32 {
        self.left_behind
    }

    /// Where the next entry is expected.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// Takes the next step. After [`Step::Torn`] and [`Step::End`] there is none: the same is returned again.
    ///
    /// # Errors
    /// The first [`Problem`] with frames or sequence numbers.
    #[expect(clippy::should_implement_trait, reason = "a step borrows the walk, which no iterator can")]
    pub fn next(&mut self) -> Result<Step<'_>, Problem> {
        if self.segment.is_none() {
            let Some(header) = self.headers.get(self.index) else {
                return Ok(Step::End);
            };
            self.segment = Some(open_segment(self.folder, header.number)?);
            if self.place == start_of(header) {
                return Ok(Step::Segment(header));
            }
        }
        let following = self.headers.get(self.index.saturating_add(1));
        if let Some(following) = following.filter(|following| following.first_seq == self.place.seq) {
            let name = segment_name(self.place.segment);
            let behind = self.segment.as_ref().map(|segment| segment.first_written(self.place.offset)).transpose();
            if behind.map_err(|error| unreadable(&name, &error))?.flatten().is_some() {
                self.left_behind = self.left_behind.saturating_add(1);
            }
            (self.index, self.place) = (self.index.saturating_add(1), start_of(following));
            self.segment = Some(open_segment(self.folder, following.number)?);
            return Ok(Step::Segment(following));
        }
        let (name, start) = (segment_name(self.place.segment), self.place);
        let Some(segment) = self.segment.as_mut() else {
            return Ok(Step::End);
        };
        let is_cut = segment.ends_within(start.offset).map_err(|error| unreadable(&name, &error))?;
        match segment.batch(start.offset).map_err(|error| unreadable(&name, &error))? {
            Found::Batch(batch) => {
                check_sequence(&name, start, following, &batch)?;
                self.place.offset = batch.end;
                self.place.seq = start.seq.saturating_add(u64::from(batch.head.count));
                Ok(Step::Batch(batch))
            }
            Found::End => match following {
                None => Ok(Step::End),
                Some(next) => {
                    let detail = format!("it ends before entry {}, with which the next begins", next.first_seq);
                    Err(Problem::new(name, ProblemKind::MissingEntries, detail).at(start.offset).entry(start.seq))
                }
            },
            Found::Damaged { offset, fault, torn } => {
                // A segment never gets shorter: where its file ends within a batch somebody cut it.
                let problem = if torn && is_cut {
                    let detail = "the file ends within a batch";
                    Problem::new(name, ProblemKind::Truncated, detail).at(offset).entry(start.seq)
                } else {
                    damaged(name, offset, start.seq, fault)
                };
                if torn && following.is_none() { Ok(Step::Torn(problem)) } else { Err(problem) }
            }
        }
    }
}

/// Where the first entry of a segment lies.
pub const fn start_of(header: &Header) -> Place {
    Place { segment: header.number, offset: HEADER_BYTES as u64, seq: header.first_seq }
}

fn open_segment(folder: &dyn Folder, number: u32) -> Result<Segment, Problem> {
    let name = segment_name(number);
    let file = folder.open(&name).map_err(|error| unreadable(&name, &error))?;
    let segment = Segment::open(file).map_err(|error| unreadable(&name, &error))?;
    match segment {
        Some(segment) if segment.header().number == number => Ok(segment),
        Some(_) => Err(Problem::new(name, ProblemKind::Header, "its header has another number")),
        None => Err(Problem::new(name, ProblemKind::Header, "its checksum does not match").at(0)),
    }
}

fn check_sequence(name: &str, at: Place, following: Option<&Header>, batch: &Batch<'_>) -> Result<(), Problem> {
    let found = batch.head.first_seq;
    let end = found.saturating_add(u64::from(batch.head.count));
    let problem = |kind, detail: String| Err(Problem::new(name, kind, detail).at(batch.start).entry(found));
    if found > at.seq {
        return problem(ProblemKind::MissingEntries, format!("entry {} was expected", at.seq));
    }
    if found < at.seq || following.is_some_and(|next| end > next.first_seq) {
        return problem(ProblemKind::Repeated, format!("entry {} was expected", at.seq));
    }
    Ok(())
}

fn damaged(name: String, offset: u64, seq: u64, fault: Fault) -> Problem {
    Problem::new(name, ProblemKind::Damaged, fault.to_string()).at(offset).entry(seq)
}

/// A file that cannot be read, with the system's word for it.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Problem {
    // What a server said is told; of the system the word for it is enough.
    let what = if error.kind() == io::ErrorKind::Other { error.to_string() } else { error.kind().to_string() };
    Problem::new(name, ProblemKind::Unreadable, what)
}
