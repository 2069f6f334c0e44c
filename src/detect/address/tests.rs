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
        ("PL flat", "ul. Marszałkowska 84/92 m. 15, 00-514 Warszawa", "ul. Marszałkowska 84/92 m. 15, 00-514 Warszawa"),
        ("PL inflected", "mieszkam przy ulicy Długiej 7 w Gdańsku", "ulicy Długiej 7 w Gdańsku"),
        ("NO", "bor i Karl Johans gate 22, 0159 Oslo", "Karl Johans gate 22, 0159 Oslo"),
        ("FI", "Mannerheimintie 10 A 5, 00100 Helsinki", "Mannerheimintie 10 A 5, 00100 Helsinki"),
        ("FI street", "Aleksanterinkatu 52, Helsinki", "Aleksanterinkatu 52"),
        ("CZ", "bydlím Vodičkova 34, 110 00 Praha 1", "Vodičkova 34, 110 00 Praha 1"),
        ("CZ square", "Václavské náměstí 12, Praha", "Václavské náměstí 12"),
        ("HU", "Váci utca 12., 1052 Budapest", "Váci utca 12., 1052 Budapest"),
        ("HU way", "Andrássy út 5, 1061 Budapest", "Andrássy út 5, 1061 Budapest"),
        ("RO", "pe Str. Lipscani nr. 25, București", "Str. Lipscani nr. 25"),
        ("GR", "Οδός Ερμού 45, 105 63 Αθήνα", "Οδός Ερμού 45, 105 63 Αθήνα"),
        ("BG", "ул. Витоша 15, 1000 София", "ул. Витоша 15, 1000 София"),
        ("HR", "Vukovarska ulica 15, Zagreb", "Vukovarska ulica 15"),
        ("SI", "Slovenska cesta 9, 1000 Ljubljana", "Slovenska cesta 9, 1000 Ljubljana"),
        ("LV", "Brīvības iela 41, Rīga", "Brīvības iela 41"),
        ("PT number", "Av. da Liberdade, n.º 10", "Av. da Liberdade, n.º 10"),
        ("CH main street", "Grand-Rue 4, 1204 Genève", "Grand-Rue 4, 1204 Genève"),
        ("IE box", "P.O. Box 4521, Dublin 2", "P.O. Box 4521"),
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
        "Boarding gate 12 is open",
        "name.Substring(0, 3) and Docstring 5, Querystring 7 in Berlin",
        "a NAND gate 5 and a Schmitt gate 7, 3 of them",
        "Versie 3, potentie 12 in Amsterdam",
        "str. 5 and ul. 7 of the list",
        "et al. Nature 12, 3-5",
        "Bow tie 5 and Black tie 12",
        "room 110 00 of Floor 3, 110 00 items",
    ] {
        assert_eq!(addresses(text), Vec::<&str>::new(), "{text}");
    }
}
