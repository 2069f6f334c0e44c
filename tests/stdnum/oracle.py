"""Asks python-stdnum about random numbers: what it makes of them is compared with our validators.

Reads rows `module<TAB>shape<TAB>valid<TAB>perturbed` from standard input and writes `module<TAB>0 or 1<TAB>value` to standard
output: first so many numbers that the module calls valid, found by drawing from the regular expression `shape` (behind `iban:`
that of country and account), then so many made from them by one to three small changes, with the module's opinion. The same rows give the same output.
"""

import importlib
import random
import re
import sys

try:
    from re import _parser as parser
except ImportError:  # before Python 3.11
    import sre_parse as parser

TRIES_MAX = 3_000_000


def draw(tree, rng):
    """A random string of a parsed regular expression of literals, sets, groups, branches and repetitions."""
    out = []
    for kind, value in tree:
        name = str(kind)
        if name == "LITERAL":
            out.append(chr(value))
        elif name == "IN":
            out.append(rng.choice(members(value)))
        elif name == "MAX_REPEAT":
            least, most, inner = value
            out.extend(draw(inner, rng) for _ in range(rng.randint(least, most)))
        elif name == "SUBPATTERN":
            out.append(draw(value[-1], rng))
        elif name == "BRANCH":
            out.append(draw(rng.choice(value[1]), rng))
        else:
            raise ValueError(f"{name} has no place in a shape")
    return "".join(out)


def members(items):
    found = []
    for kind, value in items:
        if str(kind) == "LITERAL":
            found.append(chr(value))
        elif str(kind) == "RANGE":
            found.extend(chr(code) for code in range(value[0], value[1] + 1))
        else:
            raise ValueError(f"{kind} has no place in a set")
    return found


def complete(value):
    """An IBAN: country and account are drawn, the two digits between them follow."""
    from stdnum import iban

    return value[:2] + iban.calc_check_digits(value[:2] + "00" + value[2:]) + value[2:]


def like(char, rng):
    """Another character of the same kind."""
    for kind in ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"):
        if char in kind:
            return rng.choice(kind)
    return char


def change(value, rng):
    place = rng.randrange(len(value))
    dice = rng.random()
    if dice < 0.6:
        return value[:place] + like(value[place], rng) + value[place + 1:]
    if dice < 0.85 and place + 1 < len(value):
        return value[:place] + value[place + 1] + value[place] + value[place + 2:]
    if dice < 0.93:
        return value[:place] + value[place + 1:]
    return value[:place] + like(value[place], rng) + value[place:]


def main():
    for line in sys.stdin:
        name, shape, valid, perturbed = line.rstrip("\n").split("\t")
        module = importlib.import_module("stdnum." + name)
        rng = random.Random(name)
        account = shape.startswith("iban:")
        tree = parser.parse(shape.removeprefix("iban:"))
        found = []
        for _ in range(TRIES_MAX):
            if len(found) == int(valid):
                break
            value = complete(draw(tree, rng)) if account else draw(tree, rng)
            if module.is_valid(value):
                found.append(value)
        else:
            sys.exit(f"{name}: only {len(found)} valid numbers among {TRIES_MAX} of the shape {shape}")
        lines = [f"{name}\t1\t{value}" for value in found]
        for _ in range(int(perturbed)):
            value = rng.choice(found)
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                value = change(value, rng)
                if not value:
                    break
            if value and re.search(r"[\t\n]", value) is None:
                lines.append(f"{name}\t{int(bool(module.is_valid(value)))}\t{value}")
        print("\n".join(lines))


main()
