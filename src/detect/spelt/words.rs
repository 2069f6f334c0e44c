//! The words of numbers: digits, tens and compounds, what joins and doubles them, and the alphabet of radio.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word is within a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// 0 to 9.
    Unit(u8),
    /// 10 to 19, and compounds: they stand alone.
    Whole(u8),
    /// 20 to 90: a unit may follow.
    Ten(u8),
    /// `double`, `triple`: how often the next unit stands there.
    Times(u8),
    /// `et`, `und`, `y`: between a ten and its unit.
    Joint,
    /// A letter of an identifier.
    Letter(u8),
    /// Digits as they are.
    Figures,
}

/// The words that wake: those that are no article of any language.
pub(in crate::detect) fn wakes() -> impl Iterator<Item = String> {
    let plain =
        UNITS.iter().enumerate().filter(|(value, _)| !matches!(value, 1 | 2)).flat_map(|(_, words)| words.split(' '));
    let tens = TENS.iter().flat_map(|words| words.split(' '));
    plain.chain(tens).filter(|word| word.len() > 2).map(str::to_owned).chain(compounds().map(|(word, _)| word))
}

/// Every word that is part of a number.
pub(super) static PARTS: LazyLock<HashMap<Box<[u8]>, Part>> = LazyLock::new(|| {
    let mut parts: HashMap<Box<[u8]>, Part> = HashMap::new();
    let mut add = |words: &str, part: Part| {
        for word in words.split(' ') {
            parts.insert(word.as_bytes().into(), part);
        }
    };
    (0..).zip(UNITS).for_each(|(value, words)| add(words, Part::Unit(value)));
    (10..).zip(TEENS).for_each(|(value, words)| add(words, Part::Whole(value)));
    (2..).zip(TENS).for_each(|(ten, words)| add(words, Part::Ten(10 * ten)));
    (2..).zip(TIMES).for_each(|(times, words)| add(words, Part::Times(times)));
    (b'A'..).zip(RADIO.split(' ')).for_each(|(letter, word)| add(word, Part::Letter(letter)));
    compounds().for_each(|(word, value)| add(&word, Part::Whole(value)));
    add(JOINTS, Part::Joint);
    parts
});

/// Numbers from 21 on that are one word: German and Dutch put the unit first, Italian and Spanish last.
fn compounds() -> impl Iterator<Item = (String, u8)> {
    let units = |names: &'static str| (1_u8..).zip(names.split(' '));
    let tens = |names: &'static str| (2_u8..).zip(names.split(' '));
    let german =
        tens("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig").flat_map(move |(ten, name)| {
            units("ein zwei drei vier funf sechs sieben acht neun")
                .map(move |(unit, first)| (format!("{first}und{name}"), 10 * ten + unit))
        });
    let dutch = tens("twintig dertig veertig vijftig zestig zeventig tachtig negentig").flat_map(move |(ten, name)| {
        units("een twee drie vier vijf zes zeven acht negen")
            .map(move |(unit, first)| (format!("{first}en{name}"), 10 * ten + unit))
    });
    let italian =
        tens("venti trenta quaranta cinquanta sessanta settanta ottanta novanta").flat_map(move |(ten, name)| {
            units("uno due tre quattro cinque sei sette otto nove").map(move |(unit, last)| {
                // `ventuno`, `ventotto`: two vowels do not meet.
                let stem = if matches!(unit, 1 | 8) { name.trim_end_matches(['a', 'i']) } else { name };
                (format!("{stem}{last}"), 10 * ten + unit)
            })
        });
    let spanish = units("uno dos tres cuatro cinco seis siete ocho nueve")
        .map(|(unit, last)| (format!("veinti{last}"), 20 + unit));
    german.chain(dutch).chain(italian).chain(spanish)
}

/// 0 to 9 in English, French, German, Spanish, Italian, Dutch, Portuguese, Polish and the Nordic languages, folded.
const UNITS: &[&str] = &[
    "zero oh null nul nulla cero noll nolla",
    "one un une ein eins eine uno una um uma een jeden en ett",
    "two deux zwei zwo dos due dois duas twee dwa to tva",
    "three trois drei tres tre drie trzy",
    "four quatre vier cuatro quattro quatro cztery fire fyra",
    "five cinq funf cinco cinque vijf piec fem",
    "six sechs seis sei zes szesc seks sex",
    "seven sept sieben siete sette sete zeven siedem syv sju",
    "eight huit acht ocho otto oito osiem otte atta",
    "nine neuf neun nueve nove negen dziewiec ni nio niner",
];

/// 10 to 19.
const TEENS: &[&str] = &[
    "ten dix zehn diez dieci tien dez dziesiec",
    "eleven onze elf undici jedenascie",
    "twelve douze zwolf doce dodici twaalf doze dwanascie",
    "thirteen treize dreizehn trece tredici dertien treze trzynascie",
    "fourteen quatorze vierzehn catorce quattordici veertien catorze czternascie",
    "fifteen quinze funfzehn quince quindici vijftien pietnascie",
    "sixteen seize sechzehn dieciseis sedici zestien dezasseis szesnascie",
    "seventeen siebzehn diecisiete diciassette zeventien dezassete siedemnascie",
    "eighteen achtzehn dieciocho diciotto achttien dezoito osiemnascie",
    "nineteen neunzehn diecinueve diciannove negentien dezanove dziewietnascie",
];

/// 20 to 90.
const TENS: &[&str] = &[
    "twenty vingt vingts zwanzig veinte venti twintig vinte dwadziescia",
    "thirty trente dreissig treinta trenta dertig trinta trzydziesci",
    "forty fourty quarante vierzig cuarenta quaranta veertig quarenta czterdziesci",
    "fifty cinquante funfzig cincuenta cinquanta vijftig cinquenta piecdziesiat",
    "sixty soixante sechzig sesenta sessanta zestig sessenta szescdziesiat",
    "seventy septante siebzig setenta settanta zeventig siedemdziesiat",
    "eighty huitante octante achtzig ochenta ottanta tachtig oitenta osiemdziesiat",
    "ninety nonante neunzig noventa novanta negentig dziewiecdziesiat",
];

/// What stands between a ten and its unit.
const JOINTS: &str = "et und y e and";
/// How often the next one stands there, from twice on.
const TIMES: &[&str] = &["double doppel doppelt doble doppio dubbel duplo", "triple dreifach triplo"];
/// The alphabet of radio, in its order.
const RADIO: &str = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo \
                     sierra tango uniform victor whiskey xray yankee zulu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_one_value() {
        let mut words: Vec<&str> = [UNITS, TEENS, TENS].concat().iter().flat_map(|words| words.split(' ')).collect();
        words.sort_unstable();
        let doubles: Vec<_> = words.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(doubles.is_empty(), "{doubles:?}");
    }
}
