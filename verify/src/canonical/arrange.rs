//! Putting the keys of a value in order: what makes JSON that serde wrote canonical. Members that are in order already are not
//! moved.

use std::ops::Range;

use super::{DEPTH_MAX, NotCanonical, Reader};

/// What was written of a value so far, with the keys of all whole objects in order.
pub(super) struct Arranged<'a, 'o> {
    pub(super) out: &'o mut Vec<u8>,
    /// Members of the open objects, the innermost last: key, and where the member stands in `out`.
    pub(super) members: Vec<(&'a [u8], Range<usize>)>,
    /// Room to put members in order.
    pub(super) moved: Vec<u8>,
}

impl<'a> Arranged<'a, '_> {
    pub(super) fn value(&mut self, reader: &mut Reader<'a>, depth: u32) -> Result<(), NotCanonical> {
        if depth > DEPTH_MAX {
            return Err(reader.here());
        }
        match reader.peek() {
            Some(b'{') => self.object(reader, depth),
            Some(b'[') => self.array(reader, depth),
            _ => {
                let start = reader.at;
                reader.value(depth)?;
                self.out.extend_from_slice(reader.bytes.get(start..reader.at).unwrap_or_default());
                Ok(())
            }
        }
    }

    fn array(&mut self, reader: &mut Reader<'a>, depth: u32) -> Result<(), NotCanonical> {
        reader.eat(b"[")?;
        self.out.push(b'[');
        while reader.peek() != Some(b']') {
            self.value(reader, depth + 1)?;
            if reader.peek() == Some(b',') {
                reader.at += 1;
                self.out.push(b',');
            }
        }
        self.out.push(b']');
        reader.eat(b"]")
    }

    fn object(&mut self, reader: &mut Reader<'a>, depth: u32) -> Result<(), NotCanonical> {
        reader.eat(b"{")?;
        self.out.push(b'{');
        let (start, own) = (self.out.len(), self.members.len());
        while reader.peek() != Some(b'}') {
            let (from, at) = (self.out.len(), reader.at);
            let key = reader.key()?;
            reader.eat(b":")?;
            self.out.extend_from_slice(reader.bytes.get(at..reader.at).unwrap_or_default());
            self.value(reader, depth + 1)?;
            self.members.push((key, from..self.out.len()));
            if reader.peek() == Some(b',') {
                reader.at += 1;
                self.out.push(b',');
            }
        }
        reader.eat(b"}")?;
        if !self.in_order(start, own) {
            return Err(reader.here());
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Puts the members of an object in order; whether no key is there twice.
    fn in_order(&mut self, start: usize, own: usize) -> bool {
        let ascending = |members: &[(&[u8], Range<usize>)]| members.is_sorted_by(|(one, _), (other, _)| one < other);
        let members = self.members.get_mut(own..).unwrap_or_default();
        let well = ascending(members) || {
            members.sort_unstable_by_key(|(key, _)| *key);
            self.moved.clear();
            for (index, (_, range)) in members.iter().enumerate() {
                if index > 0 {
                    self.moved.push(b',');
                }
                self.moved.extend_from_slice(self.out.get(range.clone()).unwrap_or_default());
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&self.moved);
            ascending(members)
        };
        self.members.truncate(own);
        well
    }
}
