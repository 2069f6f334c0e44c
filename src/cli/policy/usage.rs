//! How the tools are used, for a reader of French: their help, and what was wrong with a command line.
//!
//! Usage is a matter of the person, so it is in French where either the sheets of the folder are or the system speaks French.
//! English help is written beside the arguments; here it is the key of the French one, and a test fails for one that is missing.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use super::spoken;
use crate::policy::{Language, day};

/// The language in which usage is told to whoever typed this: `octroi policy …`, and the list of all commands, which leads there.
/// Other commands are the operator's, and in English.
pub(in crate::cli) fn language(words: &[OsString], locale: Language) -> Language {
    let words: Vec<&str> = words.iter().skip(1).map(|word| word.to_str().unwrap_or_default()).collect();
    let rest = match words.as_slice() {
        [] | ["--help" | "-h" | "help"] => return locale,
        ["policy", rest @ ..] | ["help", "policy", rest @ ..] => rest,
        _ => return Language::En,
    };
    let option = |name: &str| {
        let long = rest.iter().zip(rest.iter().skip(1)).find(|(word, _)| **word == name).map(|(_, value)| *value);
        long.or_else(|| rest.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')))
    };
    let chosen = option("--lang").filter(|_| rest.first() == Some(&"init")).and_then(Language::parse);
    let first = rest.get(1).filter(|_| matches!(rest.first(), Some(&("diff" | "sign" | "verify"))));
    let folders = [Some(option("--policies").unwrap_or("policies")), first.copied()];
    let french = folders.iter().flatten().any(|folder| spoken(Path::new(folder)) == Some(Language::Fr));
    if french || chosen == Some(Language::Fr) { Language::Fr } else { locale }
}

/// The language of the system, as the environment says it.
pub(in crate::cli) fn locale() -> Language {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().filter_map(|name| std::env::var(name).ok());
    let first = said.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
    Language::parse(first.get(..2).unwrap_or_default()).unwrap_or_default()
}

/// The commands, with their list and the help of the tools in French.
pub(in crate::cli) fn in_french(command: Command) -> Command {
    let names: Vec<(String, String)> = command
        .get_subcommands()
        .map(|command| (command.get_name().to_owned(), french(&about(command)).to_owned()))
        .collect();
    let list: Vec<String> = names.iter().map(|(name, about)| format!("  {name:<12}{about}")).collect();
    let template = format!(
        "{HEAD}\n\nUsage : {{usage}}\n\nCommandes :\n{}\n\nOptions :\n{{options}}\n\n{FOOT}\n",
        list.join("\n")
    );
    let command = helped(command.subcommand_value_name("COMMANDE")).help_template(template);
    command.mut_subcommand("policy", |tools| {
        let names: Vec<(String, String)> =
            tools.get_subcommands().map(|tool| (tool.get_name().to_owned(), french(&about(tool)).to_owned())).collect();
        let list: Vec<String> = names.iter().map(|(name, about)| format!("  {name:<11}{about}")).collect();
        let head = "Les outils du délégué : ce qui peut aller où, ce qu'un changement ouvrirait, pourquoi un refus";
        let template =
            format!("{head}\n\nUsage : {{usage}}\n\nCommandes :\n{}\n\nOptions :\n{{options}}\n", list.join("\n"));
        let tools = helped(tools.subcommand_value_name("COMMANDE")).help_template(template);
        names.iter().fold(tools, |tools, (name, _)| tools.mut_subcommand(name, tool))
    })
}

/// What octroi is, and what is not in French.
const HEAD: &str = "Une passerelle de souveraineté des données devant les modèles de langage";
const FOOT: &str =
    "Les outils du délégué (octroi policy) parlent français ; l'aide des autres commandes est en anglais.";

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// One tool in French.
fn tool(command: Command) -> Command {
    let about = french(&about(&command)).to_owned();
    let placed = command.get_positionals().next().is_some();
    let arguments = if placed { "\n\nArguments :\n{positionals}" } else { "" };
    let template = format!("{{about}}\n\nUsage : {{usage}}{arguments}\n\nOptions :\n{{options}}\n");
    helped(command.mut_args(argument).about(about)).help_template(template)
}

/// With `--help` and `--version` told in French.
fn helped(command: Command) -> Command {
    let flag = |name: &'static str, short, action, help: &'static str| {
        Arg::new(name).short(short).long(name).action(action).help(help)
    };
    command
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(flag("help", 'h', ArgAction::Help, "Afficher cette aide"))
        .arg(flag("version", 'V', ArgAction::Version, "Afficher la version"))
}

fn argument(argument: Arg) -> Arg {
    let english = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    let takes = argument.get_action().takes_values();
    let default =
        if takes && !defaults.is_empty() { format!(" [par défaut : {}]", defaults.join(",")) } else { String::new() };
    let name = argument.get_value_names().and_then(<[_]>::first).map(ToString::to_string).unwrap_or_default();
    let argument = argument.help(format!("{}{default}", french(&english)));
    if !takes {
        return argument;
    }
    let argument = argument.hide_default_value(true).hide_env(true);
    match VALUES.iter().find(|(known, _)| *known == name) {
        Some((_, french)) => argument.value_name(*french),
        None => argument,
    }
}

fn french(english: &str) -> &str {
    HELP.iter().find(|(known, _)| *known == english).map_or(english, |(_, french)| french)
}

/// What is wrong with a command line, in French; nothing for what is no fault.
pub(in crate::cli) fn fault(error: &clap::Error) -> Option<String> {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => word.clone(),
        Some(ContextValue::Strings(words)) => words.join(", "),
        _ => String::new(),
    };
    let (argument, value) = (word(ContextKind::InvalidArg), word(ContextKind::InvalidValue));
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return None;
        }
        ErrorKind::MissingRequiredArgument => format!("il manque : {argument}"),
        ErrorKind::UnknownArgument => format!("`{argument}` n'a pas de sens ici"),
        ErrorKind::InvalidSubcommand => format!("il n'y a pas d'outil `{}`", word(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand => "il manque le nom d'un outil".to_owned(),
        ErrorKind::ArgumentConflict => match word(ContextKind::PriorArg) {
            prior if prior == argument => format!("`{argument}` est donné deux fois"),
            prior => format!("`{argument}` ne va pas avec `{prior}`"),
        },
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` demande une valeur"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = match (day(&value, Language::Fr), argument.starts_with("--on"), argument.starts_with("--hours")) {
                (Err(why), true, _) => format!(" : {why}"),
                (_, _, true) => " : un nombre entier de 1 à 24".to_owned(),
                _ => String::new(),
            };
            format!("`{value}` ne convient pas à `{argument}`{why}")
        }
        _ => format!("cette ligne n'est pas comprise ({argument}{value})"),
    };
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg].map(word);
    let near = near.iter().find(|near| !near.is_empty());
    let meant = near.map(|near| format!("\n  conseil : vouliez-vous dire `{near}` ?")).unwrap_or_default();
    let usage = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => format!("\n\n{}", usage.to_string().replacen("Usage:", "Usage :", 1)),
        _ => String::new(),
    };
    Some(format!("erreur : {what}{meant}{usage}\n\nTous les mots d'une commande : --help"))
}

const VALUES: &[(&str, &str)] = &[
    ("DIR", "DOSSIER"),
    ("DATE", "AAAA-MM-JJ"),
    ("HOME", "PAYS"),
    ("PACKS", "PAQUETS"),
    ("LANG", "LANGUE"),
    ("FILE", "FICHIER"),
    ("FILE|ID", "FICHIER|ID"),
    ("OLD", "ANCIEN"),
    ("NEW", "NOUVEAU"),
    ("AUDIT", "JOURNAL"),
    ("SINCE", "DEPUIS"),
    ("KEY", "CLÉ"),
    ("NAME", "NOM"),
    ("BECAUSE", "RAISON"),
    ("HOURS", "HEURES"),
    ("DIGEST", "EMPREINTE"),
    ("BUNDLE", "LOT"),
    ("APPROVERS", "APPROBATEURS"),
    ("PREVIOUS", "PRÉCÉDENT"),
    ("CONFIG", "FICHIER"),
    ("QUESTION", "QUESTION"),
    ("PART", "PARTIE"),
];

#[rustfmt::skip]
const HELP: &[(&str, &str)] = &[
    ("Show the whole journey on this machine: three model servers, a gateway, a tour. Needs nothing else", "Montrer tout le parcours sur cette machine : trois serveurs de modèles, une passerelle, une visite. Sans rien d'autre"),
    ("Run the gateway", "Faire tourner la passerelle"),
    ("Check every file of a configuration and run the scenarios of its sheets", "Vérifier chaque fichier d'une configuration et éprouver les scénarios de ses feuilles"),
    ("Make a new configuration in a folder", "Créer une configuration dans un dossier"),
    ("Make, list, rotate and revoke API keys", "Créer, lister, renouveler et révoquer des clés d'API"),
    ("Keep lists of exact values that are to be found, as keyed hashes", "Tenir des listes de valeurs exactes à trouver, en empreintes à clé"),
    ("Keep the documents that must not leave, and see what would be found of them", "Tenir les documents qui ne doivent pas sortir, et voir ce qui en serait trouvé"),
    ("Keep the encoders that read protected documents for their meaning", "Tenir les encodeurs qui lisent le sens des documents protégés"),
    ("Find personal data and secrets in a text", "Trouver données personnelles et secrets dans un texte"),
    ("Say what would happen to a request body, without sending it", "Dire ce que deviendrait le corps d'une requête, sans l'envoyer"),
    ("List what the detectors find", "Lister ce que trouvent les détecteurs"),
    ("The officer's tools: check, matrix, ask, test, lint, diff, sign", "Les outils du délégué : check, matrix, ask, test, lint, diff, sign"),
    ("Print the JSON Schemas of octroi.toml and of sheets", "Afficher les schémas JSON d'octroi.toml et des feuilles"),
    ("Test and measure the GPU of this machine", "Éprouver et mesurer le GPU de cette machine"),
    ("Read and verify the audit log", "Lire et vérifier le journal d'audit"),
    ("Sign checkpoints of others' logs, as a witness (C2SP tlog-witness)", "Signer les points de contrôle d'autres journaux, en témoin (C2SP tlog-witness)"),
    ("Make a policy folder: sheet, inventory, packs, scenarios", "Créer un dossier de politique : feuille, inventaire, paquets, scénarios"),
    ("Check every file of the folder, and what a lawyer would misread", "Vérifier chaque fichier du dossier, et ce qu'un juriste lirait de travers"),
    ("Print the text of which a digest is, as canonical JSON and nothing else: its SHA-256 is that digest", "Afficher le texte dont une empreinte est prise, en JSON canonique et rien d'autre : son SHA-256 est cette empreinte"),
    ("Whose digest: sheets (with the packs that they use), inventory or reference", "De quoi : sheets (les feuilles et leurs paquets), inventory (l'inventaire) ou reference (les données de référence)"),
    ("Lay the sheets out; with --lang, in another language", "Mettre les feuilles en forme ; avec --lang, dans une autre langue"),
    ("Show which class of data may go to which backend, and how", "Montrer quelle classe de données peut aller chez quel hébergeur, et comment"),
    ("Answer a question in words, such as \"health and FR resident to openai-us\"", "Répondre à une question en toutes lettres, comme \"santé et résident FR vers openai-us\""),
    ("As ask, from a file or for a request of the audit log, for each backend and with the smallest change that would let it pass", "Comme ask, d'après un fichier ou une requête du journal, pour chaque hébergeur et avec le plus petit changement qui la laisserait passer"),
    ("Run the scenarios, and say what they do not reach", "Éprouver les scénarios, et dire ce qu'ils n'atteignent pas"),
    ("Write the scenarios that are missing, as sentences of the sheet", "Écrire les scénarios qui manquent, en phrases de la feuille"),
    ("Say what is wrong although every word is right", "Dire ce qui ne va pas bien que chaque mot soit juste"),
    ("Say which flows a newer folder opens and refuses: exact, with an example of each", "Dire quels flux un nouveau dossier ouvre et refuse : exactement, chacun avec un exemple"),
    ("Take the recorded decisions of the audit log again under a newer folder, and say what would flip", "Reprendre les décisions du journal selon un nouveau dossier, et dire ce qui changerait"),
    ("Have a running gateway decide each request under a newer folder too, without enforcing it, and show how often it differs", "Faire décider chaque requête aussi selon un nouveau dossier, sans l'appliquer, et montrer combien de fois il diffère"),
    ("Make a key that signs bundles", "Créer une clé qui signe les lots"),
    ("Sign a bundle of the folder", "Signer un lot du dossier"),
    ("Verify a bundle and its signatures", "Vérifier un lot et ses signatures"),
    ("In an emergency, order that for a day at most only backends on premises are used: one approver", "En urgence, ordonner que seuls les hébergeurs sur site servent, un jour au plus : un approbateur"),
    ("End a freeze before its time: two approvers", "Mettre fin à un gel avant l'heure : deux approbateurs"),
    ("The policy folder", "Le dossier de politique"),
    ("Write JSON", "Écrire du JSON"),
    ("Read it as it will stand, or stood, on this day at home: what begins or ends by then is in force or no more", "Le lire tel qu'il sera, ou était, ce jour-là au siège"),
    ("The folder to make; else --policies", "Le dossier à créer ; sinon --policies"),
    ("The country that is home, as two letters of ISO 3166-1", "Le pays du siège, en deux lettres d'ISO 3166-1"),
    ("Packs to use, separated by commas", "Les paquets à prendre, séparés par des virgules"),
    ("The language of the sheet: en or fr", "La langue de la feuille : en ou fr"),
    ("Say the sheets in this language: en or fr", "Dire les feuilles dans cette langue : en ou fr"),
    ("Change nothing; fail when a sheet is not laid out", "Ne rien changer ; échouer si une feuille n'est pas mise en forme"),
    ("Only this file", "Ce fichier seulement"),
    ("Write one self-contained page that prints well", "Écrire une page unique, qui s'imprime bien"),
    ("Write CSV", "Écrire du CSV"),
    ("What is given, and where to: \"health and FR resident to openai-us\"", "Ce qui est donné, et vers où : \"santé et résident FR vers openai-us\""),
    ("A file with the question in words, or the id of a request", "Un fichier avec la question en toutes lettres, ou l'identifiant d'une requête"),
    ("The folder of the audit log, for the id of a request", "Le dossier du journal d'audit, pour l'identifiant d'une requête"),
    ("Weaken or take out each rule, and fail when no scenario notices", "Affaiblir ou retirer chaque règle, et échouer si aucun scénario ne le remarque"),
    ("Also run the scenarios of the packs that octroi brings and of the folder, on the example inventory", "Éprouver aussi les scénarios des paquets d'octroi et du dossier, sur l'inventaire d'exemple"),
    ("The folder as it is; with only one folder named, that one is the new one and --policies the old one", "Le dossier tel qu'il est ; si un seul est nommé, c'est le nouveau, et --policies l'ancien"),
    ("The folder as it would be", "Le dossier tel qu'il serait"),
    ("The candidate, a policy folder; else --policies", "Le projet, un dossier de politique ; sinon --policies"),
    ("From when: a number of days or hours (30d, 12h), or a date", "Depuis quand : un nombre de jours ou d'heures (30d, 12h), ou une date"),
    ("Take them as the candidate will stand, or stood, on this day at home; else as it stands now, whatever their day was", "Les reprendre selon le nouveau dossier tel qu'il sera, ou était, ce jour-là au siège ; sinon tel qu'il est maintenant, quel que fût leur jour"),
    ("The folder of the audit log", "Le dossier du journal d'audit"),
    ("The candidate: a policy folder or a bundle. Without one, what was counted of the candidate that is there", "Le projet : un dossier de politique ou un lot. Sans lui, ce qui a été compté du projet en place"),
    ("End it: take the candidate away", "Y mettre fin : retirer le projet"),
    ("The policy folder or bundle that the gateway has in force (default: the configuration's, else policies)", "Le dossier de politique ou le lot en vigueur à la passerelle (par défaut celui de la configuration, sinon policies)"),
    ("The configuration whose approvers the signature is held against (default: octroi.toml here or beside the folder)", "La configuration dont les approbateurs doivent reconnaître la signature (par défaut octroi.toml ici ou à côté du dossier)"),
    ("The configuration file", "Le fichier de configuration"),
    ("The file to write the secret key to; never in the policy folder, which others read", "Le fichier où écrire la clé secrète ; jamais dans le dossier de politique, que d'autres lisent"),
    ("Sign although scenarios of the sheets do not come out as told", "Signer bien que des scénarios des feuilles ne donnent pas ce qui est annoncé"),
    ("The bundle to make, or to add a signature to", "Le lot à faire, ou auquel ajouter une signature"),
    ("The secret key", "La clé secrète"),
    ("The name of the approver", "Le nom de l'approbateur"),
    ("The policy folder that the bundle is made of (default policies); for a bundle that is there already, it must be the same", "Le dossier dont le lot est fait (par défaut policies) ; pour un lot qui existe déjà, ce doit être le même"),
    ("The bundle", "Le lot"),
    ("A TOML file: [approver] with NAME = \"ed25519:…\" for each", "Un fichier TOML : [approver] avec NOM = \"ed25519:…\" pour chacun"),
    ("The bundle in force before", "Le lot en vigueur avant"),
    ("The policy folder that the bundle must be the same as", "Le dossier de politique que le lot doit contenir"),
    ("Why, in one sentence", "Pourquoi, en une phrase"),
    ("How long, 24 hours at most", "Combien d'heures, 24 au plus"),
    ("A freeze to end whose file is gone: its digest, as `freeze` printed it and /readyz shows it", "Un gel à finir dont le fichier a disparu : son empreinte, comme `freeze` l'a affichée et /readyz la montre"),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Arguments;

    #[test]
    fn all_help_is_in_french() {
        let command = Arguments::command();
        for command in command.get_subcommands() {
            assert_ne!(french(&about(command)), about(command), "{}", command.get_name());
        }
        for tool in command.find_subcommand("policy").unwrap().get_subcommands() {
            let told = [("itself".to_owned(), about(tool))];
            let arguments = tool.get_arguments().filter(|it| !["help", "version"].contains(&it.get_id().as_str()));
            let arguments = arguments.map(|it| (it.get_id().to_string(), it.get_help().unwrap().to_string()));
            for (what, english) in told.into_iter().chain(arguments) {
                assert_ne!(french(&english), english, "{} {what}", tool.get_name());
            }
            for argument in tool.get_arguments().filter(|it| it.get_action().takes_values()) {
                let name = argument.get_value_names().unwrap()[0].to_string();
                assert!(VALUES.iter().any(|(known, _)| *known == name), "{} {name}", tool.get_name());
            }
        }
    }

    #[test]
    fn a_command_line_that_is_wrong_is_told_in_french() {
        for (line, expected) in [
            ("matrix --on 31/12/2026", "écrivez 2026-12-31"),
            ("matrix --on hier", "année-mois-jour"),
            ("ask", "il manque : <QUESTION>"),
            ("ask x --foo", "`--foo` n'a pas de sens ici"),
            ("matrx", "vouliez-vous dire `matrix` ?"),
            ("matrix --csv --json", "ne va pas avec"),
            ("check --policies a --policies b", "est donné deux fois"),
            ("check --policies", "demande une valeur"),
            ("freeze --key k --as a --because x --hours 30", "un nombre entier de 1 à 24"),
            ("verify lot", "il manque : --approvers <APPROBATEURS>"),
        ] {
            let words = ["octroi", "policy"].into_iter().chain(line.split(' '));
            let error = in_french(Arguments::command()).try_get_matches_from(words).unwrap_err();
            let told = fault(&error).unwrap();
            assert!(told.contains(expected) && told.contains("--help"), "{line}: {told}");
            for english in ["error", "required", "argument '", "Usage:"] {
                assert!(!told.contains(english), "{line}: {told}");
            }
        }
    }

    #[test]
    fn help_has_no_english_headings() {
        let mut command = in_french(Arguments::command());
        for line in ["--help", "policy --help", "policy init --help", "policy explain --help", "policy shadow --help"] {
            let words = ["octroi"].into_iter().chain(line.split(' '));
            let help = command.try_get_matches_from_mut(words).unwrap_err().to_string();
            for english in ["Usage:", "Options:", "Commands:", "Arguments:", "Print", "[default", "The "] {
                assert!(!help.contains(english), "{line}: {help}");
            }
            assert!(help.contains("Afficher cette aide"), "{line}: {help}");
            assert!(line != "--help" || help.contains(FOOT), "{help}");
        }
    }

    #[test]
    fn the_folder_or_the_system_says_in_which_language() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (line, locale, expected) in [
            ("octroi policy check --policies nowhere", Language::Fr, Language::Fr),
            ("octroi policy check --policies nowhere", Language::En, Language::En),
            ("octroi policy init x --lang fr", Language::En, Language::Fr),
            ("octroi audit verify", Language::Fr, Language::En),
            ("octroi help audit", Language::Fr, Language::En),
            ("octroi help policy", Language::Fr, Language::Fr),
            ("octroi --help", Language::Fr, Language::Fr),
            ("octroi", Language::Fr, Language::Fr),
            ("octroi --help", Language::En, Language::En),
        ] {
            assert_eq!(language(&words(line), locale), expected, "{line}");
        }
    }
}
