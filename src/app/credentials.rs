//! Credentials of backends, from the words of the configuration to those of `upstream`.

use crate::config::{AwsScope, Credential};
use crate::upstream::{
    self, AwsContainer, AwsInstance, Entra, GoogleAccount, GoogleMetadata, Issuer, Lease, Roots, Secret, Signer,
};

/// What is shown to a backend, or who gives it.
pub(super) fn shown(credential: &Credential) -> upstream::Credential {
    match credential {
        Credential::Bearer(token) => upstream::Credential::Bearer(secret(token)),
        Credential::Header(name, value) => {
            upstream::Credential::Header { name: name.to_string(), secret: secret(value) }
        }
        Credential::Signature { access_key, secret_key, session_token, scope } => {
            let (region, service) = words(scope);
            let (access_key, secret_key) = (secret(access_key), secret(secret_key));
            let session_token = session_token.as_ref().map(secret);
            upstream::Credential::Signature(Signer { access_key, secret_key, session_token, region, service })
        }
        Credential::GoogleAccount { key, scope, roots } => fetched(Issuer::GoogleAccount(GoogleAccount {
            key: secret(key),
            scope: scope.clone(),
            roots: believed(roots.as_ref()),
        })),
        Credential::GoogleMetadata { url, account } => {
            fetched(Issuer::GoogleMetadata(GoogleMetadata { url: url.clone(), account: account.clone() }))
        }
        Credential::Entra { login, tenant, client, secret: own, scope, roots } => fetched(Issuer::Entra(Entra {
            login: login.clone(),
            tenant: tenant.clone(),
            client: client.clone(),
            secret: secret(own),
            scope: scope.clone(),
            roots: believed(roots.as_ref()),
        })),
        Credential::AwsInstance { url, role, scope } => {
            let (region, service) = words(scope);
            fetched(Issuer::AwsInstance(AwsInstance { url: url.clone(), role: role.clone(), region, service }))
        }
        Credential::AwsContainer { url, authorization, scope } => {
            let (region, service) = words(scope);
            let authorization = authorization.as_ref().map(secret);
            fetched(Issuer::AwsContainer(AwsContainer { url: secret(url), authorization, region, service }))
        }
    }
}

fn fetched(issuer: Issuer) -> upstream::Credential {
    upstream::Credential::Fetched(Lease::new(issuer))
}

fn secret(secret: &crate::config::Secret) -> Secret {
    Secret::new(secret.expose())
}

fn words(scope: &AwsScope) -> (String, String) {
    (scope.region.to_string(), scope.service.to_string())
}

fn believed(roots: Option<&Vec<u8>>) -> Roots {
    roots.cloned().map_or(Roots::System, Roots::Pem)
}
