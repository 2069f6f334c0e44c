//! From a call and its findings to what policy may see: closed words, counts, scores.
//!
//! No text of the request passes: a label becomes the sheet's spelling or *unknown*, a purpose one that a sheet names or
//! *unknown*, a host one that a sheet names or *unknown*, a residence a country of the reference data or *unknown*.

use super::{Declared, Policy};
use crate::model::finding::{POSSIBLY, SURELY};
use crate::model::{
    Call, Caller, Catalogue, Certainty, ClassSet, Country, EntityId, Facts, Finding, Findings, LabelFact, Leak, Role,
    TypeFact, Word,
};

/// What [`facts`] needs beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Similarity to protected documents.
    pub leak: &'a Leak,
    /// Labels, purposes and hosts are mapped to its words.
    pub policy: &'a Policy,
}

/// Reduces a call, what was found in it and who asks to what policy may see.
pub fn facts(
    call: &Call,
    findings: &Findings,
    caller: &Caller,
    declared: &Declared<'_>,
    context: Context<'_>,
) -> Facts {
    let policy = context.policy;
    let mut facts = Facts {
        tenant: caller.tenant.clone(),
        app: caller.app.clone(),
        purpose: None,
        purpose_declared: false,
        roles: caller.roles.clone(),
        residence: residence(declared.residence, caller, policy),
        minors: caller.minors,
        label: label(declared.label, caller, policy),
        types: types(findings),
        declared: ClassSet::default(),
        suspected: ClassSet::default(),
        health_of_a_person: health_of_a_person(call, findings, policy.catalogue()),
        scan: findings.scan,
        unreadable: call.has(Role::Binary),
        reference: call.has(Role::Reference),
        hosted: hosted(call, policy),
        leak: context.leak.score,
        leak_history: context.leak.history,
        lowered: Vec::new(),
        lowered_classes: ClassSet::default(),
        lowered_health: Certainty::FALSE,
        located: ClassSet::default(),
        pseudonymised: Vec::new(),
    };
    // Which of its purposes an app pursues it may say itself.
    let own = caller.scope.purposes.iter().find(|own| declared.purpose.is_some_and(|said| said.trim() == own.as_str()));
    set_purpose(&mut facts, declared.purpose, own.or(caller.purpose.as_ref()), policy);
    by_label(&mut facts, policy);
    by_corpus(&mut facts, context.leak, policy.catalogue());
    facts
}

/// What the sheets say of the declared label: it brings classes, whoever declares it, and takes away classes only where one
/// of the named apps does. A type goes when every class of it is taken away; an account number that is also financial stays, and
/// is then nothing but financial.
pub(super) fn by_label(facts: &mut Facts, policy: &Policy) {
    let LabelFact::Named(label) = facts.label.clone() else { return };
    let says = policy.says.iter().filter(|says| says.label == label);
    let mut lowered = ClassSet::default();
    for says in says {
        if !says.lowers {
            facts.declared = facts.declared.union(says.classes);
        } else if says.issuers.contains(&facts.app) {
            lowered = lowered.union(says.classes);
        }
    }
    if lowered == ClassSet::default() {
        return;
    }
    let catalogue = policy.catalogue();
    let stays = |fact: &TypeFact| catalogue.info(fact.entity).is_none_or(|info| info.classes.0 & !lowered.0 != 0);
    facts.lowered.extend(facts.types.iter().filter(|fact| !stays(fact)));
    facts.types.retain(stays);
    facts.lowered_classes = facts.lowered_classes.union(lowered);
    if catalogue.class("health").is_some_and(|health| lowered.contains(health)) {
        facts.lowered_health = std::mem::replace(&mut facts.health_of_a_person, Certainty::FALSE);
    }
}

/// As [`by_label`], for a question or a scenario: the classes that it names are data as a detector would have found it, so that a
/// label takes them away too. What a label brings is not located by that, and nobody can change it.
pub(super) fn by_label_as_told(facts: &mut Facts, policy: &Policy) {
    let told = facts.declared;
    facts.located = findable(told, policy);
    let LabelFact::Named(label) = facts.label.clone() else { return };
    by_label(facts, policy);
    let brings = policy.says.iter().filter(|says| says.label == label && !says.lowers);
    facts.located.0 &= !brings.fold(0, |all, says| all | says.classes.0);
    for says in policy.says.iter().filter(|says| says.label == label) {
        if says.lowers && says.issuers.contains(&facts.app) {
            let gone = ClassSet(told.0 & says.classes.0);
            let brought = policy.says.iter().filter(|other| other.label == label && !other.lowers);
            let brought = brought.fold(ClassSet::default(), |all, other| all.union(other.classes));
            facts.declared = ClassSet(facts.declared.0 & !gone.0).union(brought);
        }
    }
    facts.located.0 &= facts.declared.0;
}

/// Those of some classes of which there are types: of the others no detector ever finds a value, and nobody changes one.
pub(super) fn findable(classes: ClassSet, policy: &Policy) -> ClassSet {
    let types = policy.catalogue().entities.iter().fold(ClassSet::default(), |all, info| all.union(info.classes));
    ClassSet(classes.0 & types.0)
}

/// What protected documents that the request is near to bring, with all that their classes imply. No label takes that away.
pub(super) fn by_corpus(facts: &mut Facts, leak: &Leak, catalogue: &Catalogue) {
    for (class, sure) in &leak.classes {
        let known = catalogue.class(class.as_str()).and_then(|class| catalogue.class_info(class));
        let Some(brought) = known.map(|info| info.closure) else {
            // A class that this catalogue does not know may be any.
            facts.suspected = catalogue.classes.iter().fold(facts.suspected, |all, info| all.union(info.closure));
            continue;
        };
        if *sure {
            facts.declared = facts.declared.union(brought);
        } else {
            facts.suspected = facts.suspected.union(brought);
        }
    }
}

/// The registered purpose is the whole of it, and so is the same declared. Another that is declared is surely pursued where a
/// sheet names it and possibly every other one as well, just as one that no sheet names: so what a pack or rule names more can
/// never make a condition false that was not.
pub(super) fn set_purpose(facts: &mut Facts, declared: Option<&str>, registered: Option<&Word>, policy: &Policy) {
    let declared = declared.map(str::trim).filter(|declared| registered.is_none_or(|own| own.as_str() != *declared));
    facts.purpose_declared = declared.is_some();
    facts.purpose = match declared {
        None => registered.cloned(),
        Some(declared) => {
            let named = policy.purposes().iter().find(|word| word.as_str() == declared);
            Some(named.cloned().unwrap_or(Word::UNKNOWN))
        }
    };
}

fn residence(declared: Option<&str>, caller: &Caller, policy: &Policy) -> Vec<Country> {
    let Some(declared) = declared else { return caller.residence.clone() };
    let mut countries: Vec<Country> = declared
        .split(',')
        .map(str::trim)
        .map(|code| Country::parse(code).filter(|country| policy.is_country(*country)).unwrap_or(Country::UNKNOWN))
        .collect();
    countries.sort_unstable();
    countries.dedup();
    countries
}

fn label(declared: Option<&str>, caller: &Caller, policy: &Policy) -> LabelFact {
    let Some(declared) = declared.map(str::trim).filter(|label| !label.is_empty()) else {
        return if caller.labels_required { LabelFact::Unknown } else { LabelFact::Absent };
    };
    listed(declared, policy)
}

/// A label as the sheet spells it, whatever the case; one that the sheet does not list may be any.
pub(super) fn listed(label: &str, policy: &Policy) -> LabelFact {
    let folded = label.to_lowercase();
    let listed = policy.labels().iter().find(|label| label.as_str().to_lowercase() == folded);
    listed.map_or(LabelFact::Unknown, |label| LabelFact::Named(label.clone()))
}

fn types(findings: &Findings) -> Vec<TypeFact> {
    let mut types: Vec<TypeFact> = Vec::new();
    for finding in findings.list.iter().filter(|finding| finding.confidence >= POSSIBLY) {
        let index = match types.binary_search_by_key(&finding.entity, |fact| fact.entity) {
            Ok(index) => index,
            Err(index) => {
                types.insert(index, TypeFact { entity: finding.entity, possibly: 0, surely: 0, confidence: 0 });
                index
            }
        };
        if let Some(fact) = types.get_mut(index) {
            fact.possibly = fact.possibly.saturating_add(1);
            fact.surely = fact.surely.saturating_add(u32::from(finding.confidence >= SURELY));
            fact.confidence = fact.confidence.max(finding.confidence);
        }
    }
    types
}

/// Surely when both stand in one message; possibly when both stand anywhere in the request, for a conversation names the
/// patient once and the illness later.
fn health_of_a_person(call: &Call, findings: &Findings, catalogue: &Catalogue) -> Certainty {
    let Some(health) = catalogue.class("health") else { return Certainty::FALSE };
    let is_health = |entity: EntityId| catalogue.info(entity).is_some_and(|info| info.classes.contains(health));
    let names = |entity: EntityId| catalogue.info(entity).is_some_and(|info| info.names_somebody);
    let groups = |wanted: &dyn Fn(EntityId) -> bool, least: u8| {
        let fits = |finding: &&Finding| finding.confidence >= least && wanted(finding.entity);
        let of = findings.list.iter().filter(fits).filter_map(|finding| call.fields.get(finding.field as usize));
        let mut groups: Vec<u32> = of.map(|field| field.group).collect();
        groups.dedup();
        groups
    };
    let possibly = !groups(&is_health, POSSIBLY).is_empty() && !groups(&names, POSSIBLY).is_empty();
    let named = if possibly { groups(&names, SURELY) } else { Vec::new() };
    let surely = !named.is_empty() && groups(&is_health, SURELY).iter().any(|group| named.contains(group));
    Certainty { possibly, surely }
}

/// Whether data about health and what names somebody are both among some types.
pub(super) fn tell_of_somebody(types: &[TypeFact], catalogue: &Catalogue) -> bool {
    let Some(health) = catalogue.class("health") else { return false };
    let infos = || types.iter().filter(|fact| fact.possibly > 0).filter_map(|fact| catalogue.info(fact.entity));
    infos().any(|info| info.names_somebody) && infos().any(|info| info.classes.contains(health))
}

/// Every hosted tool of the call; a hosted field that the dialect gave no name counts as an unknown tool.
fn hosted(call: &Call, policy: &Policy) -> Vec<(Word, Option<Word>)> {
    let mut hosted: Vec<(Word, Option<Word>)> = call
        .hosted
        .iter()
        .map(|tool| {
            let host = tool.host.map(|field| {
                let written = call.fields.get(field as usize).map_or("", |field| call.text(field));
                let named = host_of(written);
                policy
                    .hosts()
                    .iter()
                    .find(|host| named.as_deref() == Some(host.as_str()))
                    .cloned()
                    .unwrap_or(Word::UNKNOWN)
            });
            (tool.kind.clone(), host)
        })
        .collect();
    if hosted.is_empty() && call.has(Role::Hosted) {
        hosted.push((Word::UNKNOWN, None));
    }
    hosted
}

/// The host of an `https` URL, lower case; `None` for anything that two readers could read differently.
fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("HTTPS://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return None,
        None => authority,
    };
    let plain =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.');
    // A backslash is a slash to browsers and not to others; no byte that needs thought may stand anywhere before the path.
    plain.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_strictly() {
        for (url, host) in [
            ("https://mcp.example.com/sse", Some("mcp.example.com")),
            ("https://MCP.example.com:443", Some("mcp.example.com")),
            ("https://good.example@evil.example/", None),
            ("https://good.example\\@evil.example/", None),
            ("http://mcp.example.com/", None),
            ("https://[::1]/", None),
            ("https://good.example%2eevil/", None),
            ("", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
