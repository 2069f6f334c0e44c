//! The words of the reports, in English and French.

use super::Kind;

/// A language of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// Finds a language by its code.
    pub fn named(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "fr" => Some(Self::French),
            _ => None,
        }
    }

    /// Its code, for the page.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The title of a report.
    pub const fn title(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::English, Kind::Processing) => "Records of processing (GDPR Art. 30)",
            (Self::English, Kind::Transfers) => "Transfers (GDPR Chapter V)",
            (Self::English, Kind::Models) => "Use of AI systems: extract of the log (AI Act Art. 12)",
            (Self::English, Kind::Access) => "Accesses to the audit log",
            (Self::French, Kind::Processing) => "Registre des activités de traitement (RGPD, art. 30)",
            (Self::French, Kind::Transfers) => "Transferts (RGPD, chapitre V)",
            (Self::French, Kind::Models) => "Usage de systèmes d’IA : extrait du journal (règlement IA, art. 12)",
            (Self::French, Kind::Access) => "Accès au journal d’audit",
        }
    }
}

macro_rules! texts {
    ($($name:ident: $english:literal, $french:literal;)+) => {
        /// A text of the reports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Text {
            $(#[doc = $english] $name,)+
        }

        impl Text {
            /// The text in a language.
            pub const fn say(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::English) => $english, (Self::$name, Language::French) => $french,)+
                }
            }
        }
    };
}

texts! {
    Integrity: "Integrity of the log", "Intégrité du journal";
    Log: "log", "journal";
    Sound: "sound", "intègre";
    Signed: "signed entries", "entrées signées";
    Root: "root", "racine";
    Unfinished: "without outcome", "sans issue";
    Gaps: "gaps", "lacunes";
    Pruned: "removed, retention ended", "retirées, conservation échue";
    ClockSetBack: "clock set back", "horloge reculée";
    Processing: "Activities", "Activités";
    Tenant: "tenant", "entité";
    App: "app", "application";
    Purpose: "purpose", "finalité";
    Classes: "classes of data", "catégories de données";
    Class: "class of data", "catégorie de données";
    Backend: "recipient", "destinataire";
    Country: "country", "pays";
    Control: "controlled from", "contrôlé depuis";
    Basis: "transfer basis", "fondement du transfert";
    Refused: "refused", "refusées";
    Sendings: "sendings", "envois";
    Requests: "records", "enregistrements";
    Transfers: "Transfers out of the EEA by country, basis and class (without class: all)", "Transferts hors de l’EEE par pays, fondement et catégorie (sans catégorie : tous)";
    ByCountry: "Sendings by country of processing", "Envois par pays de traitement";
    ByBackend: "Sendings by recipient", "Envois par destinataire";
    ByModel: "Uses by model", "Usages par modèle";
    Model: "model", "modèle";
    ByOperation: "Uses by operation", "Usages par opération";
    Operation: "operation", "opération";
    ByClass: "Findings by class of data", "Constats par catégorie de données";
    Ends: "How answers ended", "Fin des réponses";
    End: "end", "fin";
    Refusals: "Refusals by reason", "Refus par motif";
    Reason: "reason", "motif";
    Rules: "Rules that decided", "Règles déterminantes";
    Rule: "rule", "règle";
    Exceptions: "Exceptions used", "Exceptions utilisées";
    Exception: "exception", "exception";
    Spared: "spared from the rule", "soustrait à la règle";
    Ended: "Evidence that was expired", "Preuves expirées";
    Evidence: "evidence of", "preuve de";
    EndedOn: "ended on", "échue le";
    Marks: "Limits: later tier, expired policy, incomplete scan", "Limites : rang suivant, politique expirée, analyse incomplète";
    Mark: "mark", "marque";
    Policies: "Policies", "Politiques";
    Policy: "policy", "politique";
    InForce: "in force", "en vigueur";
    Kinds: "Records by kind (a request with its attempts and its outcome is one)", "Enregistrements par type (une requête avec ses tentatives et son issue en est un)";
    Kind: "kind", "type";
    Accesses: "Accesses", "Accès";
    Time: "time (UTC)", "heure (UTC)";
    Recorded: "recorded (UTC)", "consigné (UTC)";
    Asked: "asked for (UTC)", "demandé (UTC)";
    RefusedFor: "refused for", "refusée pour";
    Epoch: "epoch", "époque";
    Entry: "entry", "entrée";
    Action: "action", "action";
    Reader: "reader", "lecteur";
    Conditions: "conditions", "conditions";
    Keys: "asked to open with the keys", "ouverture demandée avec les clés";
    Nothing: "nothing", "néant";
    Foot: "Months are of UTC. A request that was tried at two recipients counts as two sendings. The index is made from the log; the log is the evidence.", "Mois en UTC. Une requête tentée auprès de deux destinataires compte pour deux envois. L’index est tiré du journal ; seul le journal fait foi.";
}
