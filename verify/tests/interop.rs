//! Independent implementations accept what we make, and we accept what they make: notes, checkpoints, proofs, tile paths.
#![expect(clippy::unwrap_used, reason = "test helpers")]

use aws_lc_rs::signature::Ed25519KeyPair;
use octroi_verify::checkpoint::Checkpoint;
use octroi_verify::merkle::{Hash, leaf_hash};
use octroi_verify::note::{self, SignerKey, VerifierKey};
use octroi_verify::{proof, tiles};
use proptest::prelude::*;
use signed_note::{Note, Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::tlog;

/// The example signer of the specification's ancestor, `golang.org/x/mod/sumdb/note`.
const SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fn our_key() -> SignerKey {
    let pair = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    SignerKey::from_pkcs8("octroi/paris-1/1", pair.as_ref()).unwrap()
}

#[test]
fn they_accept_our_checkpoints() {
    let key = our_key();
    let checkpoint = Checkpoint { origin: "octroi/paris-1/1".into(), size: 42, root: leaf_hash(b"x") };
    let ours = checkpoint.sign(&key);
    let verifier = StandardVerifier::new(&key.verifier().to_string()).unwrap();
    assert_eq!(verifier.key_id(), u32::from_be_bytes(key.verifier().id()));
    let parsed = Note::from_bytes(ours.as_bytes()).unwrap();
    let (verified, unverified) = parsed.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(parsed.text()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), ("octroi/paris-1/1", 42, checkpoint.root.0));
    assert_eq!(theirs.extension(), "");
}

#[test]
fn we_accept_their_checkpoints() {
    let signer = StandardSigner::new(SIGNER).unwrap();
    let hash = tlog::Hash(leaf_hash(b"y").0);
    let text = tlog_tiles::checkpoint::Checkpoint::new(signer.name(), 7, hash, "").unwrap().to_bytes();
    let mut theirs = Note::new(&text, &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let theirs = String::from_utf8(theirs.to_bytes()).unwrap();
    let key = VerifierKey::parse(VERIFIER).unwrap();
    let checkpoint = Checkpoint::open(&theirs, &key).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (7, leaf_hash(b"y")));
    assert!(note::open(&theirs.replace('7', "8"), &key).is_err());
}

/// Signed trees that the checksum database of Go published over the years: real notes by another implementation.
#[test]
fn we_accept_what_is_published() {
    let key = VerifierKey::parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8").unwrap();
    for (size, root, signature) in [
        (
            6_476_701,
            "mb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=",
            "Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWwOoAw=",
        ),
        (
            28_891_140,
            "++pUIeKTwGvykMUkmM3AT97PwQipMT6H/p7t86E0Sp0=",
            "Az3grqNvOILDz7xwAKugtVFZwd+I9IyB/mHrUYzcVaS9zKsRVdRLNGLFpnAcLhyoBBkdIYEzK/+7Eu4wanYttLrPsQo=",
        ),
        (
            52_544_510,
            "+TGlZfnTizQCJgyZR56QixD8+X4dd8Wefy8U1w6k0Ig=",
            "Az3grn6d1PSjcypDf9bfcFVU5fvJB7VkLc0MAbz8jqeQVnSbAj9pKcsB5dJt5VdswPDUtiFar5LPRBu+uEQAT1CDfAc=",
        ),
    ] {
        let text = format!("go.sum database tree\n{size}\n{root}\n");
        let published = format!("{text}\n— sum.golang.org {signature}\n");
        assert_eq!(note::open(&published, &key), Ok(text.as_str()), "{size}");
        let (changed, refused) = (published.replacen(&size.to_string(), "7", 1), Err(note::NoteError::Signature));
        assert_eq!(note::open(&changed, &key), refused, "{size}");
        // The name of the tree is not that of the key: that is no checkpoint of a log of ours.
        assert!(Checkpoint::open(&published, &key).is_err());
    }
}

/// Their stored hashes of a tree, for their provers.
struct Stored(Vec<tlog::Hash>);

impl tlog::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|index| *self.0.get(usize::try_from(*index).unwrap()).unwrap()).collect())
    }
}

fn trees(size: u64) -> (Vec<Hash>, Stored) {
    let (mut ours, mut theirs) = (Vec::new(), Stored(Vec::new()));
    for number in 0..size {
        let entry = number.to_be_bytes();
        ours.push(leaf_hash(&entry));
        let stored = tlog::stored_hashes(number, &entry, &theirs).unwrap();
        theirs.0.extend(stored);
    }
    (ours, theirs)
}

fn to_theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

fn to_ours(hashes: &[tlog::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

/// A second pair of eyes on the mathematics, with a hash function of its own.
mod ct {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use ct_merkle::{ConsistencyProof, InclusionProof};
    use sha2::digest::Output;

    use super::*;

    pub(super) type Tree = MemoryBackedTree<sha2::Sha256, Vec<u8>>;

    pub(super) fn tree(size: u64) -> Tree {
        let mut tree = Tree::new();
        (0..size).for_each(|number| tree.push(number.to_be_bytes().to_vec()));
        tree
    }

    fn bytes(hashes: &[Hash]) -> Vec<Output<sha2::Sha256>> {
        hashes.iter().map(|hash| Output::<sha2::Sha256>::from(hash.0)).collect()
    }

    pub(super) fn inclusion(hashes: &[Hash]) -> InclusionProof<sha2::Sha256> {
        InclusionProof::from_digests(bytes(hashes).iter())
    }

    pub(super) fn consistency(hashes: &[Hash]) -> ConsistencyProof<sha2::Sha256> {
        ConsistencyProof::from_digests(bytes(hashes).iter())
    }

    pub(super) fn hashes(bytes: &[u8]) -> Vec<Hash> {
        bytes.chunks(32).map(|chunk| Hash(chunk.try_into().unwrap())).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn certificate_transparency_agrees(size in 1_u64..600, index in 0_u64..600, old in 0_u64..600) {
        let (index, old) = (index % size, 1 + old % size);
        let (theirs, their_old) = (ct::tree(size), ct::tree(old));
        let ours = trees(size).0;
        let root = proof::root(ours.as_slice(), size).unwrap();
        let their_root = theirs.root();
        prop_assert_eq!(root.0.as_slice(), their_root.as_bytes().as_slice());

        let entry = index.to_be_bytes().to_vec();
        let inclusion = ct::inclusion(&proof::inclusion(ours.as_slice(), index, size).unwrap());
        theirs.root().verify_inclusion(&entry, index, &inclusion).unwrap();
        let their_inclusion = ct::hashes(theirs.prove_inclusion(usize::try_from(index).unwrap()).as_bytes());
        prop_assert_eq!(proof::verify_inclusion(index, size, &leaf_hash(&entry), &their_inclusion, &root), Ok(()));

        if old < size {
            let consistency = ct::consistency(&proof::consistency(ours.as_slice(), old, size).unwrap());
            theirs.root().verify_consistency(&their_old.root(), &consistency).unwrap();
            let added = usize::try_from(size - old).unwrap();
            let their_consistency = ct::hashes(theirs.prove_consistency(added).as_bytes());
            let old_root = proof::root(ours.as_slice(), old).unwrap();
            prop_assert_eq!(
                proof::verify_consistency((old, &old_root), (size, &root), &their_consistency),
                Ok(())
            );
        }
    }

    #[test]
    fn proofs_go_both_ways(size in 1_u64..600, index in 0_u64..600, old in 0_u64..600) {
        let (index, old) = (index % size, 1 + old % size);
        let (ours, theirs) = trees(size);
        let root = proof::root(ours.as_slice(), size).unwrap();
        let their_root = tlog::tree_hash(size, &theirs).unwrap();
        prop_assert_eq!(root.0, their_root.0);

        let leaf = *ours.get(usize::try_from(index).unwrap()).unwrap();
        let inclusion = proof::inclusion(ours.as_slice(), index, size).unwrap();
        tlog::check_record(&to_theirs(&inclusion), size, their_root, index, tlog::Hash(leaf.0)).unwrap();
        let their_inclusion = to_ours(&tlog::prove_record(size, index, &theirs).unwrap());
        prop_assert_eq!(proof::verify_inclusion(index, size, &leaf, &their_inclusion, &root), Ok(()));

        let old_root = proof::root(ours.as_slice(), old).unwrap();
        let consistency = proof::consistency(ours.as_slice(), old, size).unwrap();
        tlog::check_tree(&to_theirs(&consistency), size, their_root, old, tlog::Hash(old_root.0)).unwrap();
        let their_consistency = to_ours(&tlog::prove_tree(size, old, &theirs).unwrap());
        prop_assert_eq!(proof::verify_consistency((old, &old_root), (size, &root), &their_consistency), Ok(()));
    }

    #[test]
    fn tile_paths_agree(level in 0_u8..6, number in 0_u64..10_000_000, width in 1_u16..=256) {
        let theirs = tlog_tiles::tile::Tile::new(8, level, number, u32::from(width), false).path();
        // They write the height of a tile, which the specification fixes at 8 and leaves out.
        prop_assert_eq!(tiles::hashes_path(level, number, width), theirs.replacen("tile/8/", "tile/", 1));
    }
}
