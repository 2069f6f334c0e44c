//! More of what octroi says to an officer, in French: what its tools tell of a folder, and hints for slips. As [`super::french`].

#[rustfmt::skip]
pub(super) const TABLE: &[(&str, &str)] = &[
    ("no `{}` admits this tool: one that runs at the provider is refused unless a sheet names it and its host", "aucune ligne `{}` n'admet cet outil : celui qui tourne chez le fournisseur est refusé si aucune feuille ne le nomme avec son hôte"),
    ("the host `{}`", "l'hôte `{}`"),
    ("the model `{}`", "le modèle `{}`"),
    ("the id `{}`", "l'identifiant `{}`"),
    ("any key of a certificate", "toute clé de certificat"),
    ("the certificate key sha256:{}", "la clé de certificat sha256:{}"),
    ("any certificate authority", "toute autorité de certification"),
    ("the certificate authority sha256:{}", "l'autorité de certification sha256:{}"),
    ("any address", "toute adresse"),
    ("the addresses {}", "les adresses {}"),
    ("rule `{}` ended on {}: take it out", "la règle `{}` a pris fin le {} : retirez-la"),
    ("`{}` number {} ended on {}: take it out", "`{}` numéro {} a pris fin le {} : retirez la ligne"),
    ("`{} {}` ended on {}: take it out", "`{} {}` a pris fin le {} : retirez la ligne"),
    ("`{}` ended on {}: take it out", "`{}` a pris fin le {} : retirez la ligne"),
    ("the contract of `{}` is dated {}, which is still to come: until then it counts as none", "le contrat de `{}` est daté du {}, qui est à venir : jusque-là il compte pour rien"),
    ("the transfer basis of `{}` is dated {}, which is still to come: until then it counts as none", "la base de transfert de `{}` est datée du {}, qui est à venir : jusque-là elle compte pour rien"),
    ("`{}` and `{}` both name the host `{}`: one place has two declarations", "`{}` et `{}` nomment tous deux l'hôte `{}` : un même lieu a deux déclarations"),
    ("exception `{}` is approved twice by `{}`, who is one person", "l'exception `{}` est approuvée deux fois par `{}`, qui est une seule personne"),
    ("rules {} cover one another: without one of them nothing would change, without all of them requests would come out otherwise", "les règles {} se recouvrent : sans l'une d'elles rien ne changerait, sans aucune des requêtes aboutiraient autrement"),
    ("the names of a list have a comma between them, not `{}`", "les noms d'une liste se suivent par des virgules, non par `{}`"),
    ("write `{}, {}`", "écrivez `{}, {}`"),
    ("what is expected is joined by `{}`", "ce qui est attendu se joint par `{}`"),
    ("write `true` or `false`", "écrivez `true` ou `false`"),
    ("write `{}`, without quotes", "écrivez `{}`, sans guillemets"),
];
