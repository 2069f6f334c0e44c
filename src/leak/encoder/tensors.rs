//! The safetensors format: a JSON table of named tensors in front of their bytes.
//!
//! ```text
//! 8 bytes      length of the table, little-endian
//! table        {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [start, end]}, …, "__metadata__": {…}}
//! data         offsets count from here
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::ModelError;

/// Bytes of the table: the reference implementation's own bound is 100 MB, real ones stay below 1 MB.
const TABLE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Tensors of one file.
const TENSORS_MAX: usize = 10_000;
/// Dimensions of one tensor.
const RANK_MAX: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    F32,
    F16,
    BF16,
    /// Positions and masks that some exports carry along; never read.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Entry {
    dtype: Kind,
    shape: Vec<usize>,
    data_offsets: (usize, usize),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Row {
    Tensor(Entry),
    Other(serde::de::IgnoredAny),
}

/// A file of tensors, its table read and checked.
#[derive(Debug)]
pub struct Tensors<'a> {
    entries: BTreeMap<String, Entry>,
    data: &'a [u8],
}

impl<'a> Tensors<'a> {
    /// Reads the table. Nothing is copied but the table.
    ///
    /// # Errors
    /// A file that is cut off, a table that is too long or malformed, a tensor outside the data or of another length than
    /// its shape.
    pub fn parse(file: &'a [u8]) -> Result<Self, ModelError> {
        let (length, rest) = file.split_first_chunk::<8>().ok_or(ModelError::Weights("no length of the table"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| ModelError::Weights("table too long"))?;
        if length > TABLE_BYTES_MAX {
            return Err(ModelError::Weights("table too long"));
        }
        let (table, data) = rest.split_at_checked(length).ok_or(ModelError::Weights("table cut off"))?;
        let rows: BTreeMap<String, Row> =
            serde_json::from_slice(table).map_err(|_| ModelError::Weights("table malformed"))?;
        if rows.len() > TENSORS_MAX {
            return Err(ModelError::Weights("too many tensors"));
        }
        let mut entries = BTreeMap::new();
        for (name, row) in rows {
            match row {
                Row::Tensor(entry) => {
                    check(&entry, data.len())?;
                    entries.insert(name, entry);
                }
                Row::Other(_) if name == "__metadata__" => {}
                Row::Other(_) => return Err(ModelError::Weights("table malformed")),
            }
        }
        Ok(Self { entries, data })
    }

    /// Whether a tensor is there.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// A tensor's values.
    ///
    /// # Errors
    /// No such tensor, another shape, a kind of number that is not read, a value that is not finite.
    pub fn values(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let entry = self.entries.get(name).ok_or_else(|| ModelError::Missing(short(name)))?;
        if entry.shape != shape {
            return Err(ModelError::Shape(short(name)));
        }
        let (start, end) = entry.data_offsets;
        let bytes = self.data.get(start..end).ok_or(ModelError::Weights("tensor outside the data"))?;
        let values: Vec<f32> = match entry.dtype {
            Kind::F32 => bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Kind::F16 => {
                bytes.as_chunks::<2>().0.iter().map(|bytes| half_precision(u16::from_le_bytes(*bytes))).collect()
            }
            Kind::BF16 => {
                let wide = |bytes: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*bytes)) << 16);
                bytes.as_chunks::<2>().0.iter().map(wide).collect()
            }
            Kind::Other => return Err(ModelError::Unsupported { what: "number kind of", found: short(name) }),
        };
        if values.iter().all(|value| value.is_finite()) {
            Ok(values)
        } else {
            Err(ModelError::Weights("a value is not finite"))
        }
    }
}

/// Refuses an entry outside the data or of another length than its shape.
fn check(entry: &Entry, data: usize) -> Result<(), ModelError> {
    let (start, end) = entry.data_offsets;
    if start > end || end > data || entry.shape.len() > RANK_MAX {
        return Err(ModelError::Weights("tensor outside the data"));
    }
    let size = match entry.dtype {
        Kind::F32 => 4,
        Kind::F16 | Kind::BF16 => 2,
        Kind::Other => return Ok(()),
    };
    let bytes = entry.shape.iter().try_fold(size, |bytes: usize, side| bytes.checked_mul(*side));
    if bytes == Some(end - start) {
        Ok(())
    } else {
        Err(ModelError::Weights("tensor of another length than its shape"))
    }
}

/// IEEE 754 binary16.
fn half_precision(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (bits >> 10 & 0x1F, f32::from(bits & 0x3FF));
    sign * match exponent {
        0 => fraction * 2.0_f32.powi(-24),
        0x1F if fraction == 0.0 => f32::INFINITY,
        0x1F => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2.0_f32.powi(i32::from(exponent) - 15),
    }
}

fn short(name: &str) -> String {
    name.chars().take(96).collect()
}
