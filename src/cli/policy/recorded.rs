//! Closed words of the record as they are told to somebody who reads French. A word that this version does not know stays as it is.

use crate::policy::Language;

/// An action of the record as a sheet says it; one that this version does not know stays as it is.
pub(super) fn action_said(action: &str, language: Language) -> String {
    let french = [
        ("keep", "garder"),
        ("generalise", "généraliser"),
        ("pseudonymise", "pseudonymiser"),
        ("pseudonymise-unlinkably", "pseudonymiser sans lien"),
        ("pseudonymise unlinkably", "pseudonymiser sans lien"),
        ("redact", "caviarder"),
        ("drop", "vider"),
        ("block", "bloquer"),
    ];
    let known = french.iter().find(|(english, _)| language == Language::Fr && *english == action);
    known.map_or_else(|| action.to_owned(), |(_, french)| (*french).to_owned())
}

/// Why the attempt before did not serve, in French, with the word of the record.
pub(super) fn cause_said(cause: &str) -> String {
    let said = match cause {
        "first" => "le premier essai",
        "unavailable" => "indisponibilité",
        "retries" => "de nouveaux essais",
        "waited" => "une attente trop longue",
        "full" => "saturation",
        "overloaded" => "une surcharge",
        "connect" => "un échec de connexion",
        "address" => "une adresse non admise",
        "identity" => "une identité non prouvée",
        "tls" => "un échec de TLS",
        "timeout" => "un délai dépassé",
        "broke" => "une rupture de la connexion",
        "malformed" => "une réponse mal formée",
        "redirected" => "une redirection",
        "encoding" => "un codage inconnu",
        "credential" => "l’absence d’identifiants",
        "denied" => "un refus des identifiants",
        "region" => "une autre région",
        "idle" => "un silence",
        "late" => "un retard",
        "too-large" => "une réponse trop grande",
        "duty" => "une mesure impossible",
        "model" => "un modèle absent",
        "place" => "une adresse absente",
        "error" => "un statut d'erreur",
        _ => return format!("`{cause}`"),
    };
    format!("{said} (`{cause}`)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_record_are_said_in_french() {
        assert_eq!(cause_said("broke"), "une rupture de la connexion (`broke`)");
        assert_eq!(cause_said("new-word"), "`new-word`");
        assert_eq!(action_said("redact", Language::Fr), "caviarder");
        assert_eq!(
            (action_said("redact", Language::En), action_said("new", Language::Fr)),
            ("redact".into(), "new".into())
        );
        for action in crate::model::Action::ALL {
            assert_ne!(action_said(action.name(), Language::Fr), action.name());
        }
    }
}
