//! What the tools say when they cannot do what was asked, in French.
//!
//! Such a sentence is written once, in English, where it arises, and mostly far from a sheet: a bundle, a file, the log. Here it is
//! found again by the words between its places (`{}`) and said in French with what stood in them, which is said in French too
//! where it is a sentence of its own. A sentence that this table lacks stays English; a test reads the sources for one.

use crate::app::{Problems, Rejection};

/// An error with its causes, in French.
pub(super) fn told(error: &anyhow::Error) -> String {
    let causes: Vec<String> = error.chain().map(cause).collect();
    causes.join(" : ")
}

fn cause(cause: &(dyn std::error::Error + 'static)) -> String {
    let problems =
        cause.downcast_ref::<Problems>().or_else(|| cause.downcast_ref::<Rejection>().map(|it| &it.problems));
    match problems {
        Some(problems) => problems.0.iter().map(|problem| said(&problem.to_string())).collect::<Vec<_>>().join("\n\n"),
        None => said(&cause.to_string()),
    }
}

/// A sentence in French; what is in no table stays as it is.
pub(super) fn said(english: &str) -> String {
    let found = TABLE.iter().find_map(|(known, french)| Some((*french, places(known, english)?)));
    let Some((french, places)) = found else { return english.to_owned() };
    let mut out = String::new();
    for (at, piece) in french.split("{}").enumerate() {
        if let Some(place) = at.checked_sub(1).and_then(|at| places.get(at)) {
            out.push_str(&said(place));
        }
        out.push_str(piece);
    }
    out
}

/// What stands in the places of a sentence, if a text is that sentence.
fn places<'t>(sentence: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = sentence.split("{}");
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut places = Vec::new();
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        // The last piece ends the text; an empty one takes all of it.
        let at = if pieces.peek().is_none() {
            rest.len().checked_sub(piece.len()).filter(|at| rest.get(*at..) == Some(piece))?
        } else {
            rest.find(piece)?
        };
        let (place, behind) = rest.split_at_checked(at)?;
        places.push(place);
        rest = behind.strip_prefix(piece)?;
    }
    rest.is_empty().then_some(places)
}

#[rustfmt::skip]
const TABLE: &[(&str, &str)] = &[
    ("`{}` has signed this with another key: nothing was signed\n  help: name yourself with --as; to replace that signature, take it out of `{}` first",
     "`{}` a signé ceci avec une autre clé : rien n'a été signé\n  conseil : nommez-vous avec --as ; pour remplacer cette signature, retirez-la d'abord de `{}`"),
    ("`{}` is the folder of the sheets themselves: nothing was signed\n  help: name a folder of its own for the bundle, such as `live`",
     "`{}` est le dossier des feuilles elles-mêmes : rien n'a été signé\n  conseil : nommez un dossier à part pour le lot, tel que `live`"),
    ("these scenarios do not come out as told: {}: nothing was signed\n  help: `octroi policy check` says why; mend the sheet or the scenario, or sign all the same with --despite-scenarios",
     "ces scénarios ne donnent pas ce qui est annoncé : {} : rien n'a été signé\n  conseil : `octroi policy check` dit pourquoi ; corrigez la feuille ou le scénario, ou signez malgré tout avec --despite-scenarios"),
    ("`{}` is there already: nothing was changed", "`{}` existe déjà : rien n'a été changé"),
    ("`{}` lies in the policy folder `{}`, which others read and bundles copy: nothing was written\n  help: keep secret keys elsewhere",
     "`{}` se trouve dans le dossier de politique `{}`, que d'autres lisent et que les lots copient : rien n'a été écrit\n  conseil : gardez les clés secrètes ailleurs"),
    ("a key could not be made", "une clé n'a pu être créée"),
    ("`{}` is no secret key: nothing was signed\n  help: name with --key the file that `octroi policy key` made",
     "`{}` n'est pas une clé secrète : rien n'a été signé\n  conseil : nommez avec --key le fichier que `octroi policy key` a créé"),
    ("this key has signed as `{}` already: nothing was signed\n  help: a second approver signs with a key of their own; to change the name, take that signature out of `{}` first",
     "cette clé a déjà signé comme `{}` : rien n'a été signé\n  conseil : un second approbateur signe avec sa propre clé ; pour changer de nom, retirez d'abord cette signature de `{}`"),
    ("`{}` is a bundle: its sheets are signed as they are, and nothing was changed\n  help: name the folder that it was made of",
     "`{}` est un lot : ses feuilles sont signées telles quelles, et rien n'a été changé\n  conseil : nommez le dossier dont il a été fait"),
    ("nothing was signed", "rien n'a été signé"),
    ("`{}` is not what `{}` holds now: {} differ\n  help: make a new bundle of that folder, or leave --policies out to take what lies in the bundle",
     "`{}` n'est pas ce que `{}` contient à présent ; diffèrent : {}\n  conseil : faites un nouveau lot de ce dossier, ou retirez --policies pour prendre ce qui est dans le lot"),
    ("`{}` is signed by no known approver: it cannot have been in force before",
     "`{}` n'est signé par aucun approbateur connu : il ne peut avoir été en vigueur avant"),
    ("version {} does not follow version {}: versions only increase",
     "la version {} ne suit pas la version {} : les versions ne font que croître"),
    ("this bundle is of another format: `{}`", "ce lot est d'un autre format : `{}`"),
    ("`{}` of the manifest is not in the bundle", "`{}` est au manifeste et n'est pas dans le lot"),
    ("`{}` is not what was signed", "`{}` n'est pas ce qui a été signé"),
    ("`{}` is in the bundle and not in the manifest", "`{}` est dans le lot et n'est pas au manifeste"),
    ("the {} compile to another digest here than was signed", "l'empreinte ({}) n'est pas ici celle qui a été signée"),
    ("sheets", "feuilles"),
    ("inventory", "inventaire"),
    ("reference data", "données de référence"),
    ("the version of the manifest is not that of the sheet", "la version du manifeste n'est pas celle de la feuille"),
    ("the name of the manifest is not that of the sheet", "le nom du manifeste n'est pas celui de la feuille"),
    ("{}: the key of `{}` is not `ed25519:` and 44 characters",
     "{} : la clé de `{}` n'est pas `ed25519:` suivi de 44 caractères, comme `octroi policy key` l'affiche"),
    ("the order", "l'ordre"),
    ("the time", "l'heure"),
    ("signatures", "les signatures"),
    ("the manifest", "le manifeste"),
    ("the entry", "l'entrée"),
    ("the time of the entry", "l'heure de l'entrée"),
    ("`--order` is the digest that `freeze` printed and /readyz shows",
     "`--order` est l'empreinte que `freeze` a affichée et que /readyz montre"),
    ("there is no policy folder `{}`", "il n'y a pas de dossier de politique `{}`"),
    ("`{}` is no language of sheets: {}", "`{}` n'est pas une langue des feuilles : {}"),
    ("there is no pack `{}`\n  help: {}\n  packs:{}", "il n'y a pas de paquet `{}`\n  conseil : {}\n  paquets :{}"),
    ("did you mean {}?", "vouliez-vous dire {} ?"),
    ("take one of these", "prenez l'un de ceux-ci"),
    ("known: {}", "connus : {}"),
    ("such as FR, DE or US", "par exemple FR, DE ou US"),
    ("`--home {}` is no country: write two upper-case letters of ISO 3166-1\n  help: {}",
     "`--home {}` n'est pas un pays : écrivez les deux majuscules d'ISO 3166-1\n  conseil : {}"),
    ("{} is too far away", "{} est trop loin"),
    ("the audit log in `{}`", "le journal d'audit dans `{}`"),
    ("cannot be read: segments: entity not found", "illisible : il n'y a pas de journal ici ; --audit en nomme le dossier"),
    ("{} entries are no decisions or attempts of this version: run `octroi audit verify`",
     "{} entrées ne sont ni décisions ni tentatives de cette version : lancez `octroi audit verify`"),
    ("`--since` is too long ago", "`--since` est trop loin dans le passé"),
    ("there is no candidate in {}", "il n'y a pas de projet dans {}"),
    ("the gateway evaluates no candidate\n  help: octroi policy shadow NEW{}",
     "la passerelle n'évalue aucun projet\n  conseil : octroi policy shadow NOUVEAU{}"),
    ("the gateway does not answer at {} ([admin] address)", "la passerelle ne répond pas à {} ([admin] address)"),
    ("{}: there is no [admin] listener that could be asked what was counted\n  help: it serves `octroi_shadow_decisions_total` in /metrics; [admin] address opens it",
     "{} : il n'y a pas d'écoute [admin] à laquelle demander ce qui a été compté\n  conseil : elle sert `octroi_shadow_decisions_total` dans /metrics ; [admin] address l'ouvre"),
    ("{}: cannot be read: {}\n  help: make one with `octroi init DIR --home FR`, or name another with --config\n  help: what was counted is asked of the gateway, whose file --config names",
     "{} : illisible : {}\n  conseil : ce qui a été compté se demande à la passerelle, dont --config nomme le fichier"),
    ("{}\n  help: what was counted is asked of the gateway, whose file --config names",
     "{}\n  conseil : ce qui a été compté se demande à la passerelle, dont --config nomme le fichier"),
    ("the decision does not say by which policy it was taken: run `octroi audit verify`",
     "la décision ne dit pas par quelle politique elle a été prise : lancez `octroi audit verify`"),
    ("the files of the policy of that day are not kept in `{}`",
     "les fichiers de la politique de ce jour-là ne sont pas conservés dans `{}`"),
    ("the files in `{}` do not compile here to the policy of that day",
     "les fichiers de `{}` ne donnent pas ici la politique de ce jour-là"),
    ("{}: there is no such policy folder\n  help: name one with `[policy] folder` in octroi.toml or with --policies; `octroi policy init {} --home FR` makes it",
     "{} : il n'y a pas de tel dossier de politique\n  conseil : nommez-en un par --policies, ou par `[policy] folder` dans octroi.toml ; `octroi policy init {} --home FR --lang fr` le crée"),
    ("{}: there is no policy sheet here, no file that ends in `.policy`: without one nothing is allowed\n  help: write {}/main.policy; `octroi policy init` makes one to begin with",
     "{} : il n'y a ici aucune feuille de politique, aucun fichier qui finit par `.policy` : sans elle rien n'est permis\n  conseil : écrivez {}/main.policy ; `octroi policy init --lang fr` en crée une pour commencer"),
    ("{}/backends.toml: there is no inventory of backends: one that it does not declare is never used\n  help: write it; docs/policy.md says what it holds, and `octroi policy init` makes one to begin with",
     "{}/backends.toml : il n'y a pas d'inventaire des hébergeurs : un hébergeur qui n'y figure pas n'est jamais utilisé\n  conseil : écrivez-le ; docs/politique.md dit ce qu'il contient, et `octroi policy init --lang fr` en crée un pour commencer"),
    ("there are more than {} files in {}", "il y a plus de {} fichiers dans {}"),
    ("{}: this file is not read, since its name does not end in `.{}`\n  help: write the ending in small letters, or give the file another if it is not to be read",
     "{} : ce fichier n'est pas lu, car son nom ne finit pas par `.{}`\n  conseil : écrivez la fin en minuscules, ou donnez-en une autre à un fichier qui n'est pas à lire"),
    ("{}: the name of this file is not text in UTF-8\n  help: give it another",
     "{} : le nom de ce fichier n'est pas du texte en UTF-8\n  conseil : donnez-lui un autre nom"),
    ("{}: cannot be read: {}", "{} : illisible : {}"),
    ("{}: No such file or directory (os error 2)", "{} : ce fichier ou dossier n'existe pas"),
    ("{}: Permission denied (os error 13)", "{} : l'accès en est refusé"),
    ("{}: it is no file", "{} : ce n'est pas un fichier"),
    ("{}: it is not what `octroi policy sign` writes: {}\n  help: take the whole bundle from whoever signed it",
     "{} : ce n'est pas ce que `octroi policy sign` écrit : {}\n  conseil : reprenez le lot entier de qui l'a signé"),
    ("{}: it is not what `octroi policy freeze` writes", "{} : ce n'est pas ce que `octroi policy freeze` écrit"),
    ("{}: line {} is not as in a file of approvers: {}\n  help: below [approver] stands a line for each: NAME = \"ed25519:…\"",
     "{} : la ligne {} n'est pas comme dans un fichier d'approbateurs : {}\n  conseil : sous [approver] se trouve une ligne pour chacun : NOM = \"ed25519:…\""),
    ("No such file or directory (os error 2)", "ce fichier ou dossier n'existe pas"),
    ("Permission denied (os error 13)", "l'accès en est refusé"),
    ("Is a directory (os error 21)", "c'est un dossier"),
    ("File exists (os error 17)", "il existe déjà"),
    ("it is no file", "ce n'est pas un fichier"),
    ("it is not UTF-8", "ce n'est pas de l'UTF-8"),
    ("it is larger than {} bytes", "il dépasse {} octets"),
    // What the parsers of JSON and TOML say of files that octroi writes, or that hold a line for each approver.
    ("EOF while parsing {}", "le fichier finit trop tôt, dans {}"),
    ("a list", "une liste"),
    ("an object", "un objet"),
    ("a string", "un texte"),
    ("a value", "une valeur"),
    ("expected `:`", "il manque `:`"),
    ("expected `,` or `]`", "il manque `,` ou `]`"),
    ("expected `,` or `}`", "il manque `,` ou `}`"),
    ("expected `\"`", "il manque un guillemet"),
    ("expected value", "il manque une valeur"),
    ("expected ident", "un mot n'est pas connu"),
    ("key must be a string", "il manque une clé entre guillemets"),
    ("trailing comma", "il y a une virgule de trop"),
    ("trailing characters", "il y a quelque chose de trop"),
    ("invalid escape", "une barre oblique inverse n'est pas à sa place"),
    ("invalid number", "un nombre est mal écrit"),
    ("missing field `{}`", "il manque `{}`"),
    ("unknown field `{}`, expected {}", "`{}` n'est pas connu ; attendu : {}"),
    ("duplicate field `{}`", "`{}` figure deux fois"),
    ("invalid type: {}, expected {}", "{} se trouve là où est attendu : {}"),
    ("string \"{}\"", "le texte \"{}\""),
    ("integer `{}`", "le nombre `{}`"),
    ("boolean `{}`", "`{}`"),
    ("sequence", "une liste"),
    ("map", "une table"),
    ("a map", "une table"),
    ("duplicate key", "ce nom figure deux fois"),
    ("string values must be quoted", "un texte se met entre guillemets droits"),
    ("missing opening quote", "il manque un guillemet"),
    ("invalid basic string", "il manque un guillemet, ou le texte contient une barre oblique inverse"),
    ("key with no value", "il manque une valeur"),
    ("missing value", "il manque une valeur"),
    ("unclosed table", "un crochet n'est pas fermé"),
    ("invalid unquoted key", "un nom avec une espace ou un accent se met entre guillemets droits"),
    ("unexpected key or value", "il y a quelque chose de trop"),
    ("{} at line {} column {}", "{}, à la ligne {}, colonne {}"),
    ("laying it out would change what it says: nothing was written",
     "la mise en forme changerait ce qu'elle dit : rien n'a été écrit"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_found_by_its_words() {
        for (name, english, french) in [
            ("no place", "nothing was signed", "rien n'a été signé"),
            (
                "two places",
                "version 2 does not follow version 3: versions only increase",
                "la version 2 ne suit pas la version 3 : les versions ne font que croître",
            ),
            (
                "a sentence in a place",
                "lot/manifest.json: No such file or directory (os error 2)",
                "lot/manifest.json : ce fichier ou dossier n'existe pas",
            ),
            (
                "a parser in a place",
                "lot/manifest.json: it is not what `octroi policy sign` writes: expected `:` at line 3 column 9\n  help: take the whole bundle from whoever signed it",
                "lot/manifest.json : ce n'est pas ce que `octroi policy sign` écrit : il manque `:`, à la ligne 3, colonne 9\n  conseil : reprenez le lot entier de qui l'a signé",
            ),
            (
                "another parser in a place",
                "a.toml: line 2 is not as in a file of approvers: unknown field `approvers`, expected `approver`\n  help: below [approver] stands a line for each: NAME = \"ed25519:…\"",
                "a.toml : la ligne 2 n'est pas comme dans un fichier d'approbateurs : `approvers` n'est pas connu ; attendu : `approver`\n  conseil : sous [approver] se trouve une ligne pour chacun : NOM = \"ed25519:…\"",
            ),
            (
                "a word in a place",
                "the sheets compile to another digest here than was signed",
                "l'empreinte (feuilles) n'est pas ici celle qui a été signée",
            ),
            ("none", "something else", "something else"),
        ] {
            assert_eq!(said(english), french, "{name}");
        }
    }

    #[test]
    fn each_sentence_keeps_its_places() {
        for (english, french) in TABLE {
            let count = |text: &str| text.matches("{}").count();
            assert_eq!(count(english), count(french), "{english}");
        }
    }

    /// What the tools and a bundle refuse with has a row. A text with a French one beside it stands in the sources in both.
    #[test]
    fn every_refusal_of_the_tools_has_a_row() {
        let sources = [
            ("bundle", include_str!("bundle.rs")),
            ("freeze", include_str!("freeze.rs")),
            ("mod", include_str!("mod.rs")),
            ("read", include_str!("read.rs")),
            ("record", include_str!("record.rs")),
            ("replay", include_str!("replay.rs")),
            ("shadow", include_str!("shadow.rs")),
            ("sheet", include_str!("sheet.rs")),
            ("app/bundle", include_str!("../../app/bundle.rs")),
        ];
        let mut seen = 0;
        for (name, source) in sources {
            let code = source.split("#[cfg(test)]").next().unwrap().replace("\\\n", "");
            for opening in [
                "bail!(\"",
                "context(\"",
                "ensure!(\"",
                "Rejection::signature(format!(\"",
                "context(|| format!(\"",
                "anyhow::anyhow!(\"",
            ] {
                for behind in code.split(opening).skip(1) {
                    let text = behind.split("\")").next().unwrap().split("\",").next().unwrap();
                    if text.starts_with('{') && !text.contains(' ') || text.starts_with('/') {
                        continue;
                    }
                    let letters =
                        text.split('{').map(|piece| piece.split_once('}').map_or(piece, |(_, behind)| behind));
                    if !letters.collect::<String>().contains(char::is_alphabetic) {
                        continue;
                    }
                    seen += 1;
                    let text = text.replace("\\n", "\n");
                    let text: String = text
                        .split('{')
                        .enumerate()
                        .map(|(at, piece)| match at {
                            0 => piece.to_owned(),
                            _ => format!("x{}", piece.split_once('}').unwrap().1),
                        })
                        .collect();
                    assert_ne!(said(&text), text, "{name}: {text}");
                }
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
