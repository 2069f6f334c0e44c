//! Places data can go, and what is declared of them.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Word;

/// Number of a backend in the inventory of one policy. Policies number differently: compare names across policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId(pub u16);

/// An ISO 3166-1 alpha-2 code, upper case, such as `FR`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// Stands for a country that is not known: ISO 3166-1 leaves `ZZ` to its users.
    pub const UNKNOWN: Self = Self(*b"ZZ");

    /// Reads an upper-case two-letter code; whether it is assigned is the reference data's business.
    pub fn parse(code: &str) -> Option<Self> {
        match code.as_bytes() {
            [a @ b'A'..=b'Z', b @ b'A'..=b'Z'] => Some(Self([*a, *b])),
            _ => None,
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl TryFrom<String> for Country {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::parse(&code).ok_or_else(|| "a country is two upper-case letters of ISO 3166-1".to_owned())
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How near a backend is; a backend takes the first tier that it surely meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Run by the owner, located in `home`.
    OnPremises,
    /// Located in and controlled from `home`.
    Domestic,
    /// Located in and controlled from the EEA.
    Eea,
    /// Located in and controlled from the EEA or countries with an adequacy decision in force that covers the backend.
    Adequate,
    /// The rest.
    Other,
}

impl Tier {
    /// The words used in sheets, records and headers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnPremises => "on premises",
            Self::Domestic => "domestic",
            Self::Eea => "EEA",
            Self::Adequate => "adequate",
            Self::Other => "other",
        }
    }
}

/// What of a backend's declared truths travels with a request: enough to record, route and check the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Its name in the inventory and in `octroi.toml`.
    pub name: Word,
    /// Countries of processing; empty when unknown.
    pub processing: Vec<Country>,
    /// Who operates it, as declared.
    pub operator: Option<Word>,
    /// Ultimate control, if declared.
    pub controlled_from: Option<Country>,
    /// Regimes it is surely exposed to.
    pub exposed_to: Vec<Word>,
    /// The declared instrument of transfer, if any.
    pub transfer_basis: Option<Word>,
    /// The first tier it surely meets.
    pub tier: Tier,
    /// What its truths hold for.
    pub binding: Binding,
}

/// The addresses and models that an inventory entry's truths hold for. Anything else is not that backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Binding {
    /// Host names, lower case, without port.
    pub hosts: Vec<Word>,
    /// SHA-256 of the `SubjectPublicKeyInfo` of a certificate in the chain that it presents; empty: not pinned.
    pub spki: Vec<[u8; 32]>,
    /// SHA-256 of the DER of the certificate authority that issued for it; empty: any that `octroi.toml` trusts.
    pub authorities: Vec<[u8; 32]>,
    /// Address ranges that a connection may reach; empty: any address of the host.
    pub addresses: Vec<AddressRange>,
    /// Upstream model or deployment names.
    pub models: Vec<Word>,
    /// Ids that may stand in the path of its URL, beside these names: projects, accounts, regions.
    pub path_ids: Vec<Word>,
}

/// A range of addresses in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange {
    /// An address of the range.
    pub network: IpAddr,
    /// Leading bits that are fixed: 0 to 32 or 128.
    pub prefix: u8,
}

impl AddressRange {
    /// Whether every address of another range is in this one.
    pub fn includes(&self, other: &Self) -> bool {
        self.network.is_ipv4() == other.network.is_ipv4() && self.prefix <= other.prefix && self.contains(other.network)
    }

    /// Reads `10.0.0.0/8`, `::1/128`, or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (network, prefix) = match text.split_once('/') {
            Some((network, prefix)) => (network.parse::<IpAddr>().ok()?, Some(prefix.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self { network, prefix })
    }

    /// Whether the address lies in the range. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network.to_canonical(), address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(self.prefix))).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(self.prefix))).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}
