//! Bodies that were coded more than once: `gzip, br` is brotli around gzip (RFC 9110, section 8.4: in the order in which they were
//! applied). The layers are undone one behind the other, piece by piece, so that a stream stays one; each is held to the bounds of the
//! whole. More layers than [`CODINGS_MAX`] are none: each may unfold a thousandfold.

use bytes::Bytes;

use super::{BadCoding, Coding, Unfolder};
use crate::limits::CODINGS_MAX;

/// How a body is coded, in the order in which the codings were applied; none where it is as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Codings([Option<Coding>; CODINGS_MAX]);

impl Codings {
    /// Adds the coding that was applied next.
    ///
    /// # Errors
    /// [`BadCoding`] where there are too many.
    pub fn then(mut self, coding: Coding) -> Result<Self, BadCoding> {
        let place = self.0.iter_mut().find(|place| place.is_none()).ok_or(BadCoding)?;
        *place = Some(coding);
        Ok(self)
    }

    /// Whether the body is as it is.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl From<Coding> for Codings {
    fn from(coding: Coding) -> Self {
        let mut codings = Self::default();
        if let Some(first) = codings.0.first_mut() {
            *first = Some(coding);
        }
        codings
    }
}

/// Undoes all codings of a body.
#[derive(Debug)]
pub struct Layers {
    /// The outermost first: what one of them unfolds to, the next takes.
    list: Vec<Unfolder>,
}

impl Layers {
    /// Starts on a body; nothing where it is as it is.
    ///
    /// # Errors
    /// [`BadCoding`] when there is no memory for a decoder.
    pub fn new(codings: Codings) -> Result<Option<Self>, BadCoding> {
        let list = codings.0.iter().rev().flatten().map(|coding| Unfolder::new(*coding));
        let list = list.collect::<Result<Vec<_>, _>>()?;
        Ok((!list.is_empty()).then_some(Self { list }))
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: Bytes) {
        if let Some(outermost) = self.list.first_mut() {
            outermost.push(bytes);
        }
    }

    /// What the next bytes unfold to, as [`Unfolder::piece`].
    ///
    /// # Errors
    /// A coding is broken, or bytes follow its end.
    pub fn piece(&mut self) -> Result<Option<Bytes>, BadCoding> {
        piece(&mut self.list)
    }

    /// Says whether all coded data ended where the body does.
    ///
    /// # Errors
    /// Some did not, or what was unfolded is not what was coded.
    pub fn finish(self) -> Result<(), BadCoding> {
        self.list.into_iter().try_for_each(Unfolder::finish)
    }

    /// Bytes that were unfolded so far, by the layer that unfolded most.
    pub fn unfolded(&self) -> usize {
        self.list.iter().map(Unfolder::unfolded).max().unwrap_or_default()
    }

    /// Bytes that are held, about.
    pub fn held_bytes(&self) -> usize {
        self.list.iter().map(Unfolder::held_bytes).sum()
    }
}

/// The next piece of the innermost of some layers.
fn piece(layers: &mut [Unfolder]) -> Result<Option<Bytes>, BadCoding> {
    let Some((inner, outer)) = layers.split_last_mut() else { return Ok(None) };
    loop {
        if let Some(piece) = inner.piece()? {
            return Ok(Some(piece));
        }
        let Some(coded) = piece(outer)? else { return Ok(None) };
        inner.push(coded);
    }
}
