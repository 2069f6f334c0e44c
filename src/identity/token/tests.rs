//! Tests of tokens, by an issuer that signs here.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaKeyPair,
};
use aws_lc_rs::{hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use crate::identity::{KeyRing, Registration, RootKey};

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The keys of an issuer.
struct Signer {
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
    ed: Ed25519KeyPair,
}

impl Signer {
    fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            ec: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            ed: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn jwks(&self) -> String {
        let rsa: rsa::PublicKey = self.rsa.public_key().clone();
        let point = self.ec.public_key().as_ref();
        json!({"keys": [
            {"kty": "RSA", "kid": "rsa", "use": "sig", "n": encode(rsa.modulus().big_endian_without_leading_zero()),
             "e": encode(rsa.exponent().big_endian_without_leading_zero())},
            {"kty": "EC", "kid": "ec", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..65])},
            {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "alg": "EdDSA", "x": encode(self.ed.public_key())},
            {"kty": "RSA", "kid": "enc", "use": "enc", "n": "AQAB", "e": "AQAB"},
            {"kty": "oct", "kid": "oct", "k": encode(b"secret")},
        ]})
        .to_string()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let rsa = |scheme| {
            let mut signature = vec![0; self.rsa.public_modulus_len()];
            self.rsa.sign(scheme, &random, signed.as_bytes(), &mut signature).unwrap();
            signature
        };
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" => rsa(&RSA_PKCS1_SHA256),
            "PS256" => rsa(&RSA_PSS_SHA256),
            "ES256" => self.ec.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            "EdDSA" => self.ed.sign(signed.as_bytes()).as_ref().to_vec(),
            // The public key as if it were a secret that both share.
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, self.ec.public_key().as_ref());
                hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{signed}.{}", encode(signature))
    }
}

const ISSUER: &str = "https://sso.example";
const NOW: i64 = 1_800_000_000;

fn settings(keys: Source) -> Settings {
    Settings {
        name: Word::fixed("sso"),
        issuer: ISSUER.to_owned(),
        audience: "octroi".to_owned(),
        algorithms: vec![Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa],
        skew_s: 30,
        app_claim: "azp".to_owned(),
        tenant_claim: Some("org".to_owned()),
        purpose_claim: Some("purpose".to_owned()),
        roles_claim: Some("roles".to_owned()),
        apps: vec![Word::fixed("notes")],
        roles: vec![Word::fixed("clinician")],
        keys,
        refresh_s: 30,
    }
}

fn callers(issuer: Issuer) -> (Callers, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let ring = Arc::new(KeyRing::open(&folder.path().join("callers.json")).unwrap());
    let app = |name: &'static str| Registration {
        app: Word::fixed(name),
        tenant: Word::fixed("exemple"),
        purpose: Some(Word::fixed("care")),
        purposes: vec![Word::fixed("research")],
        roles: vec![Word::fixed("app")],
        residence: Vec::new(),
        minors: false,
        labels_required: false,
        quiet: false,
        keys: Vec::new(),
        certificates: Vec::new(),
    };
    let callers = Callers::new(&RootKey::generate().unwrap(), &[app("notes"), app("site")], ring).unwrap();
    (callers.with_issuers(vec![Arc::new(issuer)]), folder)
}

fn claims() -> Value {
    json!({"iss": ISSUER, "aud": ["other", "octroi"], "sub": "anna", "azp": "notes", "org": "exemple", "exp": NOW + 300,
           "iat": NOW - 10, "nbf": NOW - 10})
}

/// Claims with one changed; `null` takes it away.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

#[tokio::test]
async fn only_what_fits_in_all_proves_a_caller() {
    let signer = Signer::new();
    let (callers, _folder) = callers(Issuer::new(settings(Source::File(signer.jwks()))).unwrap());
    let rsa = || json!({"alg": "RS256", "kid": "rsa", "typ": "JWT"});
    let other = Signer::new();
    let good = signer.sign(&rsa(), &claims());
    let cut = good.rsplit_once('.').unwrap().0;
    let changed = format!(
        "{}.{}.{}",
        good.split('.').next().unwrap(),
        encode(with("sub", json!("eve")).to_string()),
        good.rsplit('.').next().unwrap()
    );
    for (name, token, status) in [
        ("RSA", good.clone(), 200),
        ("ECDSA", signer.sign(&json!({"alg": "ES256", "kid": "ec"}), &claims()), 200),
        ("Ed25519", signer.sign(&json!({"alg": "EdDSA", "kid": "ed"}), &claims()), 200),
        ("one audience", signer.sign(&rsa(), &with("aud", json!("octroi"))), 200),
        ("within the skew", signer.sign(&rsa(), &with("exp", json!(NOW - 29))), 200),
        ("another audience", signer.sign(&rsa(), &with("aud", json!("octroi2"))), 401),
        ("no audience", signer.sign(&rsa(), &with("aud", Value::Null)), 401),
        ("another issuer", signer.sign(&rsa(), &with("iss", json!("https://sso.example/"))), 401),
        ("expired", signer.sign(&rsa(), &with("exp", json!(NOW - 31))), 401),
        ("without an end", signer.sign(&rsa(), &with("exp", Value::Null)), 401),
        ("an end that is no number", signer.sign(&rsa(), &with("exp", json!("2099"))), 401),
        ("not yet", signer.sign(&rsa(), &with("nbf", json!(NOW + 31))), 401),
        ("issued tomorrow", signer.sign(&rsa(), &with("iat", json!(NOW + 86_400))), 401),
        ("nobody", signer.sign(&rsa(), &with("sub", Value::Null)), 401),
        ("an app of another issuer", signer.sign(&rsa(), &with("azp", json!("site"))), 401),
        ("an app that is none", signer.sign(&rsa(), &with("azp", json!("nosuch"))), 401),
        ("another tenant", signer.sign(&rsa(), &with("org", json!("other"))), 401),
        ("no tenant", signer.sign(&rsa(), &with("org", Value::Null)), 401),
        ("a purpose of the app's", signer.sign(&rsa(), &with("purpose", json!("research"))), 200),
        ("a purpose that it has not", signer.sign(&rsa(), &with("purpose", json!("marketing"))), 403),
        ("an algorithm that is not taken", signer.sign(&json!({"alg": "PS256", "kid": "rsa"}), &claims()), 401),
        ("none", signer.sign(&json!({"alg": "none", "kid": "rsa"}), &claims()), 401),
        ("none, and no signature", format!("{}.{}.", encode(json!({"alg": "none"}).to_string()), encode(claims().to_string())), 401),
        ("the public key as a secret", signer.sign(&json!({"alg": "HS256", "kid": "ec"}), &claims()), 401),
        ("a secret that the issuer lists", signer.sign(&json!({"alg": "HS256", "kid": "oct"}), &claims()), 401),
        ("the key of another algorithm", signer.sign(&json!({"alg": "RS256", "kid": "ec"}), &claims()), 401),
        ("an unknown key", signer.sign(&json!({"alg": "RS256", "kid": "other"}), &claims()), 401),
        ("no name of a key, of several", signer.sign(&json!({"alg": "RS256"}), &claims()), 401),
        ("the key for encryption", signer.sign(&json!({"alg": "RS256", "kid": "enc"}), &claims()), 401),
        ("another's signature", other.sign(&rsa(), &claims()), 401),
        ("a key that it brings", other.sign(&json!({"alg": "EdDSA", "kid": "x", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encode(other.ed.public_key())}}), &claims()), 401),
        ("an extension that must be understood", signer.sign(&json!({"alg": "RS256", "kid": "rsa", "crit": ["b64"]}), &claims()), 401),
        ("another kind of token", signer.sign(&json!({"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}), &claims()), 401),
        ("changed claims", changed, 401),
        ("no signature", format!("{cut}."), 401),
        ("no token", "a.b.c".to_owned(), 401),
    ] {
        let found = identify(&callers, &token, now()).await;
        assert_eq!(found.map_or_else(|refusal| refusal.status, |_| 200), status, "{name}");
    }
}

#[tokio::test]
async fn claims_become_words_of_the_operators() {
    let signer = Signer::new();
    let (callers, _folder) = callers(Issuer::new(settings(Source::File(signer.jwks()))).unwrap());
    let of = async |claims: Value| {
        let token = signer.sign(&json!({"alg": "EdDSA", "kid": "ed"}), &claims);
        identify(&callers, &token, now()).await.unwrap()
    };
    let plain = of(claims()).await;
    assert_eq!(
        (plain.app.as_str(), plain.tenant.as_str(), plain.purpose.unwrap().as_str()),
        ("notes", "exemple", "care")
    );
    let narrow = of(with("purpose", json!("research"))).await;
    assert_eq!((narrow.purpose.unwrap().as_str(), narrow.scope.purposes.len()), ("research", 1));
    for (name, roles) in [("a list", json!(["clinician", "root"])), ("words", json!("root clinician"))] {
        let roles: Vec<String> = of(with("roles", roles)).await.roles.iter().map(ToString::to_string).collect();
        assert_eq!(roles, ["app", "clinician"], "{name}");
    }
    assert_ne!(of(with("sub", json!("bert"))).await.actor, plain.actor, "each subject has a pseudonym of its own");
    assert!(!plain.actor.as_str().contains("anna"));
}

/// A key that is not known is fetched, at a bounded rate; one that was withdrawn proves nothing any more; without keys nobody is
/// proven.
#[tokio::test]
async fn keys_rotate() {
    let (old, new) = (Signer::new(), Signer::new());
    let (callers, _folder) =
        callers(Issuer::new(settings(Source::Url("https://sso.example/jwks".to_owned(), None))).unwrap());
    let issuer = Arc::clone(&callers.issuers()[0]);
    let header = json!({"alg": "EdDSA", "kid": "ed"});
    let named = |signer: &Signer, kid: &str| {
        let jwks = signer.jwks().replace("\"ed\"", &format!("\"{kid}\""));
        (jwks, signer.sign(&json!({"alg": "EdDSA", "kid": kid}), &claims()))
    };
    issuer.take(&old.jwks(), now()).unwrap();
    assert!(identify(&callers, &old.sign(&header, &claims()), now()).await.is_ok());
    let (jwks, token) = named(&new, "ed2");
    let soon = Timestamp::from_second(NOW + 29).unwrap();
    assert!(identify(&callers, &token, soon).await.is_err() && !issuer.is_due(soon), "fetched just now");
    let later = Timestamp::from_second(NOW + 30).unwrap();
    let (found, ()) = tokio::join!(identify(&callers, &token, later), async {
        while !issuer.is_due(later) {
            tokio::task::yield_now().await;
        }
        issuer.take(&jwks, later).unwrap();
    });
    assert!(found.is_ok(), "the request waits for the key");
    assert!(identify(&callers, &old.sign(&header, &claims()), later).await.is_err(), "withdrawn");
    assert!(issuer.take("{\"error\": 1}", later).is_err() && identify(&callers, &token, later).await.is_ok());
    let stale = Timestamp::from_second(NOW + 30 + limits::ISSUER_KEYS_STALE_S + 1).unwrap();
    assert!(issuer.is_due(stale) && issuer.keys(stale).is_empty(), "what is not confirmed for a day is not believed");
}

/// An issuer that lists no key has withdrawn all of them.
#[tokio::test]
async fn an_empty_set_replaces_what_is_known() {
    let signer = Signer::new();
    let address = Source::Url("https://sso.example/jwks".to_owned(), None);
    let (callers, _folder) = callers(Issuer::new(settings(address)).unwrap());
    let issuer = Arc::clone(&callers.issuers()[0]);
    let token = signer.sign(&json!({"alg": "EdDSA", "kid": "ed"}), &claims());
    issuer.take(&signer.jwks(), now()).unwrap();
    assert!(identify(&callers, &token, now()).await.is_ok());
    assert!(issuer.take("{\"keys\": []}", now()).is_err());
    assert_eq!(identify(&callers, &token, now()).await.unwrap_err().status, 401);
    assert!(Issuer::new(settings(Source::File("{\"keys\": []}".to_owned()))).is_err());
}

/// Whoever is not proven holds no place while keys cannot be had, and few do while they are fetched.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_wait_in_vain() {
    let signer = Signer::new();
    let address = Source::Url("https://sso.example/jwks".to_owned(), None);
    let (callers, _folder) = callers(Issuer::new(settings(address)).unwrap());
    let (issuer, callers) = (Arc::clone(&callers.issuers()[0]), Arc::new(callers));
    let token = signer.sign(&json!({"alg": "EdDSA", "kid": "ed"}), &claims());
    let mut asking = tokio::task::JoinSet::new();
    let asked = || {
        let (callers, token) = (Arc::clone(&callers), token.clone());
        async move { identify(&callers, &token, now()).await.is_ok() }
    };
    let began = tokio::time::Instant::now();
    for _ in 0..limits::ISSUER_WAITING_MAX + 10 {
        asking.spawn(asked());
    }
    for _ in 0..10 {
        assert!(!asking.join_next().await.unwrap().unwrap());
    }
    assert_eq!(asking.len(), limits::ISSUER_WAITING_MAX, "no more than so many wait");
    issuer.failed(now());
    assert!(!asking.join_all().await.contains(&true), "the failure ends the waiting");
    for _ in 0..100 {
        assert!(!asked().await, "and nobody begins to wait");
    }
    assert!(began.elapsed() < limits::ISSUER_PATIENCE, "{:?}", began.elapsed());
    assert!(!issuer.is_due(now()) && issuer.is_due(Timestamp::from_second(NOW + 5).unwrap()), "it is asked again");
    issuer.take(&signer.jwks(), now()).unwrap();
    assert!(asked().await);
}

/// Where tokens are to name a purpose, one that names none is good for the registered purpose and no other.
#[tokio::test]
async fn a_token_without_a_purpose_has_the_registered_one() {
    let signer = Signer::new();
    let of = async |claim: Option<&str>, claims: Value| {
        let settings = Settings { purpose_claim: claim.map(str::to_owned), ..settings(Source::File(signer.jwks())) };
        let (callers, _folder) = callers(Issuer::new(settings).unwrap());
        let token = signer.sign(&json!({"alg": "EdDSA", "kid": "ed"}), &claims);
        let caller = identify(&callers, &token, now()).await.unwrap();
        let purposes = caller.scope.purposes.iter().map(ToString::to_string).collect::<Vec<_>>();
        (caller.purpose.unwrap().to_string(), purposes)
    };
    for (name, claim, claims, usual, purposes) in [
        ("it names none", Some("purpose"), claims(), "care", vec!["care"]),
        ("it names one", Some("purpose"), with("purpose", json!("research")), "research", vec!["research"]),
        ("none is asked for", None, claims(), "care", vec!["research", "care"]),
    ] {
        assert_eq!(
            of(claim, claims).await,
            (usual.to_owned(), purposes.into_iter().map(str::to_owned).collect()),
            "{name}"
        );
    }
}
