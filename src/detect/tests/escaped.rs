//! Values as writers of Markdown and of regular expressions spell them: found whole, backslashes and all, and nothing else is.

use super::*;

#[test]
fn escaped_values_are_found_whole() {
    let catalogue = catalogue();
    for (kind, before, value) in [
        ("email", "écrire à ", r"mathieu\.delacourt@example\.fr"),
        ("email", "écrire à ", r"mathieu\.delacourt\@example\.fr"),
        ("email", "écrire à ", r"mathieu\_delacourt@example.fr"),
        ("email", "écrire à ", r"mathieu\\.delacourt@example\\.fr"),
        ("email", "^", r"mathieu\.delacourt@example\.fr"),
        ("phone", "tel ", r"\+33\ 6\ 12\ 34\ 56\ 78"),
        ("phone", "tel ", r"\+33\s6\s12\s34\s56\s78"),
        ("phone", "tel ", r"06\s12\s34\s56\s78"),
        ("phone", "tel ", r"06\s?12\s?34\s?56\s?78"),
        ("phone", "tel ", r"06\.12\.34\.56\.78"),
        ("phone", "tel ", r"06\-12\-34\-56\-78"),
        ("iban", "IBAN ", r"FR76\-3000\-6000\-0112\-3456\-7890\-189"),
        ("iban", "", r"FR76\ 3000\ 6000\ 0112\ 3456\ 7890\ 189"),
        ("iban", "", r"FR76\s*3000\s*6000\s*0112\s*3456\s*7890\s*189"),
        ("person", "Le patient est ", r"Mathieu\ Delacourt"),
        ("person", "Le patient est ", r"Mathieu\s+Delacourt"),
    ] {
        let text = format!("{before}{value}");
        let all = found(engine(), &catalogue, &text);
        let whole = format!("{kind}: {value}");
        assert!(all.contains(&whole), "`{text}`: {all:?}");
    }
}

#[test]
fn what_only_looks_escaped_is_nothing() {
    let catalogue = catalogue();
    for text in [
        r"^\d{2}\s\d{2}\.\d{2}$ ^[A-Z]{2}\-\d+$",
        r"C:\Program\ Files\_build\-12\.34\.56 \\server\share\#1",
        r"\section{A} \frac{1}{2}\,\mathrm{d}x \alpha\_1 \& \% \$12\.50 \[x\] \(y\)",
        r"grep -E 'v1\.2\.3\-rc\.4' 10\.15 a\@b",
    ] {
        let all = found(engine(), &catalogue, text);
        assert!(all.is_empty(), "`{text}`: {all:?}");
    }
}
