//! The credentials endpoint of a container at AWS (ECS, EKS Pod Identity): temporary keys of the task's or the pod's role.
//!
//! The platform says where it is: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` is a path at 169.254.170.2,
//! `AWS_CONTAINER_CREDENTIALS_FULL_URI` a whole URL; with the latter comes a token, in a variable or in a file.

use std::time::SystemTime;

use zeroize::Zeroizing;

use super::aws_instance::keys;
use super::desk::{Asked, Desk};
use super::{Denied, Issued};
use crate::upstream::{Roots, Secret, SetupFault};

/// Where ECS answers.
const ECS: &str = "http://169.254.170.2";

/// A container at AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsContainer {
    /// The URL, or the path at the address of ECS: it opens the keys.
    pub url: Secret,
    /// What is shown as `Authorization`.
    pub authorization: Option<Secret>,
    /// The region that requests are signed for.
    pub region: String,
    /// The service that they are signed for.
    pub service: String,
}

pub(super) struct Clerk {
    desk: Desk,
    container: AwsContainer,
}

impl Clerk {
    pub(super) fn new(container: &AwsContainer) -> Result<Self, SetupFault> {
        let url = std::str::from_utf8(container.url.expose())
            .map_err(|_| SetupFault::Credential("has an issuer whose address is no url"))?;
        let url = Zeroizing::new(if url.starts_with('/') { format!("{ECS}{url}") } else { url.to_owned() });
        Ok(Self { desk: Desk::new(&url, &Roots::System)?, container: container.clone() })
    }

    #[expect(clippy::disallowed_methods, reason = "keys say at what time of day they expire")]
    pub(super) async fn fetch(&self) -> Result<Issued, Denied> {
        let header = self.container.authorization.as_ref().map(|token| ("authorization", token.expose()));
        let told = self.desk.ask(Asked { header, ..Asked::default() }).await?;
        keys(&told.body, (&self.container.region, &self.container.service), SystemTime::now())
    }
}
