//! The closed words of entries as a French reader is told them. Codes of refusals stand behind their meaning, so that they can be
//! searched for; names that somebody here chose (apps, models, rules, backends), ids, countries and the names that an API gives its
//! operations stay as they are. Classes of data are called as in a French sheet.

use octroi_verify::problem::{Problem, ProblemKind};

use super::TWICE;
use super::words::Text;
use crate::model::Word;
use crate::policy::{Language, data_name};

/// Tells a cell of a column in French.
pub(super) fn cell(column: Text, cell: &str) -> String {
    let of = |words: Words, word: &str| known(words, word).unwrap_or(word).to_owned();
    let class = |class: &str| data_name(class, Language::Fr).to_owned();
    let each = |by: &str, tell: &dyn Fn(&str) -> String| cell.split(by).map(tell).collect::<Vec<_>>().join(by);
    match column {
        Text::Class | Text::Classes => each(", ", &class),
        Text::Basis => of(Words::Basis, cell),
        Text::Reason => reason(cell),
        // A refusal stands in the place of a recipient.
        Text::Backend => match cell.strip_prefix('(').and_then(|cell| cell.strip_suffix(')')) {
            Some(code) => format!("({})", known(Words::Reason, code).unwrap_or(code)),
            None => cell.to_owned(),
        },
        Text::End => of(Words::End, cell),
        Text::Mark => of(Words::Mark, cell),
        Text::Kind => of(Words::Kind, cell),
        Text::Action => of(Words::Action, cell),
        Text::Reader => {
            cell.strip_prefix("user-").map_or_else(|| cell.to_owned(), |user| format!("utilisateur {user}"))
        }
        Text::Keys => cell
            .strip_suffix(TWICE)
            .map_or_else(|| cell.to_owned(), |keys| format!("{keys} (deux fois la même clé : non ouvert)")),
        Text::RefusedFor => of(Words::RefusedFor, cell),
        Text::Conditions => each(" ", &|word| of(Words::Condition, word)),
        Text::Evidence => of(Words::Evidence, cell),
        Text::Tenant | Text::App | Text::Purpose | Text::Operation | Text::Model if cell == Word::UNKNOWN.as_str() => {
            "inconnu".to_owned()
        }
        _ => cell.to_owned(),
    }
}

fn reason(code: &str) -> String {
    known(Words::Reason, code).map_or_else(|| code.to_owned(), |told| format!("{told} ({code})"))
}

/// What a verification found, without the details that only `octroi audit verify` tells.
pub(super) fn problem(problem: &Problem) -> String {
    let offset = problem.offset.map(|offset| format!(", octet {offset}")).unwrap_or_default();
    let seq = problem.seq.map(|seq| format!(", entrée {seq}")).unwrap_or_default();
    format!("{} : {}{offset}{seq} (détail : `octroi audit verify`)", kind(problem.kind), problem.file)
}

const fn kind(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Unreadable => "illisible",
        ProblemKind::NotALog => "n’est pas un journal d’audit",
        ProblemKind::Key => "clé mal formée",
        ProblemKind::Checkpoint => "point de contrôle non accepté",
        ProblemKind::NoCheckpoint => "point de contrôle manquant",
        ProblemKind::MissingSegment => "segment manquant",
        ProblemKind::Header => "en-tête de segment endommagé",
        ProblemKind::OtherLog => "segment d’un autre journal",
        ProblemKind::Damaged => "octets modifiés",
        ProblemKind::MissingEntries => "entrées manquantes",
        ProblemKind::Repeated => "entrée répétée ou hors de sa place",
        ProblemKind::Truncated => "journal tronqué",
        ProblemKind::Rewritten => "journal réécrit",
        ProblemKind::Malformed => "entrée mal formée",
        ProblemKind::NoDecision => "aucune décision ouverte",
        ProblemKind::Twice => "consigné deux fois",
        ProblemKind::TooManyOpen => "trop de décisions ouvertes",
        ProblemKind::Policy => "politique de confiance non satisfaite",
        ProblemKind::MissingLog => "journal manquant",
        ProblemKind::Export => "extrait modifié",
        ProblemKind::Index => "index modifié",
        ProblemKind::NoIndex => "index manquant",
        ProblemKind::StaleIndex => "index non comparable",
    }
}

/// Whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    /// Of a transfer basis.
    Basis,
    /// Code of a refusal.
    Reason,
    /// How an answer ended.
    End,
    /// What stands out.
    Mark,
    /// Kind of an entry.
    Kind,
    /// What a reader did.
    Action,
    /// A condition of a search.
    Condition,
    /// What evidence was of.
    Evidence,
    /// Why a policy was refused.
    RefusedFor,
}

/// How a word is told; `None` for one that is not of the closed ones.
fn known(words: Words, word: &str) -> Option<&'static str> {
    TABLE.iter().find(|(of, known, _)| *of == words && *known == word).map(|(_, _, french)| *french)
}

use Words as W;

#[rustfmt::skip]
const TABLE: &[(Words, &str, &str)] = &[
    (W::Basis, "standard-contractual-clauses", "clauses contractuelles types"),
    (W::Basis, "binding-corporate-rules", "règles d’entreprise contraignantes"),
    (W::Basis, "code-of-conduct", "code de conduite"),
    (W::Basis, "certification", "certification"),
    (W::Basis, "ad-hoc-clauses", "clauses ad hoc"),

    (W::Reason, "audit_overloaded", "journal d’audit saturé"),
    (W::Reason, "audit_unavailable", "journal d’audit indisponible"),
    (W::Reason, "backend_failed", "échec de l’hébergeur"),
    (W::Reason, "backends_full", "hébergeurs saturés"),
    (W::Reason, "backends_unavailable", "hébergeurs indisponibles"),
    (W::Reason, "body_incomplete", "corps incomplet"),
    (W::Reason, "body_not_allowed", "corps non admis"),
    (W::Reason, "body_timeout", "corps reçu trop lentement"),
    (W::Reason, "body_too_large", "corps trop grand"),
    (W::Reason, "byte_order_mark", "marque d’ordre des octets"),
    (W::Reason, "duplicate_key", "clé en double"),
    (W::Reason, "duty_impossible", "mesure impossible"),
    (W::Reason, "endpoint_not_governed", "point d’accès non gouverné"),
    (W::Reason, "feature_not_governed", "fonction non gouvernée"),
    (W::Reason, "head_too_large", "en-tête trop grand"),
    (W::Reason, "header_not_governed", "en-tête non gouverné"),
    (W::Reason, "internal", "erreur interne"),
    (W::Reason, "invalid_api_key", "clé d’API invalide"),
    (W::Reason, "invalid_body", "corps invalide"),
    (W::Reason, "invalid_encoding", "encodage invalide"),
    (W::Reason, "invalid_header", "en-tête invalide"),
    (W::Reason, "invalid_json", "JSON invalide"),
    (W::Reason, "invalid_type", "type invalide"),
    (W::Reason, "invalid_utf8", "UTF-8 invalide"),
    (W::Reason, "json_too_deep", "JSON trop profond"),
    (W::Reason, "json_too_large", "JSON trop grand"),
    (W::Reason, "kept_changed", "réponse conservée sous d’autres mesures"),
    (W::Reason, "kept_unchanged", "ce que l’hébergeur conserve ne peut être modifié"),
    (W::Reason, "key_variant", "variante d’une clé gouvernée"),
    (W::Reason, "lone_surrogate", "demi-codet isolé"),
    (W::Reason, "method_not_allowed", "méthode non admise"),
    (W::Reason, "model_conflict", "modèles contradictoires"),
    (W::Reason, "model_missing", "modèle manquant"),
    (W::Reason, "model_not_found", "modèle inconnu"),
    (W::Reason, "model_body_not_governed", "corps de ce modèle non gouverné"),
    (W::Reason, "no_permitted_backend", "aucun hébergeur permis"),
    (W::Reason, "number_out_of_range", "nombre hors limites"),
    (W::Reason, "overloaded", "surcharge"),
    (W::Reason, "previous_response_not_found", "réponse précédente inconnue"),
    (W::Reason, "query_not_allowed", "paramètre d’URL non admis"),
    (W::Reason, "quota_exceeded", "quota épuisé"),
    (W::Reason, "quota_unavailable", "quota indisponible"),
    (W::Reason, "refused_by_policy", "refus par la politique"),
    (W::Reason, "repeated_host", "hôte répété"),
    (W::Reason, "response_not_found", "réponse inconnue"),
    (W::Reason, "routing_not_supported", "choix du destinataire non admis"),
    (W::Reason, "scope_missing", "droit manquant"),
    (W::Reason, "stateful_not_supported", "état chez le fournisseur non admis"),
    (W::Reason, "tenant_overloaded", "surcharge de l’entité"),
    (W::Reason, "trailing_bytes", "octets en trop"),
    (W::Reason, "unexpected_body", "corps inattendu"),
    (W::Reason, "unknown_leaf", "champ inconnu"),
    (W::Reason, "unsupported_encoding", "encodage non pris en charge"),
    (W::Reason, "unsupported_media_type", "type de contenu non pris en charge"),
    (W::Reason, "upgrade_refused", "changement de protocole refusé"),

    (W::End, "complete", "complète"),
    (W::End, "client-gone", "client parti"),
    (W::End, "gateway-stop", "coupée à l’arrêt de la passerelle"),
    (W::End, "upstream-broke", "interrompue par l’hébergeur"),
    (W::End, "refused", "refusée"),
    (W::End, "failed", "échec de la passerelle"),
    (W::End, "gateway-restart", "arrêt de la passerelle"),

    (W::Mark, "fell-back", "repli sur un rang suivant"),
    (W::Mark, "crossed-full", "rang saturé"),
    (W::Mark, "crossed-unavailable", "rang indisponible"),
    (W::Mark, "crossed-waited", "rang trop lent"),
    (W::Mark, "smaller", "modèle plus petit"),
    (W::Mark, "expired", "politique expirée"),
    (W::Mark, "scan-failed", "analyse échouée"),
    (W::Mark, "scan-partial", "analyse incomplète"),

    (W::Kind, "decision", "décision"),
    (W::Kind, "attempt", "tentative"),
    (W::Kind, "outcome", "issue"),
    (W::Kind, "start", "démarrage"),
    (W::Kind, "stop", "arrêt"),
    (W::Kind, "policy", "politique"),
    (W::Kind, "inventory", "inventaire"),
    (W::Kind, "reload", "rechargement"),
    (W::Kind, "freeze", "gel"),
    (W::Kind, "key", "clé du journal"),
    (W::Kind, "credential", "clé d’accès"),
    (W::Kind, "access", "accès"),
    (W::Kind, "erasure", "effacement"),
    (W::Kind, "prune", "fin de conservation"),
    (W::Kind, "heartbeat", "signe de vie"),
    (W::Kind, "gap", "lacune"),
    (W::Kind, "quarantine", "mise à l’écart"),

    (W::Action, "export", "extraction"),
    (W::Action, "index", "indexation"),
    (W::Action, "proof", "preuve"),
    (W::Action, "query", "recherche"),
    (W::Action, "report", "rapport"),
    (W::Action, "reveal", "levée des scellés"),
    (W::Action, "show", "consultation"),

    (W::RefusedFor, "approvers", "signataires insuffisants"),
    (W::RefusedFor, "faults", "fautes dans les fichiers"),
    (W::RefusedFor, "inside", "erreur interne"),
    (W::RefusedFor, "name", "nom d’une autre politique"),
    (W::RefusedFor, "record", "non consignée au journal"),
    (W::RefusedFor, "rollback", "version antérieure"),
    (W::RefusedFor, "signature", "signature non valable"),

    (W::Condition, "app", "application"),
    (W::Condition, "backend", "destinataire"),
    (W::Condition, "class", "catégorie"),
    (W::Condition, "country", "pays"),
    (W::Condition, "decision", "décision"),
    (W::Condition, "exception", "exception"),
    (W::Condition, "id", "identifiant"),
    (W::Condition, "rule", "règle"),
    (W::Condition, "since", "depuis"),
    (W::Condition, "until", "avant"),

    (W::Evidence, "adequacy", "adéquation"),
    (W::Evidence, "attestation", "attestation"),
    (W::Evidence, "certificate", "certificat"),
    (W::Evidence, "contract", "contrat"),
    (W::Evidence, "controlled-from", "contrôle"),
    (W::Evidence, "exposed-to", "exposition à des lois"),
    (W::Evidence, "keys", "clés"),
    (W::Evidence, "operator", "opérateur"),
    (W::Evidence, "place", "lieu"),
    (W::Evidence, "retention", "conservation"),
    (W::Evidence, "run-by-owner", "exploitation en propre"),
    (W::Evidence, "sub-processors", "sous-traitants ultérieurs"),
    (W::Evidence, "training", "entraînement"),
    (W::Evidence, "transfer-basis", "fondement du transfert"),
];

#[cfg(test)]
mod tests {
    use octroi_verify::kinds::Kind;
    use octroi_verify::schema::{Member, Shape};

    use super::*;

    /// The words that a member of entries may have.
    fn closed(kind: Kind, path: &[&str]) -> Vec<&'static str> {
        let mut members: &[Member] = kind.schema().members;
        let mut words = Vec::new();
        for name in path {
            let mut shape = &members.iter().find(|member| member.key == *name).unwrap().shape;
            while let Shape::List(inner) = shape {
                shape = inner;
            }
            match shape {
                Shape::Object(inner) => members = inner,
                Shape::OneOf(known) => words.extend(known.iter().copied()),
                other => panic!("{name}: {other:?}"),
            }
        }
        words
    }

    /// Every code with which a refusal is made, as the sources have it.
    #[expect(clippy::disallowed_methods, reason = "a test reads the sources")]
    fn codes() -> Vec<String> {
        // Some are made in two steps: these stand in the table by hand.
        let mut codes = Vec::new();
        let is_code = |text: &str| {
            let words: Vec<&str> = text.split('_').collect();
            words.len() > 1
                && words.iter().all(|word| !word.is_empty() && word.bytes().all(|it| it.is_ascii_alphanumeric()))
        };
        let sources =
            walkdir::WalkDir::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).into_iter().map(Result::unwrap);
        for source in sources.filter(|file| file.path().extension().is_some_and(|end| end == "rs")) {
            let path = source.path().to_string_lossy().into_owned();
            if path.contains("/tests") || path.ends_with("french.rs") {
                continue;
            }
            let text = std::fs::read_to_string(source.path()).unwrap();
            for made in ["Refusal::new(", "Refusal::invalid("] {
                for call in text.split(made).skip(1) {
                    let head = call.split(')').next().unwrap_or_default();
                    codes.extend(head.split('"').skip(1).step_by(2).find(|word| is_code(word)).map(str::to_owned));
                }
            }
        }
        codes
    }

    #[test]
    fn every_closed_word_has_a_french_one() {
        let mut rows: Vec<(Words, String)> = Vec::new();
        let mut all = |words, of: Vec<&'static str>| rows.extend(of.into_iter().map(|word| (words, word.to_owned())));
        all(W::Kind, Kind::ALL.iter().map(|kind| kind.name()).collect());
        all(W::Action, closed(Kind::Access, &["action"]));
        all(W::Condition, closed(Kind::Access, &["words"]));
        all(W::Evidence, closed(Kind::Policy, &["ended", "what"]));
        all(W::Basis, crate::policy::TRANSFER_INSTRUMENTS.to_vec());
        let crossed = closed(Kind::Decision, &["crossed", "cause"]);
        rows.extend(crossed.iter().map(|cause| (W::Mark, format!("crossed-{cause}"))));
        let scans = closed(Kind::Decision, &["scan", "status"]);
        rows.extend(
            scans.iter().filter(|status| **status != "complete").map(|status| (W::Mark, format!("scan-{status}"))),
        );
        let ends = Kind::Outcome.schema().members.iter().find(|member| member.key == "end").unwrap();
        rows.extend(ends.means.split('`').skip(1).step_by(2).map(|end| (W::End, end.to_owned())));
        let refused = Kind::Policy.schema().members.iter().find(|member| member.key == "reason").unwrap();
        rows.extend(refused.means.split('`').skip(1).step_by(2).map(|why| (W::RefusedFor, why.to_owned())));
        let codes = codes();
        assert!(codes.len() > 40, "{codes:?}");
        rows.extend(codes.into_iter().map(|code| (W::Reason, code)));
        let missing: Vec<_> = rows.iter().filter(|(words, word)| known(*words, word).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        for (words, word, french) in TABLE {
            assert!(!french.is_empty() && !french.contains('_'), "{words:?} {word}");
            assert_eq!(TABLE.iter().filter(|(of, known, _)| of == words && known == word).count(), 1, "{word}");
        }
        let classes = include_str!("../../../policies/reference/classes.toml");
        let classes = classes.lines().filter_map(|line| line.strip_prefix("[class.")?.strip_suffix(']'));
        // The one that both languages write alike.
        for class in classes.filter(|class| *class != "secret") {
            assert_ne!(cell(Text::Class, class), class);
        }
    }

    #[test]
    fn cells_are_told_by_their_column() {
        for (column, english, french) in [
            (Text::Classes, "health, personal, ours", "santé, personnel, ours"),
            (Text::Basis, "ad-hoc-clauses", "clauses ad hoc"),
            (Text::Reason, "refused_by_policy", "refus par la politique (refused_by_policy)"),
            (Text::Reason, "of_a_later_version", "of_a_later_version"),
            (Text::Backend, "(refused_by_policy)", "(refus par la politique)"),
            (Text::Backend, "complete", "complete"),
            (Text::Conditions, "app since 0193594c-1d2e", "application depuis 0193594c-1d2e"),
            (Text::Model, "smaller", "smaller"),
            (Text::Model, "unknown", "inconnu"),
            (Text::Basis, "", ""),
            (Text::Reader, "user-1000", "utilisateur 1000"),
            (Text::RefusedFor, "rollback", "version antérieure"),
        ] {
            assert_eq!(cell(column, english), french, "{column:?}");
        }
        let told = problem(&Problem::new("segments/00000001.seg", ProblemKind::Damaged, "in English").at(7).entry(3));
        assert_eq!(told, "octets modifiés : segments/00000001.seg, octet 7, entrée 3 (détail : `octroi audit verify`)");
    }
}
