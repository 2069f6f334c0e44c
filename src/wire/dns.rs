//! One question of DNS and its answer: where a service is (SRV, RFC 2782), in the messages of RFC 1035.
//!
//! Enough for one kind of record and no more. What comes back is not believed: its sender is only held to have named hosts
//! that the inventory binds, and every name and number in it is bounded. Names are compared in lower case.

/// A server of a service.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Service {
    /// Those with a lower one are asked first.
    pub priority: u16,
    /// Its share among those with the same priority.
    pub weight: u16,
    /// TCP port.
    pub port: u16,
    /// Host name in lower case, without a dot at its end.
    pub host: String,
}

/// Why a message is no answer that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Cut short, or not formed as the standard says.
    #[error("malformed")]
    Malformed,
    /// An answer to another question.
    #[error("not the answer to this question")]
    Stranger,
    /// It is longer than the transport carries: ask over TCP.
    #[error("truncated")]
    Truncated,
    /// There is no such name.
    #[error("no such name")]
    NoName,
    /// The server does not answer this, with its code.
    #[error("refused with code {0}")]
    Refused(u8),
}

/// Bytes of a name.
const NAME_BYTES_MAX: usize = 255;
/// Records of an answer that are read.
const RECORDS_MAX: usize = 4_096;
/// Pointers that are followed for one name.
const POINTERS_MAX: usize = 16;
/// Aliases that are followed.
const ALIASES_MAX: usize = 8;

const SRV: u16 = 33;
const CNAME: u16 = 5;
const INTERNET: u16 = 1;

/// Asks where a service is. `None` for what is no name.
pub fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(64);
    message.extend(id.to_be_bytes());
    // A standard query that wants recursion; one question, nothing else.
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() >= NAME_BYTES_MAX - 1 {
        return None;
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        if !label.bytes().all(is_plain) {
            return None;
        }
        message.push(length);
        message.extend(label.bytes());
    }
    message.push(0);
    message.extend(SRV.to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    Some(message)
}

/// Reads the answer to a question. A service that says of itself that it is nowhere gives an empty list.
///
/// # Errors
/// [`Fault`].
pub fn answer(id: u16, name: &str, message: &[u8]) -> Result<Vec<Service>, Fault> {
    let mut reader = Reader { message, at: 0 };
    let (said, flags) = (reader.number()?, reader.number()?);
    let (questions, records) = (reader.number()?, reader.number()?);
    reader.skip(4)?;
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    if said != id || flags >> 11 != 0b1_0000 || questions != 1 {
        return Err(Fault::Stranger);
    }
    if (reader.name()?, reader.number()?, reader.number()?) != (name.clone(), SRV, INTERNET) {
        return Err(Fault::Stranger);
    }
    match flags & 0xf {
        0 => {}
        3 => return Err(Fault::NoName),
        // Always below 16.
        code => return Err(Fault::Refused(u8::try_from(code).unwrap_or(u8::MAX))),
    }
    if flags & 0x200 != 0 {
        return Err(Fault::Truncated);
    }
    let (mut found, mut owner, mut aliases) = (Vec::new(), name, 0);
    for _ in 0..usize::from(records).min(RECORDS_MAX) {
        let of = reader.name()?;
        let (kind, class) = (reader.number()?, reader.number()?);
        reader.skip(4)?;
        let length = usize::from(reader.number()?);
        let end = reader.at.checked_add(length).filter(|end| *end <= message.len()).ok_or(Fault::Malformed)?;
        if of == owner && class == INTERNET && kind == SRV {
            let service = Service {
                priority: reader.number()?,
                weight: reader.number()?,
                port: reader.number()?,
                host: reader.name()?,
            };
            if !service.host.is_empty() && service.port > 0 {
                found.push(service);
            }
        } else if of == owner && class == INTERNET && kind == CNAME && aliases < ALIASES_MAX {
            (owner, aliases) = (reader.name()?, aliases + 1);
        } else {
            reader.at = end;
        }
        if reader.at != end {
            return Err(Fault::Malformed);
        }
    }
    Ok(found)
}

/// Letters that stand in the names of hosts and services.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self) -> Result<u16, Fault> {
        let bytes = self.message.get(self.at..).and_then(|rest| rest.first_chunk::<2>()).ok_or(Fault::Malformed)?;
        self.at += 2;
        Ok(u16::from_be_bytes(*bytes))
    }

    fn skip(&mut self, count: usize) -> Result<(), Fault> {
        self.at = self.at.checked_add(count).filter(|at| *at <= self.message.len()).ok_or(Fault::Malformed)?;
        Ok(())
    }

    /// A name, in lower case; empty for the root.
    fn name(&mut self) -> Result<String, Fault> {
        let (mut name, mut at, mut behind, mut pointers) = (String::new(), self.at, None, 0);
        loop {
            let length = usize::from(*self.message.get(at).ok_or(Fault::Malformed)?);
            if length & 0xc0 == 0xc0 {
                let low = usize::from(*self.message.get(at + 1).ok_or(Fault::Malformed)?);
                let to = (length & 0x3f) << 8 | low;
                pointers += 1;
                // A pointer leads back, or it would lead in circles.
                if to >= at || pointers > POINTERS_MAX {
                    return Err(Fault::Malformed);
                }
                behind = behind.or(Some(at + 2));
                at = to;
                continue;
            }
            if length & 0xc0 != 0 {
                return Err(Fault::Malformed);
            }
            if length == 0 {
                self.at = behind.unwrap_or(at + 1);
                return Ok(name);
            }
            let label = self.message.get(at + 1..at + 1 + length).ok_or(Fault::Malformed)?;
            if name.len() + length >= NAME_BYTES_MAX || !label.iter().copied().all(is_plain) {
                return Err(Fault::Malformed);
            }
            if !name.is_empty() {
                name.push('.');
            }
            name.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
            at += 1 + length;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "_vllm._tcp.gpu.example";

    /// An answer with records of type, owner and data.
    fn message(flags: u16, records: &[(u16, &[u8], Vec<u8>)]) -> Vec<u8> {
        let mut message = question(7, NAME).unwrap();
        message[2..4].copy_from_slice(&flags.to_be_bytes());
        message[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
        for (kind, owner, data) in records {
            message.extend(*owner);
            message.extend(kind.to_be_bytes());
            message.extend([0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend(data);
        }
        message
    }

    fn srv(priority: u16, weight: u16, port: u16, host: &[u8]) -> Vec<u8> {
        [&priority.to_be_bytes()[..], &weight.to_be_bytes(), &port.to_be_bytes(), host].concat()
    }

    fn service(priority: u16, weight: u16, port: u16, host: &str) -> Service {
        Service { priority, weight, port, host: host.to_owned() }
    }

    type Row = (&'static str, Vec<u8>, Result<Vec<Service>, Fault>);

    /// The name of the question.
    const OWN: &[u8] = &[0xc0, 12];

    #[test]
    fn answers_are_read() {
        let ok = 0x8180;
        let (one, two) = (srv(10, 60, 8000, b"\x04GPU1\x03gpu\x07example\x00"), srv(20, 0, 8001, b"\x04gpu2\xc0\x1b"));
        let expected = vec![service(10, 60, 8000, "gpu1.gpu.example"), service(20, 0, 8001, "gpu2.example")];
        let alias = b"\x01b\x07example\x00";
        let rows: Vec<Row> = vec![
            ("two servers, one by pointer", message(ok, &[(SRV, OWN, one.clone()), (SRV, OWN, two)]), Ok(expected)),
            ("none", message(ok, &[]), Ok(vec![])),
            ("nowhere", message(ok, &[(SRV, OWN, srv(0, 0, 0, b"\x00"))]), Ok(vec![])),
            (
                "another's record is left out",
                message(ok, &[(SRV, b"\x01x\x00", one.clone()), (1, OWN, vec![127, 0, 0, 1])]),
                Ok(vec![]),
            ),
            (
                "an alias is followed",
                message(ok, &[(CNAME, OWN, alias.to_vec()), (SRV, alias, srv(1, 2, 3, b"\x01h\x00"))]),
                Ok(vec![service(1, 2, 3, "h")]),
            ),
            ("no such name", message(0x8183, &[]), Err(Fault::NoName)),
            ("refused", message(0x8185, &[]), Err(Fault::Refused(5))),
            ("truncated", message(0x8380, &[]), Err(Fault::Truncated)),
            ("a question", message(0x0100, &[]), Err(Fault::Stranger)),
            ("a record cut short", message(ok, &[(SRV, OWN, vec![0, 1, 0])]), Err(Fault::Malformed)),
            ("data behind the name", message(ok, &[(SRV, OWN, [&one[..], b"x"].concat())]), Err(Fault::Malformed)),
            ("a pointer to itself", message(ok, &[(SRV, &[0xc0, 40], one.clone())]), Err(Fault::Malformed)),
            ("a blank in a name", message(ok, &[(SRV, OWN, srv(0, 0, 1, b"\x03a b\x00"))]), Err(Fault::Malformed)),
        ];
        for (name, message, expected) in rows {
            assert_eq!(answer(7, NAME, &message), expected, "{name}");
        }
        let good = message(ok, &[(SRV, OWN, one)]);
        assert_eq!(answer(8, NAME, &good), Err(Fault::Stranger), "another id");
        assert_eq!(answer(7, "_vllm._tcp.gpu2.example", &good), Err(Fault::Stranger), "another name");
        assert!(answer(7, "_VLLM._tcp.gpu.example.", &good).is_ok(), "names are compared in lower case");
        for end in 0..good.len() {
            assert!(answer(7, NAME, &good[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_asked() {
        let long = "a".repeat(64);
        let whole = ["abcdefgh."; 29].concat();
        for name in ["", ".", "a..b", "a b", "ä.example", "a.\0", long.as_str(), whole.as_str()] {
            assert!(question(1, name).is_none(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            drop(answer(7, NAME, &bytes));
            let mut message = message(0x8180, &[]);
            message[7] = 3;
            message.extend(bytes);
            if let Ok(found) = answer(7, NAME, &message) {
                prop_assert!(found.len() <= 3);
                prop_assert!(found.iter().all(|service| service.host.len() < NAME_BYTES_MAX));
            }
        }
    }
}
