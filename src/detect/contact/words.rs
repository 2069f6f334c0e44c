//! Words that announce a telephone number, in the languages of the regions whose numbers are looked for.

/// Words that announce a telephone number.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "tel", "tél", "téléphone", "telephone", "telefon", "teléfono", "telefono", "telefone", "phone", "phone number", "mobile",
    "portable", "port", "handy", "cell", "fax", "télécopie", "gsm", "whatsapp", "sms", "call", "appeler", "appelez",
    "rappeler", "joindre", "joignable", "numéro", "ligne directe", "standard", "contact", "rufnummer", "móvil", "cellulare",
];

/// Words directly before a telephone number in a national form.
#[rustfmt::skip]
pub(super) const DIRECT_WORDS: &[&str] = &[
    // English
    "tel", "phone", "phone number", "phones", "telephone", "mobile", "mob", "cell", "cellphone", "cell phone", "fax", "sms", "whatsapp", "landline",
    "call me", "call me at", "call me on", "ring me", "contact number", "number is", "reach me at", "reach me on", "reached at",
    "text me", "text me at", "ph", "hotline", "helpline", "msisdn", "phone no", "tel no", "telno", "phonenumber", "viber", "handphone",
    // French
    "tél", "téléphone", "portable", "télécopie", "gsm", "numéro de téléphone", "n° de téléphone", "appelez le", "appelez moi au", "appeler le",
    "joignable au", "joindre au", "joignable", "mon numéro", "mon numéro est le", "mon numéro est", "rappeler au", "rappelez moi au", "ligne directe", "num tel",
    // German
    "telefon", "handy", "mobil", "rufnummer", "telefonnummer", "mobilnummer", "handynummer", "mobilfunk", "mobilfunknummer", "festnetz", "festnetznummer",
    "durchwahl", "erreichbar unter", "erreichen unter", "meine nummer ist", "meine nummer", "natel", "tel nr", "fon", "telefax", "faxnummer",
    // Italian, Spanish, Portuguese
    "telefono", "cellulare", "cell", "numero di telefono", "recapito telefonico", "mi chiami al", "chiamami al", "chiamare il", "telefonare al", "utenza",
    "whats app", "numero verde", "telefonare allo", "telefonami", "telefonatemi", "chiamarmi al", "chiamarmi allo", "chiamami allo", "mi chiami allo", "richiamarmi al",
    "richiamarmi allo", "mio numero è",
    "teléfono", "telefonos", "móvil", "tfno", "tlf", "telf", "tlfno", "llámame al", "llamar al", "llame al", "número de teléfono", "celular", "mi número es",
    "telefone", "telemóvel", "telemovel", "tlm", "telem", "telef", "contacto telefónico", "número de telefone", "ligar para", "ligue para",
    // Dutch, Nordic
    "telefoon", "telefoonnummer", "mobiel", "mobiele nummer", "06 nummer", "bel me op", "bereikbaar op", "te bereiken op", "gsm nummer", "telnr",
    "tlf", "tfn", "mobiltelefon", "ring mig på", "nå mig på", "ring på", "mobilnr", "telefonnr", "ring meg på", "puhelin", "puh", "puhelinnumero", "matkapuhelin", "kännykkä",
    // Eastern and southern Europe
    "komórka", "komórkowy", "tel kom", "nr tel", "nr telefonu", "numer telefonu", "faks", "telefonní číslo", "telefonu", "tel č", "telefónne číslo",
    "telefonszám", "telefonszáma", "mobilszám", "nr de telefon", "număr de telefon", "telefonska številka", "telefonska", "gsm številka", "broj telefona", "mobitel",
    "telefona numurs", "tālrunis", "telefonas", "tel nr", "telefoninumber", "mobiil",
    "τηλ", "τηλέφωνο", "κινητό", "κιν", "тел", "телефон", "телефонен номер", "мобилен", "cep", "cep tel", "telefon numarası", "gsm no",
];

/// Words that announce other things as well: only a number of eight digits and more that is somebody's line counts behind them.
#[rustfmt::skip]
pub(super) const WEAK_WORDS: &[&str] = &[
    "call", "ring", "dial", "office", "home", "work", "standard", "appeler", "appelez", "kom", "bel", "bellen", "contacto", "contato", "recapito",
    "signal", "unter der nummer", "rückruf", "contact", "kontakt", "contatto", "contatti",
    "recapiti", "mio numero", "contattarmi", "contattarci", "contattare", "raggiungibile", "reperibile", "richiami", "richiamami", "nuovo numero", "fisso",
];
