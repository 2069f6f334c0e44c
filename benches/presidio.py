"""Times the pattern recognisers of presidio-analyzer on the mixed prompt of benches/detect.rs.

    python3 -m venv /tmp/presidio && /tmp/presidio/bin/pip install presidio-analyzer
    /tmp/presidio/bin/python benches/presidio.py

The analyser runs without a language model: a blank tokenizer, every predefined recogniser that is a pattern. What it needs for
one prompt of 2 KB is printed in microseconds of processor time; `cargo bench --bench detect` prints ours.
"""

import re
import statistics
import time
from pathlib import Path

import tldextract
from presidio_analyzer import PatternRecognizer, RecognizerRegistry

# The list of suffixes that the package ships: no fetch from the network is part of what is timed.
tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())


def prompt() -> str:
    """The constant MIXED of the bench, repeated to 2 KB."""
    source = (Path(__file__).parent / "detect.rs").read_text(encoding="utf-8")
    literal = re.search(r'const MIXED: &str = "(.*?)";\n', source, re.S).group(1)
    text = re.sub(r"\\\n\s*", "", literal).replace("\\n", "\n")
    return (text * 3).encode()[:2048].decode(errors="ignore")


def main() -> None:
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    recognisers = [one for one in registry.recognizers if isinstance(one, PatternRecognizer)]
    text = prompt()
    times = []
    for _ in range(30):
        begin = time.process_time()
        found = [hit for one in recognisers for hit in one.analyze(text, one.supported_entities) or []]
        times.append(time.process_time() - begin)
    print(f"{len(recognisers)} pattern recognisers, {len(found)} results, {len(text.encode())} bytes")
    print(f"median {statistics.median(times) * 1e6:.0f} us a prompt")


if __name__ == "__main__":
    main()
