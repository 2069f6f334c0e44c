//! What kind of character each is, in one look-up.

use regex_syntax::hir::{Class as Set, HirKind};

use crate::leak::encoder::ModelError;

/// Kinds that words are cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Other,
    Blank,
    Control,
    Punctuation,
    Mark,
    Ideograph,
}

/// Kinds of all characters: pages of 256, each kept once.
#[derive(Debug)]
pub(super) struct Classes {
    pages: Vec<[Class; 256]>,
    page_of: Vec<u16>,
}

/// Code points that the reference implementation of BERT sets apart, as its authors listed them.
const IDEOGRAPHS: [(u32, u32); 8] = [
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x2_0000, 0x2_A6DF),
    (0x2_A700, 0x2_B73F),
    (0x2_B740, 0x2_B81F),
    (0x2_B920, 0x2_CEAF),
    (0xF900, 0xFAFF),
    (0x2_F800, 0x2_FA1F),
];

impl Classes {
    /// Lays out the table, from the general categories of Unicode as they were in version 8: so the reference implementation
    /// has them. A few characters have changed their category since.
    pub(super) fn new() -> Result<Self, ModelError> {
        let mut all = vec![Class::Other; 0x11_0000];
        let mut set = |(first, last): (u32, u32), class| {
            if let Some(range) = all.get_mut(first as usize..=last as usize) {
                range.fill(class);
            }
        };
        for (pattern, class) in [
            (r"[[\p{Mn}\x{1734}\x{1171E}--[\x{1885}\x{1886}\x{A9BD}\x{111C9}]]&&\p{age:8.0}]", Class::Mark),
            (r"[[\p{P}\x{166D}\x{111C9}]&&\p{age:8.0}]", Class::Punctuation),
            // All signs of ASCII count, those that Unicode calls symbols too.
            (r"[!-/:-@\[-`{-~]", Class::Punctuation),
            (r"\p{White_Space}", Class::Blank),
            (r"[[\p{Cc}\p{Cf}\p{Co}\x{FFFD}]&&\p{age:8.0}]", Class::Control),
            (r"[\t\n\r]", Class::Blank),
        ] {
            for range in ranges(pattern)? {
                set(range, class);
            }
        }
        for range in IDEOGRAPHS {
            set(range, Class::Ideograph);
        }
        let (mut pages, mut page_of): (Vec<[Class; 256]>, Vec<u16>) = (Vec::new(), Vec::new());
        for page in all.as_chunks::<256>().0 {
            let at = pages.iter().position(|held| held == page).unwrap_or(pages.len());
            if at == pages.len() {
                pages.push(*page);
            }
            page_of.push(u16::try_from(at).unwrap_or(0));
        }
        Ok(Self { pages, page_of })
    }

    /// A character's kind.
    pub(super) fn of(&self, char: char) -> Class {
        let code = char as usize;
        let page = self.page_of.get(code >> 8).copied().unwrap_or(0);
        self.pages.get(usize::from(page)).and_then(|page| page.get(code & 0xFF)).copied().unwrap_or(Class::Other)
    }
}

/// The ranges of a set of characters.
fn ranges(pattern: &str) -> Result<Vec<(u32, u32)>, ModelError> {
    let parsed = regex_syntax::parse(pattern).map_err(|_| ModelError::Tokenizer("the tables of characters"))?;
    match parsed.kind() {
        HirKind::Class(Set::Unicode(set)) => {
            Ok(set.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect())
        }
        HirKind::Class(Set::Bytes(set)) => {
            Ok(set.ranges().iter().map(|range| (u32::from(range.start()), u32::from(range.end()))).collect())
        }
        _ => Err(ModelError::Tokenizer("the tables of characters")),
    }
}
