//! The type word of a pseudonym in other languages: models translate it when they translate the text around it.
//!
//! The code decides what a pseudonym stands for; this fixed table only says which words may stand before it, so that nothing
//! is resolved by chance. A type that an enterprise adds has its own word and no translations.

/// Bytes that a type word may have; longer ones could not be held back in a stream.
pub(super) const WORD_BYTES_MAX: usize = 24;

/// Whether a word of the catalogue can make a pseudonym.
pub(super) fn can_name(word: &str) -> bool {
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    (2..=WORD_BYTES_MAX).contains(&word.len())
        && word.bytes().all(capital)
        && word.starts_with(|first: char| first.is_ascii_uppercase())
        && !word.ends_with('_')
}

/// The words that a model may have put in place of a type word, lower case.
///
/// None ends in `_` and the word itself: `adresse` is not part of `EMAIL_0ABCDEFG` behind it.
pub(super) fn translations(word: &str) -> &'static [&'static str] {
    TABLE.iter().find(|(listed, _)| *listed == word).map_or(&[], |(_, translations)| translations)
}

/// French, German, Spanish, Italian, Portuguese, Dutch, Polish; with and without accents.
const TABLE: &[(&str, &[&str])] = &[
    ("PERSON", &["personne", "persona", "pessoa", "persoon", "osoba", "name", "nom", "nombre", "nome", "naam"]),
    ("EMAIL", &["e_mail", "mail", "courriel", "correo", "posta"]),
    (
        "PHONE",
        &[
            "téléphone",
            "telephone",
            "telefon",
            "teléfono",
            "telefono",
            "telefone",
            "telefoon",
            "tel",
            "tél",
            "numéro",
            "numero",
        ],
    ),
    ("IBAN", &["compte", "konto", "cuenta", "conto", "conta", "rekening"]),
    ("CARD", &["carte", "karte", "tarjeta", "carta", "cartão", "cartao", "kaart", "karta"]),
    ("IP", &["ip_adresse", "ip_address"]),
    (
        "NATIONAL_ID",
        &[
            "id_national",
            "identifiant_national",
            "id_nacional",
            "id_nazionale",
            "nationale_id",
            "nationales_id",
            "numéro_national",
            "numero_national",
        ],
    ),
    (
        "COMPANY_ID",
        &["id_entreprise", "id_société", "id_societe", "firmen_id", "id_empresa", "id_azienda", "bedrijfs_id"],
    ),
    ("VAT_ID", &["id_tva", "tva", "ust_id", "id_iva", "iva", "partita_iva", "btw_id"]),
    ("TERM", &["terme", "begriff", "término", "termino", "termine", "termo", "term"]),
    ("URL", &["lien", "link", "enlace", "collegamento"]),
    ("SECRET", &["geheimnis", "secreto", "segreto", "segredo", "geheim", "sekret", "clé", "cle"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_usable() {
        for (word, translations) in TABLE {
            assert!(can_name(word), "{word}");
            for translation in *translations {
                assert!(translation.len() <= WORD_BYTES_MAX, "{translation}");
                assert_eq!(translation.to_lowercase(), **translation, "{translation}");
                assert!(!translation.ends_with(&format!("_{}", word.to_lowercase())), "{translation}");
            }
        }
    }

    #[test]
    fn a_word_that_could_not_be_restored_names_nothing() {
        for word in ["", "A", "person", "PERSONNE_É", "TYPE_", "1ST", "A_WORD_THAT_IS_FAR_TOO_LONG"] {
            assert!(!can_name(word), "{word}");
        }
    }
}
