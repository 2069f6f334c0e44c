//! Codings as encoders write them and as nobody should: flushed, cut anywhere, cut short, followed, unfolding beyond all bounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

#[path = "../../../tests/common/coding.rs"]
#[expect(dead_code, reason = "shared with the tests of the gateway")]
mod coding;

const ALL: [Coding; 4] = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd];

/// Texts in a coding, flushed behind each: what each adds, and what ends the whole.
fn coded(coding: Coding, texts: &[&[u8]]) -> Vec<Vec<u8>> {
    let name = match coding {
        Coding::Gzip => "gzip",
        Coding::Deflate => "deflate",
        Coding::Brotli => "br",
        Coding::Zstd => "zstd",
    };
    assert_eq!(Coding::named(name), Some(coding));
    coding::flushed(name, texts)
}

/// Unfolds pieces, which arrive one after the other.
fn unfold<'a>(coding: Coding, parts: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, BadCoding> {
    let mut unfolder = Unfolder::new(coding)?;
    let mut out = Vec::new();
    for part in parts {
        unfolder.push(Bytes::copy_from_slice(part));
        while let Some(piece) = unfolder.piece()? {
            assert!(!piece.is_empty() && piece.len() <= 2 * PIECE_BYTES, "{}", piece.len());
            out.extend_from_slice(&piece);
        }
    }
    assert_eq!(unfolder.unfolded(), out.len());
    unfolder.finish().map(|()| out)
}

#[test]
fn what_was_flushed_comes_out_at_once() {
    let texts: [&[u8]; 4] = [b"data: {\"a\":1}\n\n", b"data: {\"a\":2}\n\n", b": heart beat\n\n", b"data: [DONE]\n\n"];
    for coding in ALL {
        let parts = coded(coding, &texts);
        let mut unfolder = Unfolder::new(coding).unwrap();
        for (part, text) in parts.iter().zip(texts) {
            unfolder.push(Bytes::copy_from_slice(part));
            assert_eq!(unfolder.piece().unwrap().as_deref(), Some(text), "{coding:?}");
            assert_eq!(unfolder.piece(), Ok(None), "{coding:?}");
        }
        unfolder.push(Bytes::copy_from_slice(parts.last().unwrap()));
        assert_eq!(unfolder.piece(), Ok(None), "{coding:?}");
        assert_eq!(unfolder.finish(), Ok(()), "{coding:?}");
    }
}

/// What brotli's own encoder writes, at quality 6 and flushed behind each event, as Node.js has it.
#[test]
fn what_an_encoder_of_brotli_flushes_comes_out_at_once() {
    let event =
        |n: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"pseudonyms {n}\"}}}}]}}\n\n");
    let parts = [
        (
            "iyIAAAT+89avJHtZkH+qphFhM8FuBxtw4BBxlMrIw0ROOCn8zpBFJae8UHUgoZJRfJBz/PaKc8fre/15016DiBZm",
            Some(event("one")),
        ),
        ("KAIAQPKN7q46OCawljQD", Some(event("two"))),
        ("Aw==", None),
    ];
    let mut unfolder = Unfolder::new(Coding::Brotli).unwrap();
    for (part, text) in parts {
        unfolder.push(Bytes::from(STANDARD.decode(part).unwrap()));
        assert_eq!(unfolder.piece().unwrap().as_deref(), text.as_deref().map(str::as_bytes));
        assert_eq!(unfolder.piece(), Ok(None));
    }
    assert_eq!(unfolder.finish(), Ok(()));
}

#[test]
fn cut_in_two_anywhere_it_is_the_same() {
    let text = "data: {\"é\":\"pseudonyms and pseudonyms and pseudonyms\"}\n\n".repeat(8);
    for coding in ALL {
        let whole = coded(coding, &[text.as_bytes()]).concat();
        for cut in 0..=whole.len() {
            let (one, two) = whole.split_at(cut);
            assert_eq!(unfold(coding, [one, two]).as_deref(), Ok(text.as_bytes()), "{coding:?} cut at {cut}");
        }
        for cut in 0..whole.len() {
            assert_eq!(unfold(coding, [&whole[..cut]]), Err(BadCoding), "{coding:?} ends at {cut}");
        }
    }
}

/// Some servers call it `deflate` and leave the head of zlib out.
#[test]
fn deflate_without_its_head_is_read_as_well() {
    let texts: [&[u8]; 3] = [b"data: {\"a\":1}\n\n", b": heart beat\n\n", b"data: [DONE]\n\n"];
    let parts = coding::flushed("raw deflate", &texts);
    let mut unfolder = Unfolder::new(Coding::Deflate).unwrap();
    for (part, text) in parts.iter().zip(texts) {
        unfolder.push(Bytes::copy_from_slice(part));
        assert_eq!(unfolder.piece().unwrap().as_deref(), Some(text));
    }
    unfolder.push(Bytes::copy_from_slice(parts.last().unwrap()));
    assert_eq!((unfolder.piece(), unfolder.finish()), (Ok(None), Ok(())));
    let whole = parts.concat();
    for cut in 0..whole.len() {
        let (one, two) = whole.split_at(cut);
        assert_eq!(unfold(Coding::Deflate, [one, two]).as_deref(), Ok(&texts.concat()[..]), "cut at {cut}");
        assert_eq!(unfold(Coding::Deflate, [one]), Err(BadCoding), "ends at {cut}");
    }
    assert_eq!(unfold(Coding::Deflate, [&[&whole[..], b"x"].concat()[..]]), Err(BadCoding), "followed");
    assert_eq!(unfold(Coding::Deflate, [&b"{\"choices\":[]}"[..]]), Err(BadCoding), "plain");
}

#[test]
fn what_was_coded_twice_comes_out_at_once_too() {
    let texts: [&[u8]; 3] = [b"data: {\"a\":1}\n\n", b": heart beat\n\n", b"data: [DONE]\n\n"];
    for first in ALL {
        for then in ALL {
            let outer = coded(then, &coded(first, &texts).iter().map(Vec::as_slice).collect::<Vec<_>>());
            let codings = Codings::from(first).then(then).unwrap();
            assert!(codings.then(Coding::Gzip).is_err(), "no third");
            let mut layers = Layers::new(codings).unwrap().unwrap();
            for (part, text) in outer.iter().zip(texts) {
                layers.push(Bytes::copy_from_slice(part));
                assert_eq!(layers.piece().unwrap().as_deref(), Some(text), "{first:?}, {then:?}");
                assert_eq!(layers.piece(), Ok(None));
            }
            for part in outer.iter().skip(texts.len()) {
                layers.push(Bytes::copy_from_slice(part));
                assert_eq!(layers.piece(), Ok(None));
            }
            assert_eq!(layers.finish(), Ok(()), "{first:?}, {then:?}");
            let mut cut = Layers::new(codings).unwrap().unwrap();
            cut.push(Bytes::from(outer[..texts.len()].concat()));
            while cut.piece().unwrap().is_some() {}
            assert!(cut.finish().is_err(), "{first:?}, {then:?}, cut short");
        }
    }
}

#[test]
fn what_stands_behind_the_end_is_an_error() {
    for coding in ALL {
        let whole = coded(coding, &[b"{}"]).concat();
        // Members and frames may follow each other, and nothing else may.
        let again = if matches!(coding, Coding::Gzip | Coding::Zstd) { &b"\0\0\0\0\0\0"[..] } else { &whole[..] };
        for behind in [&b"x"[..], again] {
            assert_eq!(unfold(coding, [&[&whole, behind].concat()[..]]), Err(BadCoding), "{coding:?}, at once");
            assert_eq!(unfold(coding, [&whole[..], behind]), Err(BadCoding), "{coding:?}, later");
        }
        assert_eq!(unfold(coding, [&b"{\"plain\":true}"[..]]), Err(BadCoding), "{coding:?} that is none");
        assert_eq!(unfold(coding, [&[][..]]), Err(BadCoding), "{coding:?} of nothing");
    }
}

/// `cat a.gz b.gz`, `pigz -i`, bgzip, and proxies that code each piece by itself write such.
#[test]
fn several_members_and_frames_are_one_body() {
    let texts: [&[u8]; 4] = [b"data: {\"a\":1}\n\n", b"", b": heart beat\n\n", b"data: [DONE]\n\n"];
    for coding in [Coding::Gzip, Coding::Zstd] {
        let members: Vec<Vec<u8>> = texts.iter().map(|text| coded(coding, &[text]).concat()).collect();
        let whole = members.concat();
        for cut in 0..=whole.len() {
            let (one, two) = whole.split_at(cut);
            assert_eq!(unfold(coding, [one, two]).as_deref(), Ok(&texts.concat()[..]), "{coding:?} cut at {cut}");
        }
        let bytes = whole.iter().map(std::slice::from_ref);
        assert_eq!(unfold(coding, bytes).as_deref(), Ok(&texts.concat()[..]), "{coding:?} byte by byte");
        let mut streamed = Unfolder::new(coding).unwrap();
        for (member, text) in members.iter().zip(texts) {
            streamed.push(Bytes::copy_from_slice(member));
            assert_eq!(streamed.piece().unwrap().unwrap_or_default(), text, "{coding:?}");
            assert_eq!(streamed.piece(), Ok(None), "{coding:?}");
        }
        assert_eq!(streamed.finish(), Ok(()), "{coding:?}");
        let two = [&members[0][..], &members[2][..]].concat();
        for end in members[0].len() + 1..two.len() {
            assert_eq!(unfold(coding, [&two[..end]]), Err(BadCoding), "{coding:?} ends at {end}");
        }
        assert_eq!(unfold(coding, [&whole[..], b"x"]), Err(BadCoding), "{coding:?} and more");
        assert!(unfold(coding, [&members[1].repeat(CODED_MEMBERS_MAX)[..]]).is_ok(), "{coding:?}, empty");
        assert_eq!(
            unfold(coding, [&members[1].repeat(CODED_MEMBERS_MAX + 1)[..]]),
            Err(BadCoding),
            "{coding:?}, too many"
        );
    }
    let mut first = coded(Coding::Gzip, &[b"{}"]).concat();
    let second = first.clone();
    let at = first.len() - 8;
    first[at] ^= 1;
    assert_eq!(unfold(Coding::Gzip, [&first[..], &second]), Err(BadCoding), "the checksum of the first");
}

#[test]
fn a_checksum_that_does_not_hold_is_an_error() {
    for coding in [Coding::Gzip, Coding::Deflate] {
        let mut whole = coded(coding, &[b"{}"]).concat();
        let at = whole.len() - if coding == Coding::Gzip { 8 } else { 1 };
        whole[at] ^= 1;
        assert_eq!(unfold(coding, [&whole[..]]), Err(BadCoding), "{coding:?}");
    }
}

#[test]
fn what_unfolds_a_thousandfold_comes_in_pieces() {
    let spaces = vec![b' '; 30 << 20];
    for coding in [Coding::Gzip, Coding::Deflate] {
        let whole = coded(coding, &[&spaces]).concat();
        assert!(whole.len() < 256 * 1024, "{} bytes", whole.len());
        assert_eq!(unfold(coding, [&whole[..]]).map(|out| out.len()), Ok(spaces.len()), "{coding:?}");
    }
    let mut whole = Vec::with_capacity(64 * 1024);
    zstd_safe::compress(&mut whole, &spaces, 1).unwrap();
    assert_eq!(unfold(Coding::Zstd, [&whole[..]]).map(|out| out.len()), Ok(spaces.len()));
}

/// A block may hold 128 KiB; this one says matches of that length, over and over.
#[test]
fn a_block_of_zstd_that_unfolds_to_gigabytes_is_refused() {
    let sequences: usize = 20_000;
    let mut bits = vec![false; 0];
    for _ in 0..sequences {
        bits.extend([true; 16]);
        bits.extend([false; 2]);
    }
    bits.push(true);
    bits.resize(bits.len().next_multiple_of(8), false);
    let stream = bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |byte, bit| (byte << 1) | u8::from(*bit)));
    // Two bytes, of which the first is marked.
    let count = u16::try_from(sequences | 0x8000).unwrap().to_be_bytes();
    // No literals; all three tables repeat one code: no literals, offset 1 to 4, the longest match.
    let mut block = vec![0, count[0], count[1], 0x54, 0, 2, 52];
    block.extend(stream);
    let head = (u32::try_from(block.len()).unwrap() << 3) | (2 << 1) | 1;
    let whole = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0x50, 1 << 3, 0, 0, b' '], &head.to_le_bytes()[..3], &block].concat();
    assert!(whole.len() < 64 * 1024);
    assert_eq!(unfold(Coding::Zstd, [&whole[..]]), Err(BadCoding));
}

#[test]
fn windows_that_no_content_coding_has_are_refused() {
    // A frame of 16 MiB of window (RFC 8878, section 3.1.1.1.2: exponent 14), one raw block.
    let frame = |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0, window], &[(1 << 3) | 1, 0, 0, b' '][..]].concat();
    assert_eq!(unfold(Coding::Zstd, [&frame(13 << 3)[..]]).as_deref(), Ok(&b" "[..]));
    assert_eq!(unfold(Coding::Zstd, [&frame(14 << 3)[..]]), Err(BadCoding));
    // The extension of brotli for large windows begins with 0x11 (its `large_window` mark).
    assert_eq!(unfold(Coding::Brotli, [&[0x11, 0x1e, 3][..]]), Err(BadCoding));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn however_it_is_cut_it_is_the_same(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..8),
        lengths in prop::collection::vec(1_usize..40, 1..40),
        coding in prop::sample::select(&ALL[..]),
    ) {
        let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        let whole = coded(coding, &texts).concat();
        let (mut rest, mut parts, mut lengths) = (&whole[..], Vec::new(), lengths.iter().cycle());
        while !rest.is_empty() {
            let (part, behind) = rest.split_at(rest.len().min(*lengths.next().unwrap()));
            parts.push(part);
            rest = behind;
        }
        prop_assert_eq!(unfold(coding, parts), Ok(texts.concat()));
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        coding in prop::sample::select(&ALL[..]),
    ) {
        drop(unfold(coding, [&bytes[..]]));
    }
}
