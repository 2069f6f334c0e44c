//! The words of postal addresses by what they do: kinds of street, units, boxes, what joins names.
//!
//! Facts of the postal services and of everyday spelling; the lists of libpostal were the reference. Words are compared folded.

use std::sync::LazyLock;

use super::super::fold;

/// A kind of street that stands before its name: `rue`, `via`, `calle`, `ul.`
pub(super) const FRONT: u16 = 1;
/// One that is also a common word: it needs a capital, and more around it.
pub(super) const VAGUE: u16 = 1 << 1;
/// A kind of street that stands behind its name: `Street`, `Road`.
pub(super) const BACK: u16 = 1 << 2;
/// A kind of street as a word of its own behind its name, in German or Dutch: `Allee`, `Damm`.
pub(super) const GERMAN: u16 = 1 << 3;
/// A post-office box: a number follows.
pub(super) const BOX: u16 = 1 << 4;
/// A part of a building: a number or a letter follows, or goes before.
pub(super) const UNIT: u16 = 1 << 5;
/// `bis`, `ter` behind a number.
pub(super) const REPEAT: u16 = 1 << 6;
/// What announces a number: `n°`, `nr`.
pub(super) const NUMBER: u16 = 1 << 7;
/// Joins the words of a street or town.
pub(super) const PARTICLE: u16 = 1 << 8;
/// Joins street and town: `à`, `in`.
pub(super) const LINK: u16 = 1 << 9;
/// A preposition that begins a German street name: `Am`, `Zum`, `An der`.
pub(super) const AT: u16 = 1 << 10;
/// The French mark of bulk delivery.
pub(super) const CEDEX: u16 = 1 << 11;
/// `Grand'Rue`: what stands before a kind of street that then needs no name.
pub(super) const GRAND: u16 = 1 << 12;
/// A key whose value is an address: `Domicilio:`.
pub(super) const KEY: u16 = 1 << 14;
/// A kind of street in small letters behind its name, which has a capital: `Karl Johans gate`, `Váci utca`, `Národní třída`.
pub(super) const BEHIND: u16 = 1 << 15;
/// A part of a building that says all by itself: `RDC`, `Bajo`, `Hinterhaus`.
pub(super) const WHOLE_UNIT: u16 = 1 << 13;

#[rustfmt::skip]
const WORDS: &[(u16, &str)] = &[
    // French
    (FRONT, "rue avenue av ave boulevard bd bld blvd bvd allée allées impasse chemin quai venelle sentier faubourg fbg \
             traverse ruelle esplanade hameau lotissement résidence rés montée lieudit"),
    (FRONT | VAGUE, "r all imp che chem lot res mail promenade rond-point lieu-dit voie place pl route rte cours square sq passage pass cité villa za zi zac côte pont château domaine galerie parvis clos rond"),
    (GRAND, "grand grande gran"),
    // Italian
    (FRONT, "viale corso piazza piazzale piazzetta vicolo vico lungomare lungotevere lungarno contrada località borgo \
             salita calata frazione fraz traversa lungadige vle pzza pza cso rione"),
    (FRONT | VAGUE, "v p lungo largo loc via strada zona stradone fondamenta campo riva galleria"),
    // Spanish, Catalan
    (FRONT, "calle avenida avda avd paseo plaza pza plza camino carretera ctra ronda travesía glorieta rambla urbanización urb polígono \
             callejón costanilla alameda bulevar plazuela plaça carrer passeig barrio pasaje parcela cuesta"),
    (FRONT | VAGUE, "c cl"),
    // Portuguese
    (FRONT, "rua travessa praça praceta estrada beco calçada rodovia quinta azinhaga viela"),
    // Polish, Czech, Romanian, Croatian, Slovene
    (FRONT, "ulica ulicy ulicą ulice ulici aleja aleje alei placu plac osiedle osiedlu bulevardul bdul calea aleea șoseaua splaiul intrarea nábřeží náměstí \
             námestie trg"),
    (FRONT | VAGUE, "ul al os str sos nám"),
    // Greek, Bulgarian
    (FRONT, "οδός οδό οδού λεωφόρος λεωφόρου λεωφ πλατεία πλατείας улица булевард площад"),
    (FRONT | VAGUE, "ул бул пл жк кв"),
    // Hungarian, Norwegian, Croatian and Slovene, Czech and Slovak, Lithuanian, Latvian, Estonian
    (BEHIND, "utca utcája útja körút körútja sétány rakpart ulica cesta nábrežje nábřeží náměstí námestie třída trieda gatvė prospektas iela \
              bulvāris maantee tänav puiestee"),
    (BEHIND | VAGUE, "út tér tere köz fasor gate gata vei veg veien vegen plass trg tř pr prospekts mnt pst tie katu"),
    // English
    (BACK, "street road rd avenue ave lane ln crescent terrace mews boulevard blvd highway hwy parkway pkwy st"),
    (BACK | VAGUE, "drive dr court ct place pl close way gardens grove hill square sq row walk park green gate yard quay wharf circle cir trail rise view"),
    // German, Dutch, Swedish, Danish, as words of their own
    (GERMAN, "strasse straße str allee platz pl weg gasse damm ring ufer chaussee markt hof steig stieg graben wall kai promenade pfad \
              straat laan plein gracht kade dijk singel steeg dreef steenweg gatan gata vägen väg gränd torg gade vej allé"),
    (AT, "am im an auf zum zur unter hinter vor in beim"),
    // boxes
    (BOX, "bp cs tsa postfach postbus casella cas apartado apdo apartat caixa box pobox skrytka boîte"),
    // parts of buildings
    (UNIT, "bâtiment bât bat appartement appt apt app apartment étage etage escalier esc porte entrée bloc hall interno int scala piano palazzina \
            stiege tür top whg wohnung og ug haus zimmer flat unit suite floor piso planta puerta portal bloque esc izq dcha letra lote andar \
            bus boîte bte lokal mieszkanie étg lgt logement chambre lotto km casa torre edificio edif"),
    (WHOLE_UNIT, "rdc bajo bajos izquierda derecha izda izq dcha drcha ático entresuelo hinterhaus vorderhaus seitenflügel eg dg erdgeschoss principal \
                  gauche droite face rez-de-chaussée"),
    (REPEAT, "bis ter quater quinquies b t"),
    (NUMBER, "n no nº n° nr num núm número numéro numero numer"),
    // what joins
    (PARTICLE, "de du des la le les l d von vom van der den dem del della dello dei degli delle dell di da do dos das el los las y e et und sur \
                sous lez lès en am im an in ob bei i a à au aux san santa saint sainte st ste sankt op ten ter te het zu zur zum o"),
    (LINK, "à a in en te w zu au"),
    (CEDEX, "cedex"),
    (KEY, "domicilio dirección direccion adresse anschrift indirizzo address endereço morada adres strasse straße domicile residenza \
           lieferadresse rechnungsadresse wohnadresse dom"),
];

/// Keys, folded, under which a whole text is an address.
pub(super) const VALUE_KEYS: &[&str] = &[
    "address",
    "street",
    "street address",
    "address line",
    "address line 1",
    "address1",
    "home address",
    "postal address",
    "billing address",
    "shipping address",
    "adresse",
    "adresse postale",
    "rue",
    "domicile",
    "anschrift",
    "strasse",
    "indirizzo",
    "via",
    "direccion",
    "domicilio",
    "calle",
    "endereco",
    "morada",
    "adres",
    "straat",
    "ulica",
    "ulice",
    "bydliste",
    "gatuadress",
    "gata",
    "adress",
    "adresa",
    "osoite",
    "lakcim",
    "addr",
    "street name",
    "domicilio",
    "wohnort",
    "woonadres",
];

/// Slots of the table: four times as many as there are words.
const SLOTS: usize = 2_048;

/// What a word does, by the hash that tokens carry.
pub(super) fn roles(hash: u64) -> u16 {
    static TABLE: LazyLock<Vec<(u64, u16)>> = LazyLock::new(table);
    let mut place = slot(hash);
    loop {
        match TABLE.get(place) {
            Some((own, roles)) if *own == hash => return *roles,
            Some((0, _)) | None => return 0,
            Some(_) => place = (place + 1) % SLOTS,
        }
    }
}

fn table() -> Vec<(u64, u16)> {
    let mut table = vec![(0, 0); SLOTS];
    for (role, words) in WORDS {
        // `rond-point` and its like are found by their first word.
        for (_, folded) in words.split_ascii_whitespace().filter_map(|word| fold::next_word(word, 0)) {
            let hash = folded.hash();
            let mut place = slot(hash);
            while let Some((own, roles)) = table.get_mut(place) {
                if *own == 0 || *own == hash {
                    (*own, *roles) = (hash, *roles | role);
                    break;
                }
                place = (place + 1) % SLOTS;
            }
        }
    }
    table
}

const fn slot(hash: u64) -> usize {
    (hash >> 32 & 0xFFFF) as usize % SLOTS
}

/// Ends of German, Dutch and Nordic street names that leave no doubt.
pub(super) const STRONG_ENDS: &[&str] = &[
    "strasse", "gasse", "str", "allee", "damm", "chaussee", "straat", "laan", "plein", "gracht", "steenweg", "gatan",
    "katu", "intie",
];

/// Ends that other words have too: they need a town.
pub(super) const WEAK_ENDS: &[&str] = &[
    "platz",
    "weg",
    "ring",
    "ufer",
    "steig",
    "pfad",
    "promenade",
    "dijk",
    "singel",
    "kade",
    "vagen",
    "gade",
    "vej",
    "hof",
    "markt",
    "graben",
    "wall",
    "berg",
    "park",
    "garten",
    "kamp",
    "hain",
    "winkel",
    "veien",
    "gata",
    "kuja",
    "polku",
];

/// Whether a word with these last bytes, the last lowest, may have one of the ends: most words need not be folded for it.
pub(super) fn may_end_a_street(tail: u32) -> bool {
    static BITS: LazyLock<[u64; 64]> = LazyLock::new(|| {
        let mut bits = [0; 64];
        for end in STRONG_ENDS.iter().chain(WEAK_ENDS) {
            let tail = end
                .bytes()
                .rev()
                .take(3)
                .zip([0, 8, 16])
                .fold(0, |tail, (byte, shift)| tail | u32::from(byte) << shift);
            let (word, bit) = place(tail);
            if let Some(word) = bits.get_mut(word) {
                *word |= bit;
            }
        }
        bits
    });
    let (word, bit) = place(tail & 0xFF_FFFF);
    BITS.get(word).is_some_and(|word| word & bit != 0)
}

const fn place(tail: u32) -> (usize, u64) {
    let hash = tail.wrapping_mul(0x9E37_79B1) >> 20;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

/// How surely a word is a street name in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Compound {
    /// It is none.
    No,
    /// Only with a town.
    Weak,
    /// It is.
    Strong,
}
