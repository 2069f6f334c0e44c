//! The surfaces of the vocabulary: how each phrase is written, and what it means, in every language.
//!
//! A further language is a further column in both arrays of each row, a further column in [`NAMES`], and a table of
//! sentences like [`super::french`]. Names of data stay as they are where a language has no word for them.

use super::phrase::{Language, Phrase, Phrase as P};

/// A phrase, its surfaces and its meanings, in the order of [`Language::ALL`]. A meaning may be missing where no fault offers
/// the phrase.
pub(super) type Row = (Phrase, [&'static str; Language::ALL.len()], [&'static str; Language::ALL.len()]);

/// One column of a row.
pub(super) fn column(columns: &[&'static str], language: Language) -> Option<&'static str> {
    let index = Language::ALL.iter().position(|known| *known == language)?;
    columns.get(index).copied()
}

/// Every phrase.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    (P::Policy, ["policy", "politique"], ["begins a sheet", "ouvre une feuille"]),
    (P::Pack, ["pack", "paquet"], ["begins a pack", "ouvre un paquet"]),
    (P::Version, ["version", "version"], ["", ""]),
    (P::Owner, ["owner", "responsable"], ["", ""]),
    (P::ReviewBefore, ["review before", "à revoir avant le"], ["", ""]),
    (P::Home, ["home", "siège"], ["the country that is home", "le pays du siège"]),
    (P::WithOverseas, ["with overseas", "avec outre-mer"], ["with the territories that have codes of their own", "avec les territoires qui ont un code à eux"]),
    (P::Labels, ["labels", "marquages"], ["the labels, lowest first", "les marquages, du plus bas au plus haut"]),
    (P::LabelSays, ["the label", "tout marquage"], ["what a label says of the data", "ce qu'un marquage dit des données"]),
    (P::Brings, ["brings", "apporte"], ["the data then counts as of this class", "les données sont alors de cette classe"]),
    (P::Lowers, ["lowers", "écarte"], ["the data then does not count as of this class", "les données ne sont alors pas de cette classe"]),
    (P::IssuedBy, ["issued by", "apposé par"], ["the apps whose word is taken", "les applications crues sur parole"]),
    (P::UsePack, ["use pack", "prendre le paquet"], ["takes in ready-made restrictions", "prend des restrictions toutes faites"]),
    (P::Group, ["group", "groupe"], ["names several apps together", "nomme plusieurs applications ensemble"]),
    (P::OfApps, ["of apps", "d'applications"], ["", ""]),
    (P::AllowBackends, ["allow backends", "autoriser les hébergeurs"], ["admits backends", "admet des hébergeurs"]),
    (P::AllowHosted, ["allow hosted tool", "autoriser l'outil hébergé"], ["admits a tool that runs at the provider", "admet un outil qui tourne chez le fournisseur"]),
    (P::AllowValues, ["allow values in addresses of", "autoriser des valeurs dans les adresses de"], ["hosts into whose addresses values may be put back", "les hôtes dont les adresses peuvent reprendre des valeurs"]),
    (P::At, ["at", "chez"], ["", ""]),
    (P::Rule, ["rule", "règle"], ["begins a restriction", "ouvre une restriction"]),
    (P::FallBack, ["fall back if unavailable", "repli si indisponible"], ["lets the next tier serve", "laisse servir le cercle suivant"]),
    (P::OrAfter, ["or after", "ou après"], ["", ""]),
    (P::Seconds, ["s", "s"], ["seconds", "secondes"]),
    (P::Milliseconds, ["ms", "ms"], ["milliseconds", "millisecondes"]),
    (P::OfWaiting, ["of waiting", "d'attente"], ["", ""]),
    (P::Scenario, ["scenario", "scénario"], ["what you expect", "ce que vous attendez"]),
    (P::Given, ["given", "étant donné"], ["", ""]),
    (P::Then, ["then", "alors"], ["", ""]),
    (P::Refused, ["refused", "refusé"], ["the backend may not have it", "l'hébergeur ne peut l'avoir"]),
    (P::Allowed, ["allowed", "admis"], ["the backend may have it", "l'hébergeur peut l'avoir"]),
    (P::Exception, ["exception", "exception"], ["spares some requests from a rule, for a time", "soustrait des requêtes à une règle, pour un temps"]),
    (P::ForRule, ["for rule", "à la règle"], ["the rule it spares them from", "la règle en question"]),
    (P::ApprovedBy, ["approved by", "approuvée par"], ["who answers for it", "qui en répond"]),
    (P::Because, ["because", "parce que"], ["the article, contract or decision", "l'article, le contrat ou la décision"]),
    (P::When, ["when", "quand"], ["the requests it is about", "les requêtes visées"]),
    (P::Unless, ["unless", "sauf si"], ["the requests it spares", "les requêtes épargnées"]),
    (P::FromDate, ["from", "à compter du"], ["the first day it holds", "le premier jour où elle vaut"]),
    (P::UntilDate, ["until", "jusqu'au"], ["the last day it holds", "le dernier jour où elle vaut"]),
    (P::OnBackends, ["on backends", "pour les hébergeurs"], ["the backends it is about", "les hébergeurs visés"]),
    (P::OnlyBackends, ["only backends", "seulement les hébergeurs"], ["only these remain", "seuls ceux-là restent"]),
    (P::NeverBackends, ["never backends", "jamais les hébergeurs"], ["these are taken out", "ceux-là sont exclus"]),
    (P::PreferBackends, ["prefer backends", "préférer les hébergeurs"], ["within a tier, these first", "dans un cercle, ceux-là d'abord"]),
    (P::Must, ["must", "doit"], ["what is done to the data first", "ce qui est fait aux données avant"]),
    (P::Have, ["have", "avoir"], ["", ""]),
    (P::Keep, ["keep", "garder"], ["what may cross as it is", "ce qui peut passer tel quel"]),
    (P::And, ["and", "et"], ["", ""]),
    (P::Or, ["or", "ou"], ["", ""]),
    (P::Not, ["not", "non"], ["", ""]),
    (P::AnyOf, ["any of", "l'un de"], ["one of them is enough", "un seul suffit"]),
    (P::AllOf, ["all of", "tous parmi"], ["every one of them", "chacun d'eux"]),
    (P::Generalise, ["generalise", "généraliser"], ["a coarser value", "une valeur plus grossière"]),
    (P::Pseudonymise, ["pseudonymise", "pseudonymiser"], ["a token, undone in the answer", "un jeton, défait dans la réponse"]),
    (P::PseudonymiseUnlinkably, ["pseudonymise unlinkably", "pseudonymiser sans lien"], ["another token in each request", "un autre jeton à chaque requête"]),
    (P::Redact, ["redact", "caviarder"], ["a fixed word, not undone", "un mot fixe, non défait"]),
    (P::Drop, ["drop", "vider"], ["the field is emptied", "le champ est vidé"]),
    (P::Block, ["block", "bloquer"], ["the backend may not have it", "l'hébergeur ne peut l'avoir"]),
    (P::LogSealed, ["log sealed", "journaliser sous scellés"], ["the content is recorded under seal", "le contenu est consigné sous scellés"]),
    (P::Approval, ["approval", "approbation"], ["reserved", "réservé"]),
    (P::OnPremises, ["on premises", "sur site"], ["run by us, located at home", "exploités par nous, situés au siège"]),
    (P::Domestic, ["domestic", "nationaux"], ["located at home and controlled from home", "situés au siège et contrôlés depuis le siège"]),
    (P::LocatedIn, ["located in", "situés dans"], ["processing, storage, logs and support are there", "traitement, stockage, journaux et assistance y sont"]),
    (P::LocatedOutside, ["located outside", "situés hors de"], ["the opposite of located in", "le contraire de situés dans"]),
    (P::ControlledFrom, ["controlled from", "contrôlés depuis"], ["the ultimate control is there", "le contrôle ultime y est"]),
    (P::ExposedTo, ["exposed to", "exposés à"], ["that law reaches it", "cette loi les atteint"]),
    (P::Certified, ["certified", "certifiés"], ["the certificate is obtained and in date", "le certificat est obtenu et en cours"]),
    (P::Level, ["level", "niveau"], ["", ""]),
    (P::WithTransferBasis, ["with transfer basis", "avec base de transfert"], ["GDPR Art. 45 or 46 covers it", "RGPD art. 45 ou 46 les couvre"]),
    (P::WithContract, ["with contract", "avec contrat"], ["the processor contract of GDPR Art. 28 is on file", "le contrat de sous-traitance de l'art. 28 RGPD est au dossier"]),
    (P::KeysOurs, ["with keys of ours", "avec nos clés"], ["only we hold the keys", "nous seuls tenons les clés"]),
    (P::Attested, ["attested", "attestés"], ["the machine has proven what it runs", "la machine a prouvé ce qu'elle exécute"]),
    (P::RetentionNone, ["retention none", "sans conservation"], ["nothing is kept", "rien n'est conservé"]),
    (P::TrainingNever, ["training never", "sans entraînement"], ["nothing is learnt from the data", "rien n'est appris des données"]),
    (P::Named, ["named", "nommés"], ["by its name in the inventory", "par leur nom dans l'inventaire"]),
    (P::Eea, ["EEA", "EEE"], ["European Economic Area", "Espace économique européen"]),
    (P::Eu, ["EU", "UE"], ["European Union", "Union européenne"]),
    (P::DataIncludes, ["data includes", "les données comprennent"], ["a class or type, as the request arrived", "une classe ou un type, à l'arrivée"]),
    (P::DataStillIncludes, ["data still includes identified", "les données comprennent encore en clair"], ["the same, after the duties", "de même, après les mesures"]),
    (P::StillIncludes, ["still includes identified", "comprennent encore en clair"], ["the same, after the duties", "de même, après les mesures"]),
    (P::AtLeast, ["at least", "au moins"], ["", ""]),
    (P::With, ["with", "avec"], ["", ""]),
    (P::ConfidenceAtLeast, ["confidence at least", "confiance au moins"], ["", ""]),
    (P::HealthOfAPerson, ["health of a person", "santé d'une personne"], ["", ""]),
    (P::LabelIs, ["label is", "le marquage est"], ["the declared label", "le marquage déclaré"]),
    (P::LabelAtLeast, ["label at least", "le marquage est au moins"], ["this label or a higher one", "ce marquage ou un plus haut"]),
    (P::LeakAtLeast, ["leak score at least", "le score de fuite est au moins"], ["nearness to protected documents", "proximité de documents protégés"]),
    (P::LeakHistoryAtLeast, ["leak history at least", "l'historique de fuite est au moins"], ["what the caller sent of a protected document lately", "ce que le demandeur a envoyé d'un document protégé récemment"]),
    (P::AppIs, ["app is", "l'application est"], ["who asks", "qui demande"]),
    (P::AppInGroup, ["app in group", "l'application est du groupe"], ["who asks is one of these", "qui demande est l'une de celles-ci"]),
    (P::TenantIs, ["tenant is", "l'entité est"], ["for whom it asks", "pour qui elle demande"]),
    (P::RoleIs, ["role is", "le rôle est"], ["in which role", "à quel titre"]),
    (P::PurposeIs, ["purpose is", "la finalité est"], ["what for", "dans quel but"]),
    (P::ResidenceIn, ["residence in", "la résidence est dans"], ["where the data subjects live", "où vivent les personnes"]),
    (P::MinorsConcerned, ["minors are concerned", "des mineurs sont concernés"], ["the app handles minors' data", "l'application traite des données de mineurs"]),
    (P::ScanIncomplete, ["scan incomplete", "l'analyse est incomplète"], ["not all could be inspected", "tout n'a pu être examiné"]),
    (P::FieldUnreadable, ["a field is unreadable", "un champ est illisible"], ["an attachment, a picture", "une pièce jointe, une image"]),
    (P::ReferenceIncluded, ["a reference is included", "une référence est incluse"], ["something the provider would fetch", "ce que le fournisseur irait chercher"]),
    (P::HostedUsed, ["a hosted tool is used", "un outil hébergé est utilisé"], ["a tool that runs at the provider", "un outil qui tourne chez le fournisseur"]),
    (P::Nothing, ["nothing", "rien"], ["nothing was found", "rien n'a été trouvé"]),
    (P::Data, ["data", "des données"], ["classes or types of data", "classes ou types de données"]),
    (P::App, ["app", "l'application"], ["who asks", "qui demande"]),
    (P::Tenant, ["tenant", "l'entité"], ["for whom it asks", "pour qui elle demande"]),
    (P::Role, ["role", "le rôle"], ["in which role", "à quel titre"]),
    (P::Purpose, ["purpose", "la finalité"], ["what for", "dans quel but"]),
    (P::Label, ["label", "le marquage"], ["the declared label", "le marquage déclaré"]),
    (P::LeakScore, ["leak score", "le score de fuite"], ["0 to 1000", "de 0 à 1000"]),
    (P::LeakHistory, ["leak history", "l'historique de fuite"], ["0 to 1000", "de 0 à 1000"]),
    (P::Residence, ["residence", "la résidence"], ["where the data subjects live", "où vivent les personnes"]),
    (P::Minors, ["minors", "des mineurs"], ["the app handles minors' data", "l'application traite des données de mineurs"]),
    (P::UnreadableField, ["an unreadable field", "un champ illisible"], ["an attachment, a picture", "une pièce jointe, une image"]),
    (P::AReference, ["a reference", "une référence"], ["something the provider would fetch", "ce que le fournisseur irait chercher"]),
    (P::HostedTool, ["hosted tool", "l'outil hébergé"], ["a tool that runs at the provider", "un outil qui tourne chez le fournisseur"]),
];

/// Every class of data, and the types that have a word of their own in a language beside their identifier.
#[rustfmt::skip]
pub(super) const NAMES: &[[&str; Language::ALL.len()]] = &[
    ["personal", "personnel"],
    ["special", "sensible"],
    ["health", "santé"],
    ["payment-card", "carte-bancaire"],
    ["financial", "financier"],
    ["national-id", "identité-nationale"],
    ["business-id", "identité-entreprise"],
    ["trade-secret", "secret-des-affaires"],
    ["secret", "secret"],
    ["criminal", "infractions"],
    ["person", "personne"],
    ["email", "courriel"],
    ["phone", "téléphone"],
    ["address", "adresse"],
];

/// The identifier of a name of data as written in a language.
pub(super) fn identifier(written: &str, language: Language) -> &str {
    let row = NAMES.iter().find(|row| column(*row, language) == Some(written));
    row.and_then(|row| column(row, Language::En)).unwrap_or(written)
}

/// How an identifier of data is written in a language.
pub fn written(identifier: &str, language: Language) -> &str {
    let row = NAMES.iter().find(|row| column(*row, Language::En) == Some(identifier));
    row.and_then(|row| column(row, language)).unwrap_or(identifier)
}
