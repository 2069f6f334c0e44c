//! Objects and lists while they are written: commas, keys, and where each member stands.

use serde::ser::{self, Serialize};

use super::plain;
use super::write::{Member, Unfit, Writer};

/// An object or a list that is being written.
pub(super) struct Compound<'w, 'o> {
    pub(super) writer: &'w mut Writer<'o>,
    /// Behind its opening mark.
    pub(super) start: usize,
    /// The first of its members.
    pub(super) own: usize,
}

impl Compound<'_, '_> {
    fn comma(&mut self) {
        if self.writer.out.len() > self.start {
            self.writer.out.push(b',');
        }
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unfit> {
        self.comma();
        self.writer.inner(value)
    }

    fn key(&mut self, key: &(impl Serialize + ?Sized)) -> Result<(), Unfit> {
        self.comma();
        let begun = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let written = self.writer.out.get(begun..).unwrap_or_default();
        let key = written.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\"")).ok_or(Unfit)?;
        if plain(key) < key.len() {
            return Err(Unfit);
        }
        let mut head = [0; 8];
        head.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let (head, start) = (u64::from_be_bytes(head), begun + 1);
        self.writer.members.push(Member { head, key: start..start + key.len(), end: 0 });
        self.writer.out.push(b':');
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Unfit> {
        self.writer.inner(value)?;
        let end = self.writer.out.len();
        self.writer.members.last_mut().ok_or(Unfit)?.end = end;
        Ok(())
    }

    fn close(self, mark: u8) -> Result<(), Unfit> {
        self.writer.arrange(self.start, self.own)?;
        self.writer.members.truncate(self.own);
        self.writer.out.push(mark);
        self.writer.depth -= 1;
        Ok(())
    }
}

impl ser::SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.key(key)?;
        self.value(value)
    }

    fn end(self) -> Result<(), Unfit> {
        self.close(b'}')
    }
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.value(value)
    }

    fn end(self) -> Result<(), Unfit> {
        self.close(b'}')
    }
}

impl ser::SerializeSeq for Compound<'_, '_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.element(value)
    }

    fn end(self) -> Result<(), Unfit> {
        self.close(b']')
    }
}

impl ser::SerializeTuple for Compound<'_, '_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.element(value)
    }

    fn end(self) -> Result<(), Unfit> {
        self.close(b']')
    }
}

impl ser::SerializeTupleStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.element(value)
    }

    fn end(self) -> Result<(), Unfit> {
        self.close(b']')
    }
}
