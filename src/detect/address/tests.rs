//! Addresses of many countries, and what looks like one.
#![expect(clippy::string_slice, reason = "the tests know their own texts")]

use super::super::names::lexicon::Lexicon;
use super::super::names::token::Block;
use super::*;

fn addresses(text: &str) -> Vec<&str> {
    let empty = [0; 4];
    let lexicon = Lexicon::new(&empty).unwrap();
    let mut block = Block::default();
    let mut all = Vec::new();
    let mut at = 0;
    while block.read(text, at, &lexicon) {
        at = block.end;
        find(text, &block.tokens, |address| all.push(&text[address.range]));
    }
    all
}

#[test]
fn of_many_countries() {
    for (name, text, expected) in [
        ("FR", "habite 14 bis, rue des Tanneurs, 37000 Tours depuis", "14 bis, rue des Tanneurs, 37000 Tours"),
        (
            "FR lines",
            "Mme X\n27, avenue du Maréchal Foch\n69006 LYON\nle 3 mars",
            "27, avenue du Maréchal Foch\n69006 LYON",
        ),
        ("FR Cedex", "écrire à BP 70123, 11005 Carcassonne Cedex 9.", "BP 70123, 11005 Carcassonne Cedex 9"),
        ("FR date", "au 17, rue du Onze-Novembre 66000 Perpignan", "17, rue du Onze-Novembre 66000 Perpignan"),
        ("FR small", "livré au 19 avenue berthelot, 69007 lyon", "19 avenue berthelot, 69007 lyon"),
        ("DE", "wohnt Lindenstr. 8 in 33330 Gütersloh bei", "Lindenstr. 8 in 33330 Gütersloh"),
        ("DE words", "im Kottbusser Damm 102, 10967 Berlin.", "Kottbusser Damm 102, 10967 Berlin"),
        ("DE hyphens", "in der Emil-Nolde-Str. 24 in Duisburg, gibt", "Emil-Nolde-Str. 24 in Duisburg"),
        ("DE any name", "der Zaun am Krähenwinkel 8 in 30851 Langenhagen", "Krähenwinkel 8 in 30851 Langenhagen"),
        ("AT", "Rochusstraße 102, 1030 Wien, Stiege 2", "Rochusstraße 102, 1030 Wien, Stiege 2"),
        ("CH", "Marktgasse 8, 3011 Bern", "Marktgasse 8, 3011 Bern"),
        ("IT", "in Corso Vittorio Emanuele II, 27 - 10123 Torino.", "Corso Vittorio Emanuele II, 27 - 10123 Torino"),
        ("IT province", "via Gramsci 5, 20099 Sesto San Giovanni (MI)", "via Gramsci 5, 20099 Sesto San Giovanni (MI)"),
        (
            "IT road",
            "è sulla Strada Statale 16 km 42, 71016 San Severo, dietro",
            "Strada Statale 16 km 42, 71016 San Severo",
        ),
        (
            "IT zone",
            "Tancredi, Zona Industriale Est, lotto 24, 95121 Catania",
            "Zona Industriale Est, lotto 24, 95121 Catania",
        ),
        ("ES", "Domicilio: C/ del Planetario, 28, 2, 3.", "C/ del Planetario, 28, 2, 3"),
        ("ES floor", "Calle de Alcalá, 34, 3º B, 28014 Madrid", "Calle de Alcalá, 34, 3º B, 28014 Madrid"),
        ("PT", "Rua Augusta, 123, 1100-048 Lisboa", "Rua Augusta, 123, 1100-048 Lisboa"),
        ("PL", "ul. Marszałkowska 12/4, 00-590 Warszawa", "ul. Marszałkowska 12/4, 00-590 Warszawa"),
        ("NL", "Keizersgracht 123, 1015 CJ Amsterdam", "Keizersgracht 123, 1015 CJ Amsterdam"),
        ("BE", "rue de la Loi 155, 1040 Bruxelles", "rue de la Loi 155, 1040 Bruxelles"),
        ("GB", "at 221B Baker Street, London NW1 6XE today", "221B Baker Street, London NW1 6XE"),
        (
            "US",
            "to 1600 Pennsylvania Avenue NW, Washington, DC 20500.",
            "1600 Pennsylvania Avenue NW, Washington, DC 20500",
        ),
    ] {
        assert_eq!(addresses(text), [expected], "{name}");
    }
}

#[test]
fn false_friends() {
    for text in [
        "il reste 5 places disponibles",
        "sent via Slack and via GitHub",
        "10 route handlers were added",
        "Klasse 7c hat 3 Fehler",
        "const PLACE: usize = 12;",
        "see section 4 Court of Justice",
        "version 1.2 avenue",
        "in 2019 Berlin grew",
        "room 12, 2010 Paris",
        "the street is long",
        "une rue de la ville",
        "10 Street Fighter games in 5 ways",
    ] {
        assert_eq!(addresses(text), Vec::<&str>::new(), "{text}");
    }
}
