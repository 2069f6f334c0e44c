//! What people write in the place of a phrase: other words for the same, and a denial in the middle of it. Each is one fault that
//! says how it is written, and parsing goes on as if it were written so.

use super::diagnostic::Diagnostic;
use super::lexer::Kind;
use super::nearest::closeness;
use super::parser::{Parser, folded};
use super::phrase::Language;
use super::phrase::Phrase::{self, self as P};
use super::text::say;

/// Other words, without accents and capitals, in every language; none is a phrase.
#[rustfmt::skip]
const OTHERWISE: &[(Phrase, &[&str])] = &[
    (P::ForRule, &["to rule", "of rule", "to the rule", "for the rule", "from rule", "pour la regle", "de la regle", "sur la regle"]),
    (P::OrAfter, &["after", "or if after", "apres", "au bout de", "ou au bout de"]),
    (P::Seconds, &["sec", "second", "seconds", "seconde", "secondes"]),
    (P::Milliseconds, &["millisecond", "milliseconds", "milliseconde", "millisecondes"]),
    (P::OfWaiting, &["waiting", "d'attendre"]),
    (P::UsePack, &["use packs", "use the pack", "use the packs", "prendre les paquets", "prendre paquet", "prendre paquets", "utiliser le paquet", "utiliser les paquets"]),
    (P::OnBackends, &["on the backends", "pour hebergeurs", "for backends"]),
    (P::PreferBackends, &["prefer the backends", "preferer hebergeurs", "preferer des hebergeurs"]),
    (P::HealthOfAPerson, &["health of a patient", "health of patients", "health of persons", "health of people", "sante d'un patient", "sante de patients", "sante des patients", "sante des personnes"]),
    (P::DataStillIncludes, &["les donnees comprennent encore", "data still includes", "data still include"]),
    (P::IssuedBy, &["when issued by", "emis par", "signe par"]),
    (P::ReviewBefore, &["reviewed before", "to be reviewed before", "review by", "a revoir avant", "revoir avant le"]),
    (P::AllowBackends, &["allow the backends", "allow backend", "allow the backend", "allow all backends", "autoriser tous les hebergeurs", "autoriser l'hebergeur", "autoriser un hebergeur", "permit backends", "permettre les hebergeurs", "autoriser des hebergeurs", "autoriser hebergeurs"]),
    (P::Given, &["etant donnes", "etant donnee", "etant donnees", "etant donne que", "given that"]),
    (P::Refused, &["refusee", "refuses", "refusees", "refuser", "denied", "blocked", "interdit"]),
    (P::Allowed, &["admise", "admises", "autorise", "autorisee", "permis", "permitted", "permise"]),
    (P::ApprovedBy, &["approuve par"]),
    (P::Because, &["car", "puisque", "au motif que", "since"]),
    (P::When, &["if", "whenever", "where", "si", "lorsque", "des lors que", "quand si"]),
    (P::Unless, &["except", "except if", "except when", "sauf", "sauf quand", "sauf lorsque", "excepte si", "excepte quand", "hormis si"]),
    (P::FromDate, &["starting", "starting on", "a partir du", "des le"]),
    (P::UntilDate, &["until the", "up to", "jusqu au", "jusqu a", "jusque", "jusqu'a", "jusqu'a la date du"]),
    (P::OnlyBackends, &["only use backends", "only the backends", "seulement hebergeurs", "seulement des hebergeurs", "uniquement hebergeurs", "uniquement les hebergeurs", "seuls les hebergeurs", "only on backends", "only to backends"]),
    (P::NeverBackends, &["never use backends", "never the backends", "no backends", "jamais hebergeurs", "jamais des hebergeurs", "never to backends", "never on backends", "not backends", "forbid backends", "deny backends", "interdire les hebergeurs", "pas les hebergeurs", "jamais vers les hebergeurs"]),
    (P::Must, &["shall", "doivent", "il faut"]),
    (P::Not, &["pas"]),
    (P::AnyOf, &["either", "one of", "any one of", "l'une de", "un de", "l'un des", "au moins un de", "l'un parmi"]),
    (P::AllOf, &["each of", "chacun de", "a la fois"]),
    (P::Generalise, &["generalize"]),
    (P::Pseudonymise, &["pseudonymize"]),
    (P::Redact, &["mask", "masquer", "occulter", "noircir"]),
    (P::Drop, &["delete", "remove", "supprimer", "effacer"]),
    (P::Block, &["interdire"]),
    (P::FallBack, &["fallback if unavailable", "fallback if down", "fall back if down", "fallback when unavailable", "fall back when unavailable", "fallback when down", "fall back when down", "repli si en panne", "repli en cas de panne", "repli en cas d'indisponibilite", "repli si hors service", "repli si injoignable"]),
    (P::OnPremises, &["on premise", "on-premises", "on-premise", "on-prem", "in house", "in-house", "sur place", "sur le site", "en interne"]),
    (P::LocatedIn, &["in", "within", "inside", "dans", "en", "au", "aux", "a l'interieur de", "hosted in", "based in", "established in", "situe dans", "situes en", "situe en", "situes au", "situes aux", "localises dans", "localises en", "heberges dans", "heberges en", "etablis dans"]),
    (P::LocatedOutside, &["situes hors", "localises hors", "heberges hors", "located out of", "out of", "hors", "a l'exterieur de", "exterieurs a", "outside", "outside of", "located outside of", "hors de", "en dehors de", "situes en dehors de", "situe hors de"]),
    (P::ControlledFrom, &["controlled in", "owned by", "owned from", "controles en", "controles dans", "sous controle de", "controlled by", "controles par", "controle depuis", "controles de"]),
    (P::ExposedTo, &["soumis au", "soumis aux", "soumis a la", "subject to the", "subject to", "soumis a", "expose a", "exposes au", "exposes aux"]),
    (P::Certified, &["certified as", "accredited", "agrees", "agree", "homologues", "certified under", "certifie"]),
    (P::WithTransferBasis, &["transfer basis", "a transfer basis", "base de transfert", "une base de transfert", "with a transfer basis", "avec une base de transfert"]),
    (P::WithContract, &["a contract", "contract", "contrat", "un contrat", "under contract", "with a contract", "sous contrat", "avec un contrat"]),
    (P::RetentionNone, &["with no retention", "with zero retention", "no retention", "zero retention", "without retention", "sans retention", "sans aucune conservation"]),
    (P::TrainingNever, &["with no training", "never training", "sans aucun entrainement", "no training", "without training", "sans apprentissage"]),
    (P::DataIncludes, &["data contains", "data contain", "data include", "the data includes", "data has", "les donnees contiennent", "les donnees incluent", "les donnees comportent", "les donnees comprend", "les donnees sont", "donnees comprennent"]),
    (P::LabelIs, &["the label is", "marquage est", "le marquage vaut"]),
    (P::LeakHistoryAtLeast, &["leak history is at least", "leak history above", "l'historique de fuite est superieur a", "l'historique de fuite depasse"]),
    (P::AppIs, &["the app is", "application is", "the application is", "application est", "l'appli est"]),
    (P::AppInGroup, &["app is in the group", "app in the group", "app is of group", "app belongs to group", "app belongs to the group", "the app belongs to group", "app is part of group", "app is a member of group", "application is in group", "est dans le groupe", "est du groupe", "l'application dans le groupe", "l'application fait partie du groupe", "l'application est membre du groupe", "l'application est dans un groupe", "app is in group", "the app is in group", "l'application est dans le groupe", "l'application appartient au groupe"]),
    (P::TenantIs, &["the tenant is", "entite est"]),
    (P::RoleIs, &["the role is", "role est"]),
    (P::PurposeIs, &["the purpose is", "finalite est"]),
    (P::ResidenceIn, &["residence is in", "residence is", "the residence is in", "la residence est", "la residence est en"]),
    (P::MinorsConcerned, &["minors", "minors are involved", "mineurs", "mineur", "des mineurs", "les mineurs sont concernes", "un mineur est concerne"]),
    (P::ScanIncomplete, &["the scan is incomplete", "scan is incomplete", "analyse incomplete"]),
];

/// Words that deny, folded.
const DENIALS: &[&str] =
    &["not", "non", "ne", "n'", "pas", "never", "no", "cannot", "isn't", "aren't", "doesn't", "don't"];
/// Words of a denial that are no part of the phrase denied.
const AUXILIARIES: &[&str] = &["does", "do"];

/// Other words for what makes a pseudonym one that cannot be linked, folded.
const UNLINKED: &[&str] = &[
    "sans aucun lien",
    "sans les lier",
    "sans relier",
    "sans liaison",
    "sans",
    "non liable",
    "non reliable",
    "unlinked",
    "not linkable",
    "without link",
    "without linking",
    "without a link",
];

/// Verbs that stand before what is asked of backends.
const VERBS: &[&str] = &["are", "is", "sont", "soient", "est"];

/// How many words an adverb may be.
const ADVERB_WORDS_MAX: usize = 3;

/// How many words a phrase and the denial in it may be.
const WORDS_MAX: usize = 10;

impl Parser<'_> {
    /// The next words, up to something else than a word.
    fn upcoming(&self) -> Vec<String> {
        self.words_at(0)
    }

    /// The words that begin so many tokens ahead, up to something else than a word.
    pub(super) fn words_at(&self, ahead: usize) -> Vec<String> {
        (ahead..ahead + WORDS_MAX)
            .map_while(|ahead| match &self.token(ahead).kind {
                // `NO` is Norway, `SI` Slovenia, `NE` Niger.
                Kind::Word(word) if word.len() == 2 && word.chars().all(char::is_uppercase) => Some(word.clone()),
                Kind::Word(word) => Some(folded(word)),
                _ => None,
            })
            .collect()
    }

    /// How many words stand here that mean the phrase in other words.
    pub(super) fn otherwise(&self, phrase: Phrase) -> Option<usize> {
        let Kind::Word(first) = self.kind() else { return None };
        let (_, others) = OTHERWISE.iter().find(|(known, _)| *known == phrase)?;
        let initial = folded(first.get(..first.chars().next().map_or(0, char::len_utf8)).unwrap_or_default());
        let mut others: Vec<&&str> = others.iter().filter(|other| other.starts_with(initial.as_str())).collect();
        if others.is_empty() {
            return None;
        }
        others.sort_by_key(|other| std::cmp::Reverse(other.len()));
        let words = self.upcoming();
        others.into_iter().find_map(|other| {
            let wanted: Vec<&str> = other.split(' ').collect();
            let stands = words.get(..wanted.len()).is_some_and(|words| words == wanted.as_slice());
            stands.then_some(wanted.len())
        })
    }

    /// How many words stand here that can only be a slip for the adverb of [`P::PseudonymiseUnlinkably`], in any language:
    /// `sans liens`, `sans-lien`, `unlinkable`.
    pub(super) fn adverb(&self) -> Option<usize> {
        let words: Vec<String> = (0..ADVERB_WORDS_MAX)
            .map_while(|ahead| match &self.token(ahead).kind {
                Kind::Word(word) if !self.token(ahead).first => Some(folded(word).replace('-', " ")),
                _ => None,
            })
            .collect();
        let adverbs = || {
            let surfaces = Language::ALL.into_iter().map(|language| P::PseudonymiseUnlinkably.surface(language));
            surfaces.filter_map(|surface| surface.split_once(' ').map(|(_, adverb)| adverb))
        };
        (1..=words.len()).rev().find(|count| {
            let said = words.get(..*count).unwrap_or_default().join(" ");
            UNLINKED.contains(&said.as_str()) || adverbs().any(|adverb| closeness(&said, adverb).is_some())
        })
    }

    /// Takes the misspelt adverb of a duty behind it: a fault that does not stop parsing. Whether it stood here.
    pub(super) fn eat_adverb(&mut self) -> bool {
        let Some(count) = self.adverb() else { return false };
        let from = self.previous().map_or_else(|| self.span().start, |verb| verb.span.start);
        let span = from..self.token(count - 1).span.end;
        let written = self.file.text().get(span.clone()).unwrap_or_default().to_owned();
        let message = say!("`{}` is written `{}` in this sheet", written, P::PseudonymiseUnlinkably);
        self.faults.push(Diagnostic::new("octroi::policy::spelling", self.file, span, message));
        (0..count).for_each(|_| self.step());
        true
    }

    /// Takes the adverb of a duty where it stands behind the data: a fault that does not stop parsing.
    pub(super) fn eat_late_adverb(&mut self, from: usize) -> bool {
        let Some(count) = self.adverb() else { return false };
        let data = self.written_since(from);
        let span = self.span().start..self.token(count - 1).span.end;
        let message = say!("what is said of the duty stands before the data");
        let help = say!("write `{} {}`", P::PseudonymiseUnlinkably, data);
        self.faults.push(Diagnostic::new("octroi::policy::spelling", self.file, span, message).help(help));
        (0..count).for_each(|_| self.step());
        true
    }

    /// Whether a word that denies stands here.
    pub(super) fn denies(&self) -> bool {
        self.upcoming().first().is_some_and(|word| DENIALS.contains(&word.as_str()))
    }

    /// Takes one of these phrases with a denial in it (`app is not`, `ne comprennent pas`): a fault that does not stop parsing.
    pub(super) fn eat_denied(&mut self, phrases: &[Phrase]) -> Option<Phrase> {
        let words = self.upcoming();
        if !words.iter().any(|word| DENIALS.contains(&word.as_str()) || word.starts_with("n'")) {
            return None;
        }
        let exact = phrases.iter().filter(|phrase| self.sees(**phrase));
        let exact = exact.map(|phrase| phrase.words(self.language).count()).max().unwrap_or(0);
        let (phrase, count) = (exact + 1..=words.len()).rev().find_map(|count| {
            let written = words.get(..count)?;
            let said = affirmed(written)?;
            // `sur site non situés …` denies what follows.
            let ahead_is_word = matches!(self.token(count).kind, Kind::Word(_));
            let last = written.last().is_some_and(|word| DENIALS.contains(&word.as_str()));
            let fits = |phrase: &&Phrase| self.is_said(**phrase, &said) && (!last || takes(**phrase) || !ahead_is_word);
            Some((*phrases.iter().find(fits)?, count))
        })?;
        let mut span = self.span().start..self.token(count - 1).span.end;
        let behind = self.token(count).span.clone();
        let behind = match self.token(count).kind {
            Kind::Text(_) | Kind::Word(_) | Kind::Number(_) if takes(phrase) => {
                span.end = behind.end;
                self.file.text().get(behind).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        };
        let message = say!("what is denied has `{}` in front of it", Phrase::Not);
        let help = if behind.is_empty() {
            say!("write `{} {}`", Phrase::Not, phrase)
        } else {
            say!("write `{} {} {}`", Phrase::Not, phrase, behind)
        };
        self.faults.push(Diagnostic::new("octroi::policy::denial", self.file, span, message).help(help));
        (0..count).for_each(|_| self.step());
        Some(phrase)
    }

    /// Whether some folded words are the phrase, or other words for it.
    fn is_said(&self, phrase: Phrase, said: &str) -> bool {
        let bare = said.split_once(' ').filter(|(first, _)| VERBS.contains(first)).map_or(said, |(_, behind)| behind);
        let own = folded(phrase.surface(self.language));
        let others = OTHERWISE.iter().filter(|(known, _)| *known == phrase).flat_map(|(_, others)| *others);
        others.copied().chain([own.as_str()]).any(|known| known == said || known == bare)
    }
}

/// Words without the denial among them; `None` when there is none.
fn affirmed(words: &[String]) -> Option<String> {
    let mut denied = false;
    let mut said = Vec::new();
    for word in words {
        if DENIALS.contains(&word.as_str()) {
            denied = true;
            // `isn't` and `doesn't` hold the verb.
            said.extend(word.starts_with("isn").then_some("is"));
            said.extend(word.starts_with("aren").then_some("are"));
        } else if AUXILIARIES.contains(&word.as_str()) {
        } else if let Some(verb) = word.strip_prefix("n'") {
            denied = true;
            said.push(verb);
        } else {
            said.push(word.as_str());
        }
    }
    denied.then(|| said.join(" "))
}

/// Whether something stands behind the phrase that belongs to it.
fn takes(phrase: Phrase) -> bool {
    !matches!(
        phrase,
        P::OnPremises
            | P::Domestic
            | P::WithTransferBasis
            | P::WithContract
            | P::KeysOurs
            | P::Attested
            | P::RetentionNone
            | P::TrainingNever
            | P::MinorsConcerned
            | P::ScanIncomplete
            | P::FieldUnreadable
            | P::ReferenceIncluded
            | P::HostedUsed
    )
}

#[cfg(test)]
mod tests {
    use super::super::phrase::all;
    use super::*;

    /// No other words are a phrase themselves, and none stand for two.
    #[test]
    fn other_words_are_no_phrase() {
        let mut seen: Vec<&str> = Vec::new();
        for (phrase, others) in OTHERWISE {
            for other in *others {
                assert_eq!(folded(other), **other, "{phrase:?}");
                assert!(!seen.contains(other), "{other}");
                seen.push(other);
                for known in all() {
                    for language in Language::ALL {
                        let same = folded(known.surface(language)) == **other;
                        // `minors` and `des mineurs` are what a scenario gives, never a condition.
                        let given = matches!(known, P::Minors) && *phrase == P::MinorsConcerned;
                        assert!(!same || given, "{other} is {known:?}");
                    }
                }
            }
        }
    }
}
