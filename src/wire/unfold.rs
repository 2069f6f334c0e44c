//! Undoes the coding of a body (`gzip`, `deflate`, `br`, `zstd`), piece by piece as it arrives.
//!
//! Whatever the backend or client flushed comes out at once, so that a compressed stream of events stays a stream. Nothing is
//! unfolded ahead of who reads: [`Unfolder::piece`] gives at most [`PIECE_BYTES`] and keeps the rest of the input coded, so that
//! a few bytes that unfold to gigabytes cost what was asked of them. How much a whole body may unfold to is the caller's to say.
//!
//! What several members make (`gzip`: RFC 1952, section 2.2) or several frames (`zstd`: RFC 8878, section 3.1) is one body, and each is
//! checked. Nothing else may stand behind the end: it would be read by some and not by others. What was coded more than once is undone
//! layer by layer (see [`Layers`]).

use std::fmt;
use std::io::Write;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf as _, Bytes};

use crate::limits::{CODED_MEMBERS_MAX, ZSTD_WINDOW_LOG_MAX};

mod stack;

pub use stack::{Codings, Layers};

/// Bytes that are unfolded at once.
pub const PIECE_BYTES: usize = 64 * 1024;

/// How a body may be coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`, `x-gzip`
    Gzip,
    /// `deflate`: the zlib format (RFC 9110, section 8.4.1.2), or raw deflate (RFC 1951), which some servers send under its name.
    Deflate,
    /// `br`
    Brotli,
    /// `zstd`
    Zstd,
}

impl Coding {
    /// The coding of this name, whatever its case.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }
}

/// A body that is not coded as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the coding is broken")]
pub struct BadCoding;

/// Takes coded bytes as they arrive and gives what they unfold to.
pub struct Unfolder {
    inner: Inner,
    /// Coded bytes that were not looked at yet.
    waiting: Bytes,
    /// The decoder filled a piece: more may wait inside it.
    full: bool,
    ended: bool,
    /// Members or frames that ended and were followed by another.
    members: usize,
    unfolded: usize,
}

enum Inner {
    Gzip(flate2::write::GzDecoder<Vec<u8>>),
    /// Nothing came yet that tells which of the two it is.
    Deflate,
    Zlib(flate2::write::ZlibDecoder<Vec<u8>>),
    Raw(flate2::write::DeflateDecoder<Vec<u8>>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
    Zstd(zstd_safe::DCtx<'static>),
}

impl Unfolder {
    /// Starts on a body.
    ///
    /// # Errors
    /// [`BadCoding`] when there is no memory for the decoder.
    pub fn new(coding: Coding) -> Result<Self, BadCoding> {
        let inner = match coding {
            Coding::Gzip => Inner::Gzip(flate2::write::GzDecoder::new(Vec::new())),
            Coding::Deflate => Inner::Deflate,
            Coding::Brotli => {
                let new = StandardAlloc::default;
                // Strict: windows above 16 MiB are an extension that no content coding has (RFC 7932, section 9.1).
                Inner::Brotli(Box::new(BrotliState::new_strict(new(), new(), new())))
            }
            Coding::Zstd => {
                let mut context = zstd_safe::DCtx::try_create().ok_or(BadCoding)?;
                let window = zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
                context.set_parameter(window).map_err(|_| BadCoding)?;
                Inner::Zstd(context)
            }
        };
        Ok(Self { inner, waiting: Bytes::new(), full: false, ended: false, members: 0, unfolded: 0 })
    }

    /// Adds bytes that arrived. Cheap once [`Unfolder::piece`] said that it needs more.
    pub fn push(&mut self, bytes: Bytes) {
        self.waiting =
            if self.waiting.is_empty() { bytes } else { Bytes::from([self.waiting.as_ref(), bytes.as_ref()].concat()) };
    }

    /// What the next bytes unfold to, about [`PIECE_BYTES`] at most and never nothing; `None` when more must arrive.
    ///
    /// # Errors
    /// The coding is broken, or bytes follow its end that are not the same coding again.
    pub fn piece(&mut self) -> Result<Option<Bytes>, BadCoding> {
        while self.full || !self.waiting.is_empty() {
            if self.ended {
                // The context of `zstd` begins the next frame by itself.
                self.ended = false;
                if !matches!(self.inner, Inner::Zstd(_)) {
                    return Err(BadCoding);
                }
                another(&mut self.members)?;
            }
            self.tell_deflate();
            let piece = match &mut self.inner {
                Inner::Deflate => return Ok(None),
                Inner::Gzip(decoder) => {
                    let held = |decoder: &flate2::write::GzDecoder<Vec<u8>>| decoder.get_ref().len();
                    while sip(decoder, &mut self.waiting, held)? == Sip::Ended {
                        another(&mut self.members)?;
                        next_member(decoder)?;
                    }
                    std::mem::take(decoder.get_mut())
                }
                Inner::Zlib(decoder) => {
                    sip(decoder, &mut self.waiting, |decoder| decoder.get_ref().len())?.and_no_more()?;
                    std::mem::take(decoder.get_mut())
                }
                Inner::Raw(decoder) => {
                    sip(decoder, &mut self.waiting, |decoder| decoder.get_ref().len())?.and_no_more()?;
                    std::mem::take(decoder.get_mut())
                }
                Inner::Brotli(state) => {
                    let (piece, told) = brotli(state, &mut self.waiting);
                    self.full = matches!(told, BrotliResult::NeedsMoreOutput);
                    self.ended = matches!(told, BrotliResult::ResultSuccess);
                    if matches!(told, BrotliResult::ResultFailure) {
                        return Err(BadCoding);
                    }
                    piece
                }
                Inner::Zstd(context) => {
                    let (piece, hint) = zstd(context, &mut self.waiting)?;
                    self.ended = hint == 0;
                    self.full = !self.ended && piece.len() >= PIECE_BYTES;
                    piece
                }
            };
            if !piece.is_empty() {
                self.unfolded = self.unfolded.saturating_add(piece.len());
                return Ok(Some(Bytes::from(piece)));
            }
        }
        Ok(None)
    }

    /// Tells the two formats of `deflate` apart by their first byte, as browsers do: zlib names its method there, 8 in the low bits
    /// (RFC 1950, section 2.2). Raw, these bits would be a stored block with padding that is not zero, which nobody writes.
    fn tell_deflate(&mut self) {
        if let (Inner::Deflate, Some(first)) = (&self.inner, self.waiting.first()) {
            self.inner = if first & 0x0F == 8 {
                Inner::Zlib(flate2::write::ZlibDecoder::new(Vec::new()))
            } else {
                Inner::Raw(flate2::write::DeflateDecoder::new(Vec::new()))
            };
        }
    }

    /// Says whether the coded data ended where the body does, and checks its checksum where the coding has one.
    ///
    /// # Errors
    /// It did not, or what was unfolded is not what was coded.
    pub fn finish(mut self) -> Result<(), BadCoding> {
        let ended = match &mut self.inner {
            Inner::Gzip(decoder) => decoder.try_finish().is_ok(),
            Inner::Deflate => false,
            Inner::Zlib(decoder) => decoder.try_finish().is_ok(),
            Inner::Raw(decoder) => decoder.try_finish().is_ok(),
            Inner::Brotli(_) | Inner::Zstd(_) => self.ended,
        };
        if ended && self.waiting.is_empty() { Ok(()) } else { Err(BadCoding) }
    }

    /// Bytes that were unfolded so far.
    pub const fn unfolded(&self) -> usize {
        self.unfolded
    }

    /// Bytes that are held, about: what waits, and what later data may repeat.
    pub fn held_bytes(&self) -> usize {
        let window = match self.inner {
            Inner::Deflate => 0,
            Inner::Gzip(_) | Inner::Zlib(_) | Inner::Raw(_) => PIECE_BYTES,
            Inner::Brotli(_) => self.unfolded.min(1 << 24),
            Inner::Zstd(_) => self.unfolded.min(1 << ZSTD_WINDOW_LOG_MAX),
        };
        self.waiting.len() + window
    }
}

/// Counts what ended and is followed by another.
const fn another(members: &mut usize) -> Result<(), BadCoding> {
    *members += 1;
    if *members < CODED_MEMBERS_MAX { Ok(()) } else { Err(BadCoding) }
}

/// Starts on the next member of `gzip`, behind what is not read yet of the last, whose checksum must hold.
fn next_member(decoder: &mut flate2::write::GzDecoder<Vec<u8>>) -> Result<(), BadCoding> {
    let ended = std::mem::replace(decoder, flate2::write::GzDecoder::new(Vec::new()));
    *decoder.get_mut() = ended.finish().map_err(|_| BadCoding)?;
    Ok(())
}

/// Where a decoder stands when it was given what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sip {
    /// It filled a piece, or wants more.
    Going,
    /// Its data has ended, and bytes wait behind.
    Ended,
}

impl Sip {
    /// Says that nothing may stand behind the end.
    const fn and_no_more(self) -> Result<(), BadCoding> {
        match self {
            Self::Going => Ok(()),
            Self::Ended => Err(BadCoding),
        }
    }
}

/// Gives a decoder of `flate2` so much of what waits that it fills a piece, or all of it.
fn sip<D: Write>(decoder: &mut D, waiting: &mut Bytes, held: impl Fn(&D) -> usize) -> Result<Sip, BadCoding> {
    while held(decoder) < PIECE_BYTES {
        let some = waiting.get(..waiting.len().min(SIP_BYTES)).unwrap_or_default();
        if some.is_empty() {
            // What was flushed into the coding comes out, although the decoder would rather wait for more.
            return decoder.flush().map(|()| Sip::Going).map_err(|_| BadCoding);
        }
        match decoder.write(some) {
            Ok(0) => return Ok(Sip::Ended),
            Err(_) => return Err(BadCoding),
            Ok(taken) => waiting.advance(taken),
        }
    }
    Ok(Sip::Going)
}

/// Coded bytes that `flate2` is given at once: one of deflate's unfolds to 1032 at most.
const SIP_BYTES: usize = PIECE_BYTES / 1032;

fn brotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    waiting: &mut Bytes,
) -> (Vec<u8>, BrotliResult) {
    let mut piece = vec![0; PIECE_BYTES];
    let (mut left, mut read) = (waiting.len(), 0);
    let (mut room, mut written, mut all) = (PIECE_BYTES, 0, 0);
    let told =
        BrotliDecompressStream(&mut left, &mut read, waiting, &mut room, &mut written, &mut piece, &mut all, state);
    waiting.advance(read);
    piece.truncate(written);
    (piece, told)
}

fn zstd(context: &mut zstd_safe::DCtx<'_>, waiting: &mut Bytes) -> Result<(Vec<u8>, usize), BadCoding> {
    let mut piece = Vec::with_capacity(PIECE_BYTES);
    let mut output = zstd_safe::OutBuffer::around(&mut piece);
    let mut input = zstd_safe::InBuffer::around(waiting);
    let hint = context.decompress_stream(&mut output, &mut input).map_err(|_| BadCoding)?;
    let read = input.pos();
    waiting.advance(read);
    Ok((piece, hint))
}

impl fmt::Debug for Unfolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfolder")
            .field("waiting", &self.waiting.len())
            .field("unfolded", &self.unfolded)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
