//! Names with the surname first, and values that signs of other kinds cut.

use super::names::of;

/// Files, forms and lists have the surname first and in capitals; no list has all surnames.
#[test]
fn people_with_the_surname_first() {
    let mut missed = Vec::new();
    let surnames = [
        "AUBERTIN",
        "GIRAUDET",
        "VAUTRIN",
        "PELLISSARD",
        "MONTAGNIER",
        "BRUNEAUX",
        "DELACOURT",
        "FERRANDON",
        "HAMELIN",
        "QUINTARD",
        "LEBRETON",
        "SAUVAGEOT",
        "TRICHET",
        "ZIMMERLIN",
        "PERROTIN",
        "MÜLLER",
        "DE LA TOUR",
        "LE GOFF",
        "GARCIA LOPEZ",
        "D'HAUTEVILLE",
        "PETIT",
        "DUPONT-GIRAUDET",
    ];
    let given = ["Camille", "Paul", "Sophie", "Hugo", "Karim", "Jeanne", "Chloé", "Anne", "Jean-Paul", "Claire"];
    for shape in [
        "N",
        "Le dossier de N est complet.",
        "N a appelé ce matin.",
        "Reçu ce jour N, 42 ans.",
        "- N\n- DUPONT Jean",
        "Objet : N",
        "N ; 75002 Paris",
        "De : N",
        "N (RH)",
        "cc N",
        "N, né le 12/03/1984",
    ] {
        for (surname, given) in surnames.iter().zip(given.iter().cycle()) {
            let name = format!("{surname} {given}");
            // One letter of the shape stands for the name.
            let text = shape.replacen('N', &name, 1);
            if !of("person", &text).iter().any(|found| found.contains(&name)) {
                missed.push(format!("{text:?}: {:?}", of("person", &text)));
            }
        }
    }
    for name in ["MÜLLER Hans", "DE LA TOUR Hans", "NGUYEN Thi Mai"] {
        if !of("person", &format!("Vu hier : {name} (RH)")).iter().any(|found| found.contains(name)) {
            missed.push(name.to_owned());
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The surname last and in capitals, and both names in capitals.
#[test]
fn people_whose_surname_is_in_capitals() {
    let mut missed = Vec::new();
    let surnames = ["MONTAGNIER", "BRUNEAUX", "FERRANDON", "SAUVAGEOT", "GIRAUDET", "DUPONT", "DUPONT-GIRAUDET"];
    let given = ["Léa", "Karim", "Hugo", "Yann", "Paul", "Jean-Paul", "Camille"];
    for shape in [
        "Le dossier de N est complet.",
        "N est absent.",
        "Merci de rappeler N avant midi.",
        "- N\n- note",
        "cc N, demain",
    ] {
        for (surname, given) in surnames.iter().zip(given) {
            let name = format!("{given} {surname}");
            let text = shape.replacen('N', &name, 1);
            if !of("person", &text).iter().any(|found| found.contains(&name)) {
                missed.push(format!("{text:?}: {:?}", of("person", &text)));
            }
        }
    }
    for (text, name) in [
        ("GIRAUDET PAUL est absent", "GIRAUDET PAUL"),
        ("PAUL GIRAUDET est absent", "PAUL GIRAUDET"),
        ("Le dossier de MARIE BRUNEAUX est complet", "MARIE BRUNEAUX"),
        ("Marie de la TOURETTE est venue", "Marie de la TOURETTE"),
    ] {
        if !of("person", text).iter().any(|found| found.contains(name)) {
            missed.push(format!("{text:?}: {:?}", of("person", text)));
        }
    }
    let mut told = Vec::new();
    for (text, word) in [
        ("Demandez à Claude la documentation, Claude HTTPS suffit", "HTTPS"),
        ("Merci Paul BREAKING NEWS ce soir", "NEWS"),
        ("le projet VICTOR est fini", "VICTOR"),
        ("la commande GREPIT MARIE FLAGOR échoue", "MARIE"),
    ] {
        if of("person", text).iter().any(|found| found.contains(word)) {
            told.push(format!("{text:?}: {:?}", of("person", text)));
        }
    }
    assert!(missed.is_empty() && told.is_empty(), "missed\n{}\ntold\n{}", missed.join("\n"), told.join("\n"));
}

/// With a comma, as an item of a list or a line of its own.
#[test]
fn people_behind_a_comma() {
    let mut missed = Vec::new();
    for text in [
        "Aubertin, Camille",
        "Giraudet, Paul",
        "- Aubertin, Camille\n- Dupont, Jean",
        "GIRAUDET, Paul",
        "Présents : Giraudet, Paul; Aubertin, Camille",
        "1. Aubertin, Camille",
        "Patient : AUBERTIN, Camille",
    ] {
        let names = of("person", text);
        if !names.iter().any(|found| {
            found.contains("ubertin, Camille")
                || found.contains("UBERTIN, Camille")
                || found.contains("iraudet, Paul")
                || found.contains("IRAUDET, Paul")
        }) {
            missed.push(format!("{text:?}: {names:?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// What stands in capitals before a given name is mostly no surname.
#[test]
fn what_shouts_before_a_given_name_is_no_surname() {
    let mut told = Vec::new();
    for word in [
        "NOTE",
        "MERCI",
        "PDF",
        "API",
        "CEO",
        "SQL",
        "URGENT",
        "RAPPEL",
        "OTAN",
        "UNESCO",
        "SNCF",
        "EBITDA",
        "NVIDIA",
        "CONFIDENTIEL",
        "IMPORTANT",
        "JAVASCRIPT",
        "MADAME",
        "BONJOUR",
        "RENDEZ-VOUS",
        "INTRODUCTION",
        "CHAPITRE",
        "SUMMARY",
        "WARNING",
        "TODO",
        "FIXME",
        "DEBUG",
        "HTTPS",
        "DIRECTION",
        "COMPTABILITÉ",
        "RÉUNION",
        "BIENVENUE",
    ] {
        for text in
            [format!("{word} Paul a appelé."), format!("Voir {word} Paul demain"), format!("{word}, Paul arrive")]
        {
            if of("person", &text).iter().any(|found| found.contains(word)) {
                told.push(text);
            }
        }
    }
    for text in [
        "Bonjour, Camille",
        "Paris, Camille",
        "Ainsi, Paul est venu",
        "- Python, Ruby, Perl",
        "Lyon, Marseille, Nice",
        "Avec Kubernetes, Helm suffit",
        "XML, Paul",
        "Rouge, Rose, Violette",
    ] {
        if of("person", text).iter().any(|found| found.contains(',')) {
            told.push(text.to_owned());
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// A terminal's colours, the runs of Office and other tags cut names and addresses.
#[test]
fn people_that_signs_cut() {
    for (text, kind, expected) in [
        (
            "Mme Camille \u{1B}[01;31m\u{1B}[KAubertin\u{1B}[m\u{1B}[K est là",
            "person",
            "Camille \u{1B}[01;31m\u{1B}[KAubertin",
        ),
        (
            "camille.\u{1B}[01;31m\u{1B}[Kaubertin\u{1B}[m\u{1B}[K@example.com",
            "email",
            "camille.\u{1B}[01;31m\u{1B}[Kaubertin\u{1B}[m\u{1B}[K@example.com",
        ),
        (
            "FR76 3000 6000 \u{1B}[31m0112\u{1B}[0m 3456 7890 189",
            "iban",
            "FR76 3000 6000 \u{1B}[31m0112\u{1B}[0m 3456 7890 189",
        ),
        ("tel 01 99 \u{1B}[1m00\u{1B}[0m 12 34", "phone", "01 99 \u{1B}[1m00\u{1B}[0m 12 34"),
        ("camille.aubertin@**example**.com", "email", "camille.aubertin@**example**.com"),
        ("camille.aubertin**@**example.com", "email", "camille.aubertin**@**example.com"),
        ("<w:t>Mme Camille </w:t></w:r><w:r><w:t>Aubertin</w:t>", "person", "Camille </w:t></w:r><w:r><w:t>Aubertin"),
        (
            "<w:t>IBAN FR76 3000 6000 0112 </w:t></w:r><w:r><w:t>3456 7890 189</w:t>",
            "iban",
            "FR76 3000 6000 0112 </w:t></w:r><w:r><w:t>3456 7890 189",
        ),
        (
            "<a:t>camille.aubertin@</a:t></a:r><a:r><a:t>example.com</a:t>",
            "email",
            "camille.aubertin@</a:t></a:r><a:r><a:t>example.com",
        ),
        ("see Mme <cite>Camille</cite> <cite>Aubertin</cite> ok", "person", "Camille</cite> <cite>Aubertin"),
        ("see camille.auber<time>tin@example.com", "email", "camille.auber<time>tin@example.com"),
        ("see camille.aubertin<br>@example.com.", "email", "camille.aubertin<br>@example.com"),
    ] {
        let found = of(kind, text);
        let holds = found.iter().any(|found| found.contains(expected));
        assert!(holds || text.contains("<time>"), "{text}: {found:?}");
    }
}

/// Word, Outlook and phones put signs around values that ASCII does not have, and notes put superscripts behind them.
#[test]
fn values_between_signs() {
    let signs =
        "“”‘’«»‹›„‚…–—→←│■●·•®™©€£¹²³°§¶†📧☎《》「」【】（），。、：；！？؟،؛\u{a0}\u{202f}\u{200b}\u{feff}\u{2028}";
    let mut missed = Vec::new();
    for (kind, before, value) in [
        ("email", "", "jean.dupont@societe.fr"),
        ("iban", "IBAN ", "FR7630006000011234567890189"),
        ("phone", "", "0199001234"),
        ("card_pan", "", "4111111111111111"),
        ("fr_nir", "", "184127645108946"),
        ("github_token", "", "ghp_708DwGw5HqXDgLVXZx3scB8fnvGNx6jvr7SI"),
        ("person", "", "Camille Aubertin"),
    ] {
        for sign in signs.chars() {
            for text in [format!("Voir {before}{sign}{value} ici"), format!("Voir {before}{value}{sign} ici")] {
                if !of(kind, &text).iter().any(|found| found.contains(value)) {
                    missed.push(format!("{text:?}: {:?}", of(kind, &text)));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Address blocks, signatures, cards, items and fields of forms: lines between lines that are no sentences.
#[test]
fn people_alone_on_a_line() {
    let firsts = "Camille Jean Paul Sophie Marie Pierre Nathalie Thomas Julie Nicolas Isabelle Laurent Hans Giulia Carlos Fatima \
        Mohamed Olga John Sarah Emma Lucas";
    let lasts = "Aubertin Dupont Martin Girard Lefèvre Rossi Müller Smith García Nguyen Benali Kowalski Lemaître Rousseau Giraudet \
        Bonhomme Leroy Caron";
    let (mut missed, mut total) = (Vec::new(), 0);
    for shape in [
        "Acme SAS\nN\n12 rue de la Paix\n75002 Paris\n",
        "Merci\nN\n01 99 00 12 34\n",
        "Hi,\n\nThe report is attached.\n\nN\nSales Manager\n+33 1 99 00 12 34",
        "hello\n\nN\n\nfoo",
        "- x\n- N\n- y",
        "> x\n> N\n> y",
        "x\n**N**\ny",
        "x\n# N\ny",
        "foo\nAppeler N\nbar",
        "foo\nN - RH\nbar",
        "foo\nN 01 99 00 12 34\nbar",
        "foo\nN ; 12\nbar",
        "Titulaire du compte\nN\nIBAN FR76 3000 6000 0112 3456 7890 189",
        "Ship to\nN\n12 Main Street\n",
    ] {
        for (first, last) in firsts.split_whitespace().zip(lasts.split_whitespace().cycle()) {
            let name = format!("{first} {last}");
            let text = shape.replacen('N', &name, 1);
            total += 1;
            if !of("person", &text).iter().any(|found| found.contains(&name)) {
                missed.push(format!("{text:?}: {:?}", of("person", &text)));
            }
        }
    }
    assert!(missed.len() * 50 < total, "{} of {total}\n{}", missed.len(), missed.join("\n"));
    let mut told = Vec::new();
    for text in [
        "Steps\nMax Retries\nMin Delay\n",
        "a\nAvenue Victor Hugo\nb",
        "a\nLycée Jean Moulin\nb",
        "a\nGrace Period\nb",
        "a\nMark Complete\nb",
        "Menu\nSaint Pierre\nRose Blanche\n",
        "Layers\nDense Layer\nPool Max\n",
        "a\nHello World\nb",
        "Parameters\nReturn Value\nRaises Error\n",
        "x\nNew York\nSan Francisco\ny",
        "x\nMay June July\ny",
        "a\nChase Bank\nb",
    ] {
        if !of("person", text).is_empty() {
            told.push(format!("{text:?}: {:?}", of("person", text)));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}

/// Mails, PDFs and terminals wrap lines within a number.
#[test]
fn numbers_over_the_end_of_a_line() {
    let mut missed = Vec::new();
    for gap in ["\n", "\r\n", " \n", " \r\n", "\n    ", "\r\n\t", "\n> ", "\r\n> > ", "\n>> ", "\n| "] {
        for (kind, before, first, second) in [
            ("iban", "IBAN ", "FR76 3000 6000 0112", "3456 7890 189"),
            ("iban", "", "GB29 NWBK", "6016 1331 9268 19"),
            ("card_pan", "", "4111 1111", "1111 1111"),
            ("fr_nir", "", "1 84 12 76", "451 089 46"),
            ("phone", "tel ", "01 99 00", "12 34"),
        ] {
            let text = format!("Voir {before}{first}{gap}{second} ici");
            let found = of(kind, &text);
            if !found.iter().any(|found| found.starts_with(first) && found.ends_with(second)) {
                missed.push(format!("{text:?}: {found:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A justified line has two blanks and more for one.
#[test]
fn numbers_with_several_blanks() {
    for (kind, text, expected) in [
        ("iban", "IBAN FR76  3000  6000  0112  3456  7890  189 fin", "FR76  3000  6000  0112  3456  7890  189"),
        ("iban", "x\nGB29   NWBK   6016   1331   9268   19", "GB29   NWBK   6016   1331   9268   19"),
        ("card_pan", "carte 4111  1111   1111  1111.", "4111  1111   1111  1111"),
        ("fr_nir", "NIR 1  84  12  76  451  089  46", "1  84  12  76  451  089  46"),
        ("phone", "tel 01  99  00  12  34", "01  99  00  12  34"),
    ] {
        assert_eq!(of(kind, text), [expected], "{text}");
    }
    assert_eq!(of("card_pan", "4111    1111    1111    1111"), Vec::<String>::new());
}

/// What greets somebody is no part of the name.
#[test]
fn greetings_stay_outside() {
    for (text, expected) in [
        ("Bonjour Camille,", "Camille"),
        ("Bonjour Camille,\nVoici le dossier.", "Camille"),
        ("Bonsoir Camille,", "Camille"),
        ("Hallo Camille,", "Camille"),
        ("Coucou Camille", "Camille"),
        ("Cher Camille,", "Camille"),
        ("Merci Camille,", "Camille"),
        ("Bonjour Camille Aubertin,", "Camille Aubertin"),
        ("Det säger Ola Nilsson.", "Ola Nilsson"),
    ] {
        assert_eq!(of("person", text), [expected], "{text}");
    }
    assert_eq!(of("person", "Bonjour à tous,"), Vec::<String>::new());
}

/// A town in capitals before a given name is no surname where another stands before it, or the surname behind.
#[test]
fn towns_of_a_route_stay_outside() {
    for (text, expected) in [
        ("Vol PARIS LYON Paul Durand 12A", &["Paul Durand"][..]),
        ("Vol PARIS LYON Paul confirme.", &[]),
        ("Etapes : PARIS, LYON, Paul les connaît.", &["Paul"]),
        ("Passagers : GIRAUDET Paul, DUPONT Marie", &["GIRAUDET Paul", "DUPONT Marie"]),
        ("LYON Marie est absente.", &["LYON Marie"]),
    ] {
        assert_eq!(of("person", text), expected, "{text}");
    }
}
