//! The records of a SQLite file (section 2 of the format): numbers of one to nine bytes, and the columns of a row.

use std::cmp::Ordering;

/// A column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// A number of four bytes, the highest first.
pub(super) fn be32(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_be_bytes)
}

/// Compares the first columns of a row with those that are wanted, as SQLite orders them.
pub(super) fn order(row: &[Value], wanted: &[Value]) -> Ordering {
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Int(_) => 1,
        Value::Text(_) => 2,
        Value::Blob(_) => 3,
    };
    for (one, other) in row.iter().zip(wanted) {
        let order = match (one, other) {
            (Value::Int(one), Value::Int(other)) => one.cmp(other),
            (Value::Text(one), Value::Text(other)) => one.as_bytes().cmp(other.as_bytes()),
            (Value::Blob(one), Value::Blob(other)) => one.cmp(other),
            _ => class(one).cmp(&class(other)),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The columns of a record.
pub(super) fn columns(bytes: &[u8]) -> Option<Vec<Value>> {
    let mut head = bytes;
    let length = usize::try_from(varint(&mut head)?).ok()?;
    let taken = bytes.len() - head.len();
    let (mut types, mut body) = (bytes.get(taken..length)?, bytes.get(length..)?);
    let mut columns = Vec::new();
    while !types.is_empty() {
        let serial = varint(&mut types)?;
        let mut take = |count: usize| {
            let (taken, rest) = body.split_at_checked(count)?;
            body = rest;
            Some(taken)
        };
        columns.push(match serial {
            0 => Value::Null,
            1..=6 => {
                let width = [0, 1, 2, 3, 4, 6, 8].get(usize::try_from(serial).ok()?).copied()?;
                let digits = take(width)?;
                let negative = digits.first().is_some_and(|byte| byte & 0x80 != 0);
                let sign = if negative { -1_i64 } else { 0 };
                Value::Int(digits.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
            }
            8 | 9 => Value::Int(serial - 8),
            12.. => {
                let content = take(usize::try_from((serial - 12) / 2).ok()?)?;
                if serial % 2 == 0 {
                    Value::Blob(content.to_vec())
                } else {
                    Value::Text(String::from_utf8(content.to_vec()).ok()?)
                }
            }
            _ => return None,
        });
    }
    Some(columns)
}

/// A number of one to nine bytes, seven bits each and in the ninth eight.
pub(super) fn varint(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for index in 0..9 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if index == 8 {
            return Some((number << 8 | u64::from(*byte)).cast_signed());
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number.cast_signed())
}
