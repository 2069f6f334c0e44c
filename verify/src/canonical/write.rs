//! Writing canonical JSON in one pass: a serialiser whose members are put in order where they do not come in order.
//!
//! What is in order already is not moved, and a first member that belongs further back (the tag of an enum) is carried there
//! at once, so that an entry whose fields stand in the order of their keys costs no sorting.

use std::fmt;
use std::ops::Range;

use serde::ser::{self, Impossible, Serialize};

use super::compound::Compound;
use super::{DEPTH_MAX, plain};

/// Why a value has no canonical form. The place is told by how much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it has no canonical form")]
pub(super) struct Unfit;

impl ser::Error for Unfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Where a member of an object stands.
pub(super) struct Member {
    /// The first eight bytes of its key as a number, zeros behind a shorter one: two that differ are in the order of their keys.
    pub(super) head: u64,
    /// Its key, without the quotation marks.
    pub(super) key: Range<usize>,
    /// Behind its value.
    pub(super) end: usize,
}

impl Member {
    /// The quotation mark in front of its key.
    const fn start(&self) -> usize {
        self.key.start - 1
    }
}

/// What was written of a value so far, with the keys of all whole objects in order.
pub(super) struct Writer<'o> {
    pub(super) out: &'o mut Vec<u8>,
    /// Members of the open objects, the innermost last.
    pub(super) members: Vec<Member>,
    pub(super) depth: u32,
}

impl<'o> Writer<'o> {
    /// Appends to what is there.
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, members: Vec::with_capacity(32), depth: 0 }
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        let mut rest = text.as_bytes();
        loop {
            let (clean, more) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
            self.out.extend_from_slice(clean);
            let Some((byte, behind)) = more.split_first() else { break };
            self.escape(*byte);
            rest = behind;
        }
        self.out.push(b'"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            _ => {
                let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' - 10 + value };
                return self.out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit(byte & 15)]);
            }
        };
        self.out.extend_from_slice(&[b'\\', short]);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut unused = digits.len();
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            unused -= 1;
            if number == 0 {
                break;
            }
        }
        self.out.extend_from_slice(digits.get(unused..).unwrap_or_default());
    }

    /// Begins an object or a list.
    fn open(&mut self, mark: u8) -> Compound<'_, 'o> {
        self.out.push(mark);
        self.depth += 1;
        let (start, own) = (self.out.len(), self.members.len());
        Compound { writer: self, start, own }
    }

    /// Writes what an object or a list holds.
    pub(super) fn inner(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unfit> {
        if self.depth > DEPTH_MAX {
            return Err(Unfit);
        }
        value.serialize(self)
    }

    /// Puts the members of an object in order.
    pub(super) fn arrange(&mut self, start: usize, own: usize) -> Result<(), Unfit> {
        let out = &mut *self.out;
        let members = self.members.get_mut(own..).unwrap_or_default();
        let key = |member: &Member| out.get(member.key.clone()).unwrap_or_default();
        let compare = |one: &Member, other: &Member| one.head.cmp(&other.head).then_with(|| key(one).cmp(key(other)));
        let ascending = |members: &[Member]| members.is_sorted_by(|one, other| compare(one, other).is_lt());
        if ascending(members) {
            return Ok(());
        }
        if let [first, rest @ ..] = &*members
            && ascending(rest)
        {
            let at = rest.partition_point(|member| compare(member, first).is_lt());
            if rest.get(at).is_some_and(|next| compare(next, first).is_eq()) {
                return Err(Unfit);
            }
            // `first,a,b,` becomes `a,b,first,`: with its comma it goes behind those before it.
            let length = first.end - start + 1;
            if let Some(next) = rest.get(at) {
                let end = next.start();
                out.get_mut(start..end).unwrap_or_default().rotate_left(length);
            } else {
                out.push(b',');
                out.get_mut(start..).unwrap_or_default().rotate_left(length);
                out.pop();
            }
            return Ok(());
        }
        members.sort_unstable_by(compare);
        if !ascending(members) {
            return Err(Unfit);
        }
        let mut moved = Vec::with_capacity(out.len() - start);
        for member in members.iter() {
            if !moved.is_empty() {
                moved.push(b',');
            }
            moved.extend_from_slice(out.get(member.start()..member.end).unwrap_or_default());
        }
        out.truncate(start);
        out.extend_from_slice(&moved);
        Ok(())
    }
}

impl<'w, 'o> ser::Serializer for &'w mut Writer<'o> {
    type Ok = ();
    type Error = Unfit;
    type SerializeSeq = Compound<'w, 'o>;
    type SerializeTuple = Compound<'w, 'o>;
    type SerializeTupleStruct = Compound<'w, 'o>;
    type SerializeTupleVariant = Impossible<(), Unfit>;
    type SerializeMap = Compound<'w, 'o>;
    type SerializeStruct = Compound<'w, 'o>;
    type SerializeStructVariant = Impossible<(), Unfit>;

    fn serialize_bool(self, value: bool) -> Result<(), Unfit> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unfit> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unfit> {
        if value < 0 {
            self.out.push(b'-');
        }
        self.number(value.unsigned_abs());
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unfit> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unfit> {
        self.number(value);
        Ok(())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unfit> {
        Err(Unfit)
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unfit> {
        Err(Unfit)
    }

    fn serialize_char(self, value: char) -> Result<(), Unfit> {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Unfit> {
        self.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Unfit> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Unfit> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Unfit> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unfit> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unfit> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unfit> {
        Err(Unfit)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w, 'o>, Unfit> {
        Ok(self.open(b'['))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'w, 'o>, Unfit> {
        Ok(self.open(b'['))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'w, 'o>, Unfit> {
        Ok(self.open(b'['))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unfit> {
        Err(Unfit)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w, 'o>, Unfit> {
        Ok(self.open(b'{'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'w, 'o>, Unfit> {
        Ok(self.open(b'{'))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unfit> {
        Err(Unfit)
    }
}
