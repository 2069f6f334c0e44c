//! Whose somebody is: `mon frère`, `ihre Tochter`, `uw zoon`, `jej mąż`. Who is named next is somebody.
//!
//! Possessives and the words for kin, friends and neighbours, by language, in the forms that stand before a name. Partners, clients and
//! members of boards are none of them: companies are those too.

use crate::detect::page::Page;

/// Possessives and the nouns that follow them, folded or not.
#[rustfmt::skip]
const BEHIND: &[(&str, &str)] = &[
    // French
    ("mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs",
     "frère sœur fils fille mari femme épouse époux mère père maman papa tante oncle cousine cousin nièce neveu grand-mère \
      grand-père mamie papi beau-frère belle-sœur beau-père belle-mère beau-fils belle-fille voisin voisine collègue ami amie copain copine \
      compagnon compagne fiancé fiancée conjoint conjointe patient patiente stagiaire assistante conseillère cheffe élève enfants \
      enfant locataire avocate filleul filleule nounou belle-sœur apprenti apprentie"),
    // English
    ("my your his her their our",
     "brother sister son daughter husband wife father mother dad mum mom boyfriend girlfriend fiancé fiancée colleague boss \
      neighbour neighbor cousin aunt uncle nephew niece grandmother grandfather grandma grandpa granddaughter grandson stepson stepdaughter \
      stepfather stepmother son-in-law daughter-in-law brother-in-law sister-in-law mother-in-law father-in-law flatmate roommate housemate \
      landlord landlady solicitor therapist trainee patient nanny twin"),
    ("my his her", "friend partner lawyer doctor nurse teacher"),
    // German
    ("mein meine meinen meinem meiner meines dein deine deinen deinem deiner sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer \
      unser unsere unseren unserem unserer euer eure euren eurem eurer",
     "Bruder Schwester Sohn Tochter Mann Frau Vater Mutter Tante Onkel Cousin Cousine Neffe Neffen Nichte Nachbar Nachbarin Nachbarn \
      Kollege Kollegin Kollegen Freund Freundin Partnerin Ehemann Ehefrau Gatte Gatten Gattin Oma Opa Großmutter Großvater Enkel Enkelin \
      Schwager Schwägerin Schwiegermutter Schwiegervater Schwiegersohn Schwiegertochter Stiefsohn Stieftochter Mandantin Mandanten \
      Patient Patientin Patienten Chef Chefin Lehrerin Azubi Praktikant Praktikantin Mieter Mieterin Sachbearbeiter Sachbearbeiterin \
      Ansprechpartnerin Mitbewohner Mitbewohnerin"),
    // Italian
    ("mio mia miei tuo tua suo sua nostro nostra vostro vostra loro",
     "fratello sorella figlio figlia marito moglie padre madre papà mamma zio zia cugino cugina nipote nonno nonna suocero suocera genero \
      nuora cognato cognata collega amico amica amici vicino vicina compagno compagna fidanzato fidanzata bambino bambina capo paziente \
      avvocato avvocata tirocinante"),
    // Spanish
    ("mi mis tu su sus nuestro nuestra vuestro vuestra",
     "hermano hermana hijo hija marido mujer esposo esposa padre madre tío tía primo prima sobrino sobrina abuelo abuela nieto nieta suegro \
      suegra yerno nuera cuñado cuñada compañero compañera colega amigo amiga vecino vecina novio novia jefe jefa paciente abogada"),
    // Portuguese
    ("meu minha teu tua seu sua nosso nossa vosso vossa",
     "irmão irmã filho filha marido esposa mulher pai mãe tio tia primo prima sobrinho sobrinha avô avó neto neta sogro sogra genro nora \
      cunhado cunhada colega amigo amiga vizinho vizinha namorado namorada companheiro companheira chefe paciente advogada"),
    // Dutch
    ("mijn je jouw uw zijn haar ons onze jullie hun",
     "broer zus zoon dochter man vrouw vader moeder oom tante neef nicht opa oma grootvader grootmoeder kleinzoon kleindochter schoonmoeder \
      schoonvader schoonzoon schoondochter zwager schoonzus collega vriend vriendin buurman buurvrouw echtgenoot echtgenote baas patiënt \
      patiënte huisarts stagiair stagiaire"),
    // Swedish, Danish, Norwegian
    ("min mitt mina mine din ditt dina dine sin sitt sina hans hennes hendes vår vårt våra våre vores er ert era jeres deras deres mit dit sit",
     "bror syster søster søn sønn son dotter datter man mand mann fru make maka kone pappa mamma far mor farmor mormor bestemor farfar morfar \
      bestefar moster faster farbror morbror onkel tante kusin kusine fætter fetter nevø niese niece svärmor svärfar svigermor svigerfar \
      svåger svoger svägerska svigerinde svigerinne kollega kollegan vän väninna ven veninde venn venninne granne nabo sambo samboer kæreste \
      kjæreste pojkvän flickvän chef sjef patient pasient"),
    // Polish
    ("mój moja mojego mojej moim moją mojemu twój twoja twojego twojej jego jej ich nasz nasza naszego naszej naszym naszą wasz swój swoja \
      swojego swojej swoim swoją",
     "brat brata bratu bratem siostra siostry siostrze siostrę siostrą syn syna synowi synem córka córki córce córkę córką mąż męża mężowi \
      mężem żona żony żonie żonę żoną ojciec ojca ojcem matka matki matkę matką mama mamy tata taty babcia babci dziadek dziadka wujek wujka \
      ciocia cioci kuzyn kuzynka kolega kolegi kolegę kolegą koleżanka koleżanki koleżankę koleżanką przyjaciel przyjaciela przyjaciółka \
      sąsiad sąsiada sąsiadka sąsiadki szef szefa szefowa pacjent pacjenta pacjentka pacjentki"),
    // Czech and Slovak
    ("můj moje moja mého mému mým moji mojí môj môjho mojej mojím mojou tvůj jeho její jej náš naše naša našeho nášho našemu naší našej svůj \
      svého svému svou svoji svoj svojho svojej svojou",
     "bratr bratra bratrovi brat brata sestra sestry sestře sestru sestrou syn syna synovi synem dcera dcery dceři dceru dcerou dcéra dcéry \
      dcéru manžel manžela manželovi manželka manželky manželce manželku otec otce otca matka matky maminka tatínek babička děda dědeček strýc \
      teta bratranec sestřenice kolega kolegy kolegovi kolegu kolegyně kolegyni kolegyňa kolegyňu přítel přítele přítelkyně priateľ \
      priateľa priateľka kamarád kamarádka soused souseda sousedka sused suseda susedka šéf pacient pacienta pacientka"),
    // Croatian, Serbian, Bosnian, Slovenian
    ("moj moja mog moje moju mojeg mojo tvoj njegov njegova njegovog njezin njezina njen njena naš naša našeg našu",
     "brat brata sestra sestru sin sina kći kćer kćerka kćerku muž muža suprug supruga suprugu žena ženu otac oca majka majku kolega kolegu \
      kolegica kolegicu prijatelj prijatelja prijateljica susjed susjeda susjeda pacijent pacijentica hči hčerka mož oče mati mama sodelavec \
      sodelavka prijateljica sosed soseda"),
    // Lithuanian and Latvian
    ("mano jo jos mūsų jūsų mans mana manu viņa viņas mūsu jūsu",
     "sūnus dukra vyras žmona brolis sesuo tėvas mama motina kolega kolegė draugas draugė kaimynas kaimynė dēls meita vīrs sieva brālis māsa \
      tēvs māte kolēģis kolēģe draugs draudzene kaimiņš"),
    // Estonian
    ("minu tema meie teie nende", "poeg tütar abikaasa mees naine isa ema vend õde kolleeg sõber naaber"),
];

/// Nouns and the possessives that follow them.
#[rustfmt::skip]
const BEFORE: &[(&str, &str)] = &[
    // Romanian
    ("fratele sora fiul fiica soțul soția tatăl mama bunica bunicul mătușa unchiul vărul verișoara nepotul nepoata colegul colega prietenul \
      prietena vecinul vecina pacientul pacienta șeful șefa",
     "meu mea tău ta său sa lui ei nostru noastră vostru voastră lor"),
    // Greek
    ("γιος κόρη σύζυγος άντρας γυναίκα αδελφός αδελφή αδερφός αδερφή μητέρα πατέρας μαμά μπαμπάς θείος θεία ξάδερφος ξαδέρφη συνάδελφος φίλος φίλη \
      γείτονας γειτόνισσα γιο άντρα αδελφό συνάδελφο φίλο",
     "μου σου του της μας σας τους"),
    // Bulgarian
    ("син синът дъщеря съпруг съпругът съпруга съпругата мъж жена брат сестра майка баща колега колегата приятел приятелят приятелка съсед",
     "ми му ѝ и ни ви им"),
];

/// Words that say both.
#[rustfmt::skip]
const ONE: &[&str] = &[
    // Finnish
    "poikani tyttäreni vaimoni mieheni äitini isäni veljeni siskoni sisareni kollegani ystäväni naapurini poikansa tyttärensä vaimonsa miehensä \
     äitinsä isänsä veljensä siskonsa poikamme tyttäremme potilaamme",
    // Hungarian
    "férjem feleségem fiam lányom édesapám édesanyám apám anyám bátyám öcsém nővérem húgom kollégám barátom barátnőm szomszédom férje felesége \
     édesanyja édesapja kollégája kollégánk páciensünk",
    // Turkish
    "oğlum kızım eşim kocam karım babam annem kardeşim ablam arkadaşım komşum",
];

/// Nouns that say it without a possessive.
#[rustfmt::skip]
const ALONE: &[&str] = &[
    "wife husband daughter stepson stepdaughter grandson granddaughter",
    "épouse époux belle-mère beau-père belle-fille",
    "Ehefrau Ehemann Gattin Gatte Lebensgefährte Lebensgefährtin Tochter Sohn Schwester Bruder",
    "moglie marito figlia figlio sorella fratello suocera suocero",
    "mujer esposa esposo marido hija hijo hermana hermano suegra suegro filha filho irmã irmão",
    "echtgenote echtgenoot dochter zoon schoonzoon schoondochter",
    "hustru hustrun frun maken dottern sonen systern brodern sambon datter søn sønn",
    "żona mąż córka syn siostra manželka manžel dcera dcéra sestra",
    "supruga suprug kćer soția soțul fiica fiul feleség vaimo tytär poika abikaasa žmona vyras dukra sūnus sieva meita",
];

/// Words that may stand between whose somebody is and the name.
const BETWEEN: &[&str] = &[
    "is",
    "is called",
    "named",
    "called",
    "heißt",
    "ist",
    "namens",
    "s'appelle",
    "est",
    "nommé",
    "nommée",
    "si chiama",
    "è",
    "di nome",
    "se llama",
    "es",
    "chama-se",
    "se chama",
    "é a",
    "é o",
    "é",
    "heet",
    "genaamd",
    "heter",
    "är",
    "hedder",
    "er",
    "to",
    "jest",
    "je",
    "jmenuje se",
    "ma na imię",
    "a",
    "o",
    "de",
];

/// Where a name may begin behind whose somebody is: `su mujer, Ainhoa`, `frun heter Siv`.
pub(super) fn behind(page: &Page<'_>, end: usize) -> usize {
    let blank = |at: usize| page.right(at, 2, |byte| matches!(byte, b' ' | b':'));
    let comma = page.right(end, 1, |byte| byte == b',');
    let at = blank(comma);
    let rest = page.text.get(at..).unwrap_or_default();
    let words = BETWEEN.iter().filter(|words| rest.strip_prefix(**words).is_some_and(|rest| rest.starts_with(' ')));
    words.map(|words| words.len()).max().map_or(at, |len| blank(at + len))
}

/// All phrases.
pub(in crate::detect) fn phrases() -> impl Iterator<Item = String> {
    let pairs = BEHIND.iter().chain(BEFORE).flat_map(|(first, second)| {
        let second = second.split_ascii_whitespace();
        first
            .split_ascii_whitespace()
            .flat_map(move |first| second.clone().map(move |second| format!("{first} {second}")))
    });
    pairs.chain(ONE.iter().chain(ALONE).flat_map(|words| words.split_ascii_whitespace()).map(str::to_owned))
}
