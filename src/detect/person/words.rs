//! The words that announce names, and those that look like one and are none.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use super::Cue;
use crate::detect::lexicon::Mixer;

/// Words and phrases by what they announce.
#[rustfmt::skip]
pub(in crate::detect) const CUES: &[(Cue, &[&str])] = &[
    (Cue::Title, &[
        "mr", "mrs", "ms", "miss", "mx", "dr", "doctor", "prof", "professor", "sir", "madam", "mister", "reverend", "judge",
        "mme", "mmes", "mlle", "mlles", "monsieur", "madame", "mademoiselle", "docteur", "docteure", "professeur",
        "professeure", "maître", "maitre", "veuve", "famille", "familie", "famiglia", "familia",
        "herr", "herrn", "frau", "fräulein", "doktor",
        "sr", "sra", "srta", "señor", "señora", "señorita", "doña", "dña", "dra", "profa",
        "signor", "signora", "signore", "signorina", "sig", "sigg", "dott", "dottor", "dottoressa", "avv",
        "dhr", "mevr", "mevrouw", "meneer", "senhor", "senhora", "fru", "frøken", "fröken", "hr", "rouva", "herra",
        "pani", "panią", "paní", "pan", "pán", "panem", "panu", "pánom", "pánovi", "dokter", "doamna", "domnul", "domnului", "doamnei", "gospodin", "gospođa", "gospa", "ponas", "ponia", "härra", "proua",
        "κύριος", "κύριε", "κύριο", "κυρία", "κος", "κα", "господин", "госпожа", "госпожо", "господине", "г-н", "г-жа",
    ]),
    (Cue::DottedTitle, &["m"]),
    (Cue::Introduction, &[
        "my name is", "my full name is", "i am called", "name's", "signed by", "on behalf of", "written by",
        "je m'appelle", "mon nom est", "je me nomme", "je soussigné", "je soussignée", "il s'appelle", "elle s'appelle",
        "s'appelle", "se nomme", "nommé", "nommée", "dénommé", "dénommée", "au nom de", "né", "signé",
        "mein name ist", "ich heiße", "ich heisse", "me llamo", "mi nombre es", "mi chiamo", "il mio nome è", "chamo me",
        "o meu nome é", "ik heet", "mijn naam is", "nazywam się", "mam na imię", "jmenuji se", "volám sa", "mă numesc", "numele meu este",
        "jag heter", "mitt namn är", "jeg heter", "jeg hedder", "mit navn er", "mitt navn er", "nimeni on", "minu nimi on", "zovem se",
        "ime mi je", "mano vardas", "mani sauc", "a nevem", "με λένε", "ονομάζομαι", "το όνομά μου είναι", "казвам се", "името ми е",
        "represented by", "represented herein by", "représenté par", "représentée par", "dossier suivi par", "affaire suivie par",
        "assisté de", "assistée de", "conclu entre", "vertreten durch", "bearbeitet von", "rappresentato da", "rappresentata da", "assistito da",
        "representado por", "representada por", "atendido por", "atendida por", "vertegenwoordigd door", "reprezentowany przez",
        "reprezentowana przez", "företräds av",
        // kin, neighbours, parties: who is named next is somebody
        "mon frère", "ma sœur", "mon fils", "ma fille", "mon mari", "ma femme", "mon épouse", "mon époux", "ma mère", "mon père",
        "ma tante", "mon oncle", "ma cousine", "mon cousin", "ma nièce", "mon neveu", "mon voisin", "ma voisine", "mon collègue",
        "ma collègue", "mon amie", "mon compagnon", "ma compagne", "son frère", "sa sœur", "son fils", "sa fille", "son mari",
        "la maman de", "le papa de", "la mère de", "le père de", "la fille de", "le fils de", "l'épouse de", "le mari de", "la veuve de",
        "sa femme", "son épouse", "leur fils", "leur fille", "notre fils", "notre fille", "notre collègue", "l'élève", "le nommé",
        "la nommée", "veuve", "tonton", "tata",
        "my brother", "my sister", "my son", "my daughter", "my husband", "my wife", "my father", "my mother", "my colleague",
        "my neighbour", "my neighbor", "my boss", "my partner", "our daughter", "our son", "her husband", "his wife",
        "mein bruder", "meine schwester", "mein sohn", "meine tochter", "mein mann", "meine frau", "mein vater", "meine mutter",
        "meine tante", "mein onkel", "meine cousine", "mein neffe", "meine nichte", "mein nachbar", "meine nachbarin",
        "mein kollege", "meine kollegin", "seine frau", "ihr mann", "ihre tochter", "unsere tochter", "unser sohn", "onkel",
        "zeugin", "zeuge", "verwitwete", "mein mandant", "der schüler", "die schülerin", "kollege", "kollegin",
        "mio fratello", "mia sorella", "mio figlio", "mia figlia", "mio marito", "mia moglie", "mio padre", "mia madre", "mia zia",
        "mio zio", "mia cugina", "mia nipote", "mio nipote", "il collega", "la collega", "zio", "vedova", "la moglie", "la figlia",
        "della moglie", "della figlia",
        "del marito", "del figlio", "della madre", "del padre", "all'attenzione di", "intestato a", "intestata a",
        "l'alunno", "l'alunna", "la teste", "il teste", "i coniugi", "il sottoscritto", "la sottoscritta",
        "mi hermano", "mi hermana", "mi hijo", "mi hija", "mi marido", "mi mujer", "mi padre", "mi madre", "el señor don",
        "mijn broer", "mijn zus", "mijn zoon", "mijn dochter", "mijn man", "mijn vrouw", "meu filho", "minha filha",
    ]),
    (Cue::Greeting, &[
        "dear", "hi", "hello", "hey", "good morning", "good afternoon", "good evening", "thanks", "thank you",
        "cher", "chère", "chers", "bonjour", "bonsoir", "salut", "coucou", "merci",
        "hallo", "liebe", "lieber", "guten tag", "guten morgen", "moin", "sehr geehrte", "sehr geehrter",
        "hola", "estimado", "estimada", "querido", "querida", "ciao", "caro", "cara", "gentile", "egregio",
        "beste", "geachte", "olá", "prezado", "prezada", "hej",
    ]),
    (Cue::Closing, &[
        "best regards", "kind regards", "warm regards", "regards", "yours sincerely", "sincerely", "yours faithfully",
        "sincerely yours", "best wishes", "all the best", "cheers", "yours truly", "respectfully", "many thanks",
        "cordialement", "bien cordialement", "très cordialement", "bien à vous", "bien à toi", "sincèrement", "amicalement",
        "salutations", "salutations distinguées", "sentiments distingués", "meilleures salutations", "respectueusement",
        "mit freundlichen grüßen", "mit freundlichen grüssen", "freundliche grüße", "viele grüße", "beste grüße",
        "un saludo", "saludos", "atentamente", "cordiali saluti", "distinti saluti", "met vriendelijke groet", "groeten",
        "atenciosamente", "med vänlig hälsning",
    ]),
    (Cue::Key, &[
        "melder", "zgłaszający", "requerente", "zadavatel", "anmälare", "solicitante", "richiedente", "aanvrager", "antragsteller", "requester",
        "caller", "utente", "pacient", "pasient", "ansökande", "objednatel", "zlecający",
        "patient", "patiente", "patient name", "customer name", "client name", "employee", "employee name",
        "contact name", "account holder", "cardholder", "card holder", "beneficiary", "insured", "applicant", "tenant name",
        "nom", "nom du client", "titulaire", "bénéficiaire", "assuré", "assurée", "salarié", "salariée",
        "demandeur", "demandeuse", "locataire", "signataire", "interlocuteur", "médecin traitant", "conjoint", "conjointe",
        "kontoinhaber", "nombre",
        "intestatario", "intestataria", "beneficiario", "beneficiaria", "assicurato", "assicurata", "paciente", "paziente",
    ]),
    (Cue::WeakKey, &[
        "name", "from", "cc", "bcc", "client", "cliente", "customer", "user", "contact", "author", "auteur", "sender",
        "recipient", "attendees", "participants", "assignee", "reporter", "owner", "destinataire", "expéditeur",
        "mittente", "nome", "naam",
    ]),
];

/// Words inside a name that are written small.
#[rustfmt::skip]
pub(super) const PARTICLES: &[&str] = &[
    "de", "du", "des", "la", "le", "d", "von", "van", "vom", "zu", "zum", "zur", "der", "den", "ten", "ter", "op", "di", "da",
    "del", "della", "dei", "do", "dos", "das", "al", "el", "bin", "ben", "ibn", "af", "av", "y", "e", "of",
];

/// Articles and particles with a capital that begin surnames.
#[rustfmt::skip]
pub(super) const ARTICLES: &[&str] = &[
    "Le", "La", "El", "Al", "De", "Du", "Des", "Di", "Da", "Del", "Della", "Lo", "Van", "Von", "Ben", "Bin", "Ibn", "Abu", "Mac", "Mc",
    "Saint", "Ter", "Ten",
];

/// Keys of values that are names, folded, besides those of parts of a name.
#[rustfmt::skip]
pub(super) const VALUE_KEYS: &[&str] = &[
    "patient", "patient name", "customer name", "client name", "employee name", "contact name", "display name", "user full name",
    "cardholder", "cardholder name", "account holder", "account holder name", "beneficiary", "beneficiary name", "holder",
    "nom", "nom client", "titulaire", "beneficiaire", "assure", "salarie", "nombre", "nome",
];

/// Keys of values that may be names, folded.
#[rustfmt::skip]
pub(super) const WEAK_VALUE_KEYS: &[&str] = &[
    "name", "author", "customer", "client", "contact", "sender", "recipient", "assignee", "reporter", "owner", "user", "from", "to",
    "employee", "person", "signatory", "doctor", "physician", "medecin", "auteur", "expediteur", "destinataire",
    "assigned to", "created by", "updated by", "modified by", "approved by", "reviewed by", "requested by", "submitted by", "signed by",
    "reviewer", "approver", "requester", "caller", "spouse", "guardian", "passenger", "driver", "student", "teacher", "nurse",
    "conjoint", "tuteur", "passager", "sachbearbeiter", "bearbeiter", "ansprechpartner", "mieter", "fahrer", "absender", "empfanger",
    "referente", "contactpersoon",
];

/// A set of folded words.
pub(in crate::detect) type Stops = HashSet<&'static [u8], BuildHasherDefault<Mixer>>;

/// Words, folded, that no name begins with or holds: roles, forms of address, the calendar, what salutations go on with.
pub(in crate::detect) fn stops() -> &'static Stops {
    static STOPS: LazyLock<Stops> =
        LazyLock::new(|| WORDS.iter().flat_map(|words| words.split_ascii_whitespace()).map(str::as_bytes).collect());
    &STOPS
}

const WORDS: &[&str] = &[
    // forms of address and titles: the title's own cue reads on
    "asian african european am arab pacific mr mrs ms miss mx dr prof sir madam madame monsieur mademoiselle mme mlle docteur docteure professeur maitre herr herrn \
     frau senor senora sr sra signor signora sig sigg dott",
    // whom a salutation means when it means nobody
    "dear hi hey hello bonjour bonsoir salut hola ciao all team everyone everybody folks friends friend colleague colleagues customer customers client clients guest user users \
     reader readers hiring manager recruiter support sales world there again both sirs members member applicant candidate \
     tous toutes equipe collegue collegues clients cliente abonne abonnee lecteur lecteurs amis ami amie chers chere cher \
     damen herren kunde kundin kollegen alle team todos equipo cliente tutti",
    // who is kin, and what begins letters and chats
    "oma opa mama papa mamie papi nonna nonno mamma moin servus salve ciao baci bisous amities grazie prego danke bitte gracias mia mio \
     cara caro meine mein liebe lieber liebes sehr geehrte geehrter gentile egregio spett societe firma rechtsanwalt anwalt direttrice \
     direttore avvocato dottore dottoressa avvocata notar notarin notaire notaio syndic rektorin rektor preside sindaco burgermeister",
    // roles
    "president presidente minister ministre director directeur directrice manager engineer developer chief officer chairman \
     secretary secretaire general prime premier mayor maire judge juge prefet senator depute king queen pope saint chef \
     analyst consultant architect scientist designer programmer administrator administrateur admin responsable assistant \
     assistante ceo cto cfo vp lead head senior junior staff intern stagiaire associate account executive",
    // departments and mailboxes
    "service services info information contact help desk helpdesk hello noreply reply no-reply no webmaster postmaster \
     billing facturation compta comptabilite accounting hr rh it marketing press presse office bureau secretariat mail email \
     newsletter notifications notification security abuse legal privacy dpo news test demo example exemple admin root system \
     customer account accounts orders order shop store web site app api dev prod bot do not",
    // what an introduction goes on with
    "not very so just the a an is was it its this that these those here your our my his her their we i you he she they if \
     when please thank thanks merci le la les un une des mon ma mes ton ta tes notre votre nos vos ce cette ces il elle on \
     nous vous ils elles je tu et ou und der die das ein eine ich wir sie es mit el los las un una yo y o",
    // the calendar
    "january february march april may june july august september october november december monday tuesday wednesday thursday \
     friday saturday sunday janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi \
     mercredi jeudi vendredi samedi dimanche today tomorrow",
    // labels that follow a name on its line
    "tel telephone phone fax mobile portable email mail adresse address date born ne nee dob age sexe sex siret siren iban \
     fecha pais servicio hospital sexo edad ingreso nocol nhc cp domicilio localidad provincia medico remitido episodio \
     american french english german italian spanish british european center centre university universite america nir rue avenue boulevard france paris inc ltd llc sarl sas sa gmbh ag ref reference objet subject re cc bcc",
];
