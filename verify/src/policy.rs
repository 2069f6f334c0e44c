//! Trust policies (C2SP tlog-policy): which logs and witnesses an auditor trusts, and how many of them must agree.
//!
//! ```text
//! log octroi/paris-1/1+…+… [url]
//! witness w1 witness.example/w1+…+… [url]
//! group auditors 2 w1 w2 w3            (a number, `any` or `all`)
//! quorum auditors                      (or `none`)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::cosign::CosignerKey;
use crate::note::{self, VerifierKey};

/// Lines of a policy at most.
const LINES_MAX: usize = 4_096;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    /// Witnesses and groups by name.
    members: BTreeMap<String, Member>,
    /// `None`: no cosignature is needed.
    quorum: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Member {
    Witness(CosignerKey),
    Group { least: usize, of: Vec<String> },
}

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy, line {line}: {what}")]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What a policy says of a checkpoint that it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The log's key.
    pub key: VerifierKey,
    /// Witnesses whose cosignatures hold, with the time of each in seconds since the epoch.
    pub witnesses: Vec<(String, u64)>,
}

/// Why a policy does not accept a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not signed by a log of the policy.
    #[error("not signed by a log of the policy: {0}")]
    Log(CheckpointError),
    /// Too few witnesses signed it.
    #[error("the quorum of the policy is not reached: {0} of its witnesses signed")]
    Quorum(usize),
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with the first line that is not in order.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        for (index, line) in text.split('\n').enumerate() {
            let fault = |what| PolicyError { line: index + 1, what };
            if index >= LINES_MAX {
                return Err(fault("too many lines"));
            }
            if line.contains(|c: char| c.is_ascii_control() && c != '\t') {
                return Err(fault("a control character"));
            }
            let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
            if words.first().is_some_and(|word| !word.starts_with('#')) {
                reading.line(&words).map_err(fault)?;
            }
        }
        let Reading { policy, quorum, .. } = reading;
        if quorum { Ok(policy) } else { Err(PolicyError { line: text.split('\n').count(), what: "no `quorum` line" }) }
    }

    /// The logs.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The same with another log: one that a trusted log announced.
    #[must_use]
    pub fn with_log(&self, key: VerifierKey) -> Self {
        let mut policy = self.clone();
        policy.logs.push(key);
        policy
    }

    /// Opens a checkpoint that one of the logs signed, whoever else did, and names the log's key.
    ///
    /// # Errors
    /// [`Refused::Log`].
    pub fn signed(&self, signed: &str) -> Result<(Checkpoint, VerifierKey), Refused> {
        let mut refused = CheckpointError::Origin;
        let found = self.logs.iter().find_map(|key| match Checkpoint::open(signed, key) {
            Ok(checkpoint) => Some((checkpoint, key.clone())),
            Err(error) => {
                refused = error;
                None
            }
        });
        found.ok_or(Refused::Log(refused))
    }

    /// Decides on a signed checkpoint.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn accept(&self, signed: &str) -> Result<Accepted, Refused> {
        let (checkpoint, key) = self.signed(signed)?;
        let (text, lines) = note::split(signed).map_err(|error| Refused::Log(error.into()))?;
        let mut witnesses = Vec::new();
        for (name, member) in &self.members {
            if let Member::Witness(key) = member
                && let Some(time) = key.time(text, &lines)
            {
                witnesses.push((name.clone(), time));
            }
        }
        if self.quorum.as_ref().is_some_and(|name| !self.agrees(name, &witnesses)) {
            return Err(Refused::Quorum(witnesses.len()));
        }
        Ok(Accepted { checkpoint, key, witnesses })
    }

    /// Whether a witness or group agrees. Groups name only what was defined before them, so this ends.
    fn agrees(&self, name: &str, witnesses: &[(String, u64)]) -> bool {
        match self.members.get(name) {
            Some(Member::Witness(_)) => witnesses.iter().any(|(signed, _)| signed == name),
            Some(Member::Group { least, of }) => {
                of.iter().filter(|member| self.agrees(member, witnesses)).count() >= *least
            }
            None => false,
        }
    }
}

/// A policy while it is read.
struct Reading {
    policy: Policy,
    quorum: bool,
    /// Public keys and members of groups: each may be used once.
    keys: BTreeSet<[u8; 32]>,
    grouped: BTreeSet<String>,
}

impl Default for Reading {
    fn default() -> Self {
        let policy = Policy { logs: Vec::new(), members: BTreeMap::new(), quorum: None };
        Self { policy, quorum: false, keys: BTreeSet::new(), grouped: BTreeSet::new() }
    }
}

impl Reading {
    fn line(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match words {
            ["log", key] | ["log", key, _] => {
                let key = VerifierKey::parse(key).map_err(|_| "not the key of a log")?;
                self.once(*key.public())?;
                self.policy.logs.push(key);
                Ok(())
            }
            ["witness", name, key] | ["witness", name, key, _] => {
                let key = CosignerKey::parse(key).map_err(|_| "not the key of a witness")?;
                self.once(*key.public())?;
                self.define(name, Member::Witness(key))
            }
            ["group", name, least, members @ ..] => {
                let least = match *least {
                    "any" => 1,
                    "all" => members.len(),
                    number => number.parse().map_err(|_| "neither `any`, `all` nor a number")?,
                };
                if members.is_empty() || least == 0 || least > members.len() {
                    return Err("a group needs from one to all of its members");
                }
                for member in members {
                    if !self.policy.members.contains_key(*member) {
                        return Err("a member that is not defined before");
                    }
                    if !self.grouped.insert((*member).to_owned()) {
                        return Err("a member that is in a group already");
                    }
                }
                let of = members.iter().map(|member| (*member).to_owned()).collect();
                self.define(name, Member::Group { least, of })
            }
            ["quorum", _] if self.quorum => Err("a second `quorum` line"),
            ["quorum", "none"] => {
                self.quorum = true;
                Ok(())
            }
            ["quorum", name] if self.policy.members.contains_key(*name) => {
                (self.quorum, self.policy.quorum) = (true, Some((*name).to_owned()));
                Ok(())
            }
            ["quorum", _] => Err("a quorum that is not defined before"),
            _ => Err("not a line of a policy"),
        }
    }

    fn once(&mut self, key: [u8; 32]) -> Result<(), &'static str> {
        if self.keys.insert(key) { Ok(()) } else { Err("a key that stands there already") }
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), &'static str> {
        if name == "none" || self.policy.members.insert(name.to_owned(), member).is_some() {
            return Err("a name that is taken");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::Ed25519KeyPair;

    use super::*;
    use crate::Hash;
    use crate::cosign::cosign;
    use crate::note::SignerKey;

    fn signer(name: &str) -> SignerKey {
        SignerKey::from_pkcs8(name, Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn a_quorum_is_counted_through_groups() {
        let log = signer("octroi/a/1");
        let witnesses: Vec<_> = (0..4).map(|number| signer(&format!("witness.example/{number}"))).collect();
        let mut text = format!("# ours\nlog {}\n", log.verifier());
        for (number, witness) in witnesses.iter().enumerate() {
            text += &format!("witness w{number} {} https://witness.example\n", CosignerKey::of(witness));
        }
        text += "group two 2 w0 w1 w2\n\tgroup all all two w3\nquorum all\n";
        let policy = Policy::parse(&text).unwrap();
        let checkpoint = Checkpoint { origin: "octroi/a/1".into(), size: 3, root: Hash::empty() };
        for (name, signed_by, expected) in [
            ("nobody", vec![], Err(Refused::Quorum(0))),
            ("one of the group and the other", vec![0, 3], Err(Refused::Quorum(2))),
            ("the group alone", vec![0, 1, 2], Err(Refused::Quorum(3))),
            ("enough", vec![0, 2, 3], Ok(3)),
            ("all", vec![0, 1, 2, 3], Ok(4)),
        ] {
            let signed = signed_by.iter().fold(checkpoint.sign(&log), |note, witness: &usize| {
                note + &cosign(&witnesses[*witness], &checkpoint.text(), 7)
            });
            assert_eq!(policy.accept(&signed).map(|accepted| accepted.witnesses.len()), expected, "{name}");
        }
        let stranger = checkpoint.sign(&signer("octroi/a/1"));
        assert!(matches!(policy.accept(&stranger), Err(Refused::Log(_))));
    }

    #[test]
    fn refuses_what_the_format_forbids() {
        let (log, witness) = (signer("octroi/a/1"), CosignerKey::of(&signer("w")));
        let log = log.verifier();
        for (name, text, line, what) in [
            ("no quorum", format!("log {log}\n"), 2, "no `quorum` line"),
            ("two", "quorum none\nquorum none".to_owned(), 2, "a second `quorum` line"),
            ("unknown word", "logs x\n".to_owned(), 1, "not a line of a policy"),
            ("log as witness", format!("witness w {log}\n"), 1, "not the key of a witness"),
            ("witness as log", format!("log {witness}\n"), 1, "not the key of a log"),
            ("key twice", format!("log {log}\nlog {log}\n"), 2, "a key that stands there already"),
            ("reserved", format!("witness none {witness}\n"), 1, "a name that is taken"),
            ("later", "group g any w\n".to_owned(), 1, "a member that is not defined before"),
            (
                "too many",
                format!("witness w {witness}\ngroup g 2 w\n"),
                2,
                "a group needs from one to all of its members",
            ),
            (
                "in two groups",
                format!("witness w {witness}\ngroup g any w\ngroup h any w\n"),
                3,
                "a member that is in a group already",
            ),
            ("unknown quorum", "quorum w".to_owned(), 1, "a quorum that is not defined before"),
            ("return", "quorum none\r\n".to_owned(), 1, "a control character"),
        ] {
            assert_eq!(Policy::parse(&text), Err(PolicyError { line, what }), "{name}");
        }
    }
}
