//! Issuers of tokens: from configuration, and the keys that their addresses give, fetched when they are old or one is wanted.

use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, Uri, header};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::web::{self, Web};
use crate::config::{Config, IssuerConfig};
use crate::gateway::Gate;
use crate::gateway::snapshot::Snapshot;
use crate::identity::token::{Issuer, Settings, Source};
use crate::limits;

/// The issuers of a configuration. One that did not change keeps the keys that are known of it.
pub(super) fn issuers(config: &Config, before: Option<&Snapshot>) -> Result<Vec<Arc<Issuer>>, Vec<String>> {
    let mut faults = Vec::new();
    let mut issuers = Vec::new();
    for issuer in &config.issuers {
        let settings = settings(issuer);
        let known = before.and_then(|before| before.callers.issuers().iter().find(|known| known.settings == settings));
        match known.map_or_else(|| Issuer::new(settings).map(Arc::new), |known| Ok(Arc::clone(known))) {
            Ok(made) => issuers.push(made),
            Err(what) => faults.push(format!("[[issuer]] `{}`: its keys cannot be used: {what}", issuer.name)),
        }
    }
    if faults.is_empty() { Ok(issuers) } else { Err(faults) }
}

fn settings(issuer: &IssuerConfig) -> Settings {
    let seconds = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    let keys = match (&issuer.keys_file, &issuer.keys_url) {
        (Some(text), _) => Source::File(text.clone()),
        (None, url) => Source::Url(url.clone().unwrap_or_default(), issuer.roots.clone()),
    };
    Settings {
        name: issuer.name.clone(),
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        algorithms: issuer.algorithms.clone(),
        skew_s: seconds(issuer.skew_s),
        app_claim: issuer.app_claim.clone(),
        tenant_claim: issuer.tenant_claim.clone(),
        purpose_claim: issuer.purpose_claim.clone(),
        roles_claim: issuer.roles_claim.clone(),
        apps: issuer.apps.clone(),
        roles: issuer.roles.clone(),
        keys,
        refresh_s: seconds(issuer.refresh_s),
    }
}

/// Fetches keys until `stop`.
pub(super) async fn follow(gate: Arc<Gate>, stop: CancellationToken) {
    let mut look = interval(limits::ISSUER_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = look.tick() => {}
        }
        for issuer in gate.snapshot().callers.issuers() {
            let Source::Url(address, roots) = &issuer.settings.keys else { continue };
            if !issuer.is_due(gate.now()) {
                continue;
            }
            let fetching = tokio::time::timeout(limits::TOKEN_DEADLINE, fetch(address, roots.as_deref()));
            let fetched = fetching.await.map_err(anyhow::Error::from).flatten();
            let taken = fetched.and_then(|text| issuer.take(&text, gate.now()).map_err(anyhow::Error::msg));
            gate.telemetry.reloaded("issuer", taken.as_ref().err().map(|error| format!("{error:#}")).as_deref());
            if taken.is_err() {
                issuer.failed(gate.now());
            }
        }
    }
}

async fn fetch(address: &str, roots: Option<&[u8]>) -> anyhow::Result<String> {
    let address: Uri = address.parse()?;
    let web = match roots {
        None => Web::to(&address, None)?,
        Some(text) => Web::with(web::client(Some(web::pem(text)?), None)?),
    };
    let request = Request::get(address).header(header::ACCEPT, "application/json").body(Bytes::new())?;
    let answer = web.ask(request, limits::ISSUER_KEYS_BYTES_MAX).await?;
    anyhow::ensure!(answer.status().is_success(), "it answered with status {}", answer.status().as_u16());
    String::from_utf8(answer.into_body().to_vec()).context("its keys are no text")
}
