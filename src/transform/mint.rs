//! Mints the tokens of one request: a code for each value, apart from each other and from everything the caller wrote.
//!
//! A *group* is one value in normal form, a *coin* one exact spelling of it. Both are known by their keyed hash, so that
//! nothing here holds a value twice. Codes are derived again with a counter in two cases (`DESIGN.md` section 11): two values
//! meet in one code, or a string of the input would resolve to the token. The second closes the door on planted tokens:
//! whoever writes `<PERSON_K7Q2M9F3>` into a request cannot read what that code would stand for.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::code::{Code, code, is_told_apart};
use super::duty::Why;
use super::grammar::{Find, Source};
use super::unit::Landing;
use super::vault::{Pseudonym, Vault};
use super::words::can_name;
use crate::limits::FINDINGS_MAX;
use crate::model::{Call, EntityInfo};

/// What tokens are derived from.
pub struct Keys {
    token: hmac::Key,
    salt: [u8; 16],
}

/// The tokens of one request, while they are made.
pub(super) struct Mint<'a> {
    keys: &'a Keys,
    groups: Vec<Group>,
    coins: Vec<Coin<'a>>,
    by_value: HashMap<Id, usize>,
    by_spelling: HashMap<Id, u32>,
}

/// One value in normal form.
struct Group {
    id: Id,
    again: u32,
}

/// One exact spelling.
struct Coin<'a> {
    id: Id,
    group: usize,
    word: &'a str,
    value: Zeroizing<String>,
    again: u32,
}

/// A value to be minted.
pub(super) struct Value<'a> {
    /// Its type.
    pub(super) entity: &'a EntityInfo,
    /// Whether the request's salt goes in.
    pub(super) salted: bool,
    /// As it is spelt.
    pub(super) exact: Zeroizing<String>,
    /// In normal form.
    pub(super) normal: Zeroizing<String>,
}

type Id = [u8; 32];

/// Rounds in which every token may be derived again; a second is already rare.
const ROUNDS_MAX: usize = 16;
/// Derivations of one value's front in a round; the chance that none is told apart from a word or number is nil.
const STEMS_MAX: u32 = 256;
/// Derivations of one spelling; there are 1024 codes for the spellings of one value.
const SPELLINGS_MAX: u32 = 4_096;

impl Keys {
    /// Takes the key of the tenant, app and epoch, and the request's own random salt.
    pub fn new(token: hmac::Key, salt: [u8; 16]) -> Self {
        Self { token, salt }
    }

    /// The identity of a value: keyed, and unlike that of any other type, purpose or salting.
    fn id(&self, purpose: &str, value: &Value<'_>, text: &str) -> Id {
        let mut context = hmac::Context::with_key(&self.token);
        context.update(purpose.as_bytes());
        context.update(b"\0");
        context.update(value.entity.name.as_str().as_bytes());
        context.update(b"\0");
        if value.salted {
            context.update(b"salted");
            context.update(&self.salt);
        } else {
            context.update(b"stable");
        }
        context.update(text.as_bytes());
        let mut id = Id::default();
        id.iter_mut().zip(context.sign().as_ref()).for_each(|(byte, tag)| *byte = *tag);
        id
    }

    fn derive(&self, id: &Id, again: [u32; 2]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.token);
        context.update(b"code\0");
        context.update(id);
        for counter in again {
            context.update(&counter.to_be_bytes());
        }
        context.sign()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl<'a> Mint<'a> {
    pub(super) fn new(keys: &'a Keys) -> Self {
        Self { keys, groups: Vec::new(), coins: Vec::new(), by_value: HashMap::new(), by_spelling: HashMap::new() }
    }

    /// Takes a value and returns the number of its coin, which is that of its entry in the vault.
    pub(super) fn add(&mut self, value: Value<'a>) -> Result<u32, Why> {
        let word = value.entity.code.as_str();
        if !can_name(word) {
            return Err(Why::Unspeakable);
        }
        let id = self.keys.id("spelling", &value, &value.exact);
        if let Some(coin) = self.by_spelling.get(&id) {
            return Ok(*coin);
        }
        if self.coins.len() >= FINDINGS_MAX {
            return Err(Why::TooMany);
        }
        let group_id = self.keys.id("value", &value, &value.normal);
        let group = *self.by_value.entry(group_id).or_insert_with(|| {
            self.groups.push(Group { id: group_id, again: 0 });
            self.groups.len().saturating_sub(1)
        });
        let coin = u32::try_from(self.coins.len()).map_err(|_| Why::TooMany)?;
        self.coins.push(Coin { id, group, word, value: value.exact, again: 0 });
        self.by_spelling.insert(id, coin);
        Ok(coin)
    }

    /// Gives every coin a code of its own that nothing in the call resolves to.
    pub(super) fn settle(mut self, call: &Call) -> Result<Vault, Why> {
        if self.coins.is_empty() {
            return Ok(Vault::empty());
        }
        for _ in 0..ROUNDS_MAX {
            let again = match self.codes()? {
                Ok(codes) => {
                    let vault = self.vault(&codes);
                    let planted = planted(&vault, call);
                    if planted.is_empty() {
                        return Ok(vault);
                    }
                    planted.iter().filter_map(|coin| self.coins.get(*coin as usize)).map(|coin| coin.group).collect()
                }
                Err(group) => BTreeSet::from([group]),
            };
            for group in again {
                if let Some(group) = self.groups.get_mut(group) {
                    group.again += 1;
                }
            }
        }
        Err(Why::Taken)
    }

    /// The codes of all coins, or the later of two groups that meet.
    fn codes(&mut self) -> Result<Result<Vec<Code>, usize>, Why> {
        let mut owners: HashMap<Code, usize> = HashMap::with_capacity(self.coins.len());
        let mut codes = Vec::with_capacity(self.coins.len());
        for group in &mut self.groups {
            for _ in 0..STEMS_MAX {
                if is_told_apart(&self.keys.derive(&group.id, [group.again, 0])) {
                    break;
                }
                group.again += 1;
            }
        }
        for coin in &mut self.coins {
            let Some(group) = self.groups.get(coin.group) else { continue };
            let stem = self.keys.derive(&group.id, [group.again, 0]);
            let code = loop {
                let code = code(&stem, &self.keys.derive(&coin.id, [group.again, coin.again]));
                match owners.get(&code) {
                    None => break code,
                    Some(owner) if *owner != coin.group => return Ok(Err(coin.group.max(*owner))),
                    Some(_) if coin.again >= SPELLINGS_MAX => return Err(Why::Taken),
                    Some(_) => coin.again += 1,
                }
            };
            owners.insert(code, coin.group);
            codes.push(code);
        }
        Ok(Ok(codes))
    }

    fn vault(&self, codes: &[Code]) -> Vault {
        let coins = self.coins.iter().zip(codes);
        Vault::new(coins.map(|(coin, code)| Pseudonym { word: coin.word, code: *code, value: &coin.value }))
    }
}

/// The entries that a string of the call would resolve to, however the model might read it.
fn planted(vault: &Vault, call: &Call) -> BTreeSet<u32> {
    let mut entries = BTreeSet::new();
    for field in &call.fields {
        let text = call.text(field);
        if vault.may_stand_in(text) {
            live(vault, text, Landing::Text, &mut entries);
        }
        // An escape may end in letters: where a code begins cannot be told from the bytes alone.
        if memchr::memchr(b'\\', text.as_bytes()).is_some() {
            live(vault, text, Landing::JsonInString, &mut entries);
        }
    }
    entries
}

fn live(vault: &Vault, text: &str, landing: Landing, entries: &mut BTreeSet<u32>) {
    let mut source = Source { text, from: 0, before: None, landing, last: true };
    while let Find::Token(found) = vault.find(source) {
        entries.insert(found.entry);
        source.from = found.end;
    }
}
