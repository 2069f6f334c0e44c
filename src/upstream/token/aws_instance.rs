//! The metadata service of a machine at AWS, version 2: temporary keys of the machine's role.
//!
//! ```text
//! PUT /latest/api/token                                       -> a session token (version 1, without one, is never asked)
//! GET /latest/meta-data/iam/security-credentials/             -> the role's name, unless it is configured
//! GET /latest/meta-data/iam/security-credentials/ROLE         -> the keys and when they expire
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Method;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::desk::{Asked, Desk};
use super::{Denied, Issued, alive, secret};
use crate::upstream::credential::Pass;
use crate::upstream::{Credential, Roots, Secret, SetupFault, Signer};

const ROLES: &str = "/latest/meta-data/iam/security-credentials/";

/// A machine at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsInstance {
    /// `http://169.254.169.254`, or `http://[fd00:ec2::254]`.
    pub url: String,
    /// The role; `None`: the one that the machine has.
    pub role: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The service that they are signed for.
    pub service: String,
}

pub(super) struct Clerk {
    desk: Desk,
    instance: AwsInstance,
}

impl Clerk {
    pub(super) fn new(instance: &AwsInstance) -> Result<Self, SetupFault> {
        if instance.role.as_ref().is_some_and(|role| !is_role(role)) {
            return Err(SetupFault::Credential("names no role of AWS"));
        }
        Ok(Self { desk: Desk::new(&instance.url, &Roots::System)?, instance: instance.clone() })
    }

    #[expect(clippy::disallowed_methods, reason = "keys say at what time of day they expire")]
    pub(super) async fn fetch(&self) -> Result<Issued, Denied> {
        let header = Some(("x-aws-ec2-metadata-token-ttl-seconds", b"60".as_slice()));
        let session = Asked { method: Method::PUT, path: "/latest/api/token", header, form: &[] };
        let session = self.desk.ask(session).await?.body;
        let role = match &self.instance.role {
            Some(role) => role.clone(),
            None => self.role(&session).await?,
        };
        let told = self.get(&format!("{ROLES}{role}"), &session).await?;
        keys(&told, (&self.instance.region, &self.instance.service), SystemTime::now())
    }

    async fn role(&self, session: &[u8]) -> Result<String, Denied> {
        let told = self.get(ROLES, session).await?;
        let named = std::str::from_utf8(&told).ok().and_then(|text| text.lines().next()).map(str::trim);
        named.filter(|role| is_role(role)).map(str::to_owned).ok_or(Denied::Malformed("names no role"))
    }

    async fn get(&self, path: &str, session: &[u8]) -> Result<Zeroizing<Vec<u8>>, Denied> {
        let header = Some(("x-aws-ec2-metadata-token", session.trim_ascii()));
        Ok(self.desk.ask(Asked { path, header, ..Asked::default() }).await?.body)
    }
}

/// Whether a text is the name of a role: letters, digits and `+=,.@_-`, 64 at most.
fn is_role(name: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(named)
}

/// Reads temporary keys, as both services of AWS write them.
pub(super) fn keys(body: &[u8], (region, service): (&str, &str), now: SystemTime) -> Result<Issued, Denied> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Keys {
        #[serde(deserialize_with = "secret")]
        access_key_id: Secret,
        #[serde(deserialize_with = "secret")]
        secret_access_key: Secret,
        #[serde(deserialize_with = "secret")]
        token: Secret,
        expiration: jiff::Timestamp,
    }
    let keys: Keys = serde_json::from_slice(body).map_err(|_| Denied::Malformed("holds no keys"))?;
    let signer = Signer {
        access_key: keys.access_key_id,
        secret_key: keys.secret_access_key,
        session_token: Some(keys.token),
        region: region.to_owned(),
        service: service.to_owned(),
    };
    let pass = Pass::new(&Credential::Signature(signer)).map_err(|_| Denied::Malformed("holds empty keys"))?;
    let now_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let left_s = u64::try_from(keys.expiration.as_second()).unwrap_or(0).saturating_sub(now_s);
    Ok(Issued { pass, lifetime: alive(Duration::from_secs(left_s))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_those_that_are_none_are_not() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000_000); // 2001-09-09T01:46:40Z
        let text = |key: &str, end: &str| {
            format!(
                r#"{{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"{key}","Token":"T","Expiration":"{end}"}}"#
            )
        };
        let lifetime = |body: &str| keys(body.as_bytes(), ("eu-west-3", "bedrock"), now).map(|issued| issued.lifetime);
        assert_eq!(lifetime(&text("S", "2001-09-09T02:46:40Z")), Ok(Duration::from_hours(1)));
        for (name, body) in [
            ("expired", text("S", "2001-09-09T01:46:40Z")),
            ("long expired", text("S", "1960-01-01T00:00:00Z")),
            ("no time", text("S", "tomorrow")),
            ("empty", text("", "2001-09-09T02:46:40Z")),
            ("an error", r#"{"Code":"Failed","Message":"no role"}"#.to_owned()),
        ] {
            assert!(matches!(lifetime(&body), Err(Denied::Malformed(_))), "{name}");
        }
    }

    #[test]
    fn roles_are_names() {
        for (name, role, expected) in [
            ("plain", "octroi-gateway", true),
            ("every sign", "a+b=c,d.e@f_g-h", true),
            ("empty", "", false),
            ("a path", "../user-data", false),
            ("long", &"a".repeat(65), false),
        ] {
            assert_eq!(is_role(role), expected, "{name}");
        }
    }
}
