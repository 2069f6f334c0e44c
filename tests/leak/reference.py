"""The reference tokenizers: trains unigram models on a text, and says which ids they and a given tokenizer make of lines.

    reference.py FOLDER WORDPIECE.json TEXT...

Writes FOLDER/unigram-nfkc.json, unigram-charsmap.json and wordpiece.json, the lines in lines.json, and for each kind
NAME.ids.json: the ids of each line. Prints, for each kind, the seconds that all lines took on one thread.
"""

import io
import json
import os
import pathlib
import shutil
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402

folder = pathlib.Path(sys.argv[1])
text = "\n".join(pathlib.Path(path).read_text(encoding="utf-8") for path in sys.argv[3:])
STRANGE = [
    "caf\u00e9 cafe\u0301 \ufb01ne \u2460\u0301 \u00bd \u2126 \uff21\uff22\uff23 \u3392 \u212b",
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd \u4f60\u597d\u4e16\u754c \u3053\u3093\u306b\u3061\u306f \uc548\ub155\ud558\uc138\uc694 \u1112\u1161\u11ab",
    "tabs\tand\u00a0blanks   three\u3000wide\u200bzero\ufeff end \r\n line\u2028sep",
    "\u2581literal \u2581\u2581signs a\u2581b", "   ", "", "x", "\U0001f642\U0001f468\u200d\U0001f469\u200d\U0001f467 emoji \U0001f1eb\U0001f1f7",
    "na\u0308ive \u0130stanbul \u1e9e STRASSE \u03a3\u03c2 \u0417\u0434\u0440\u0430\u0432\u0441\u0442\u0432\u0443\u0439", "\u0001\u0007control\u007f\u0085 chars\u009f",
    "\u0915\u094d\u0937\u0924\u094d\u0930\u093f\u092f \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u1ea1\u0323\u0302 \u0061\u0323\u0302", "1,234.56 \u20ac 50\u00a0% #tag @name https://example.com/a?b=c",
]
lines = [line for line in text.split("\n") if line] + STRANGE


def unigram(normalizer, pre_tokenizer):
    made = Tokenizer(models.Unigram())
    made.normalizer, made.pre_tokenizer = normalizer, pre_tokenizer
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=4000, unk_token="<unk>", special_tokens=special, show_progress=False)
    made.train_from_iterator(lines, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair=None, special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def charsmap():
    """The normalisation that SentencePiece models carry: field 3 of the model has it in its field 2."""
    import sentencepiece

    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines[:400]), model_writer=out, vocab_size=300, hard_vocab_limit=False, minloglevel=2
    )

    def number(data, at):
        value = shift = 0
        while True:
            byte = data[at]
            value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                return value, at

    def fields(data):
        at = 0
        while at < len(data):
            key, at = number(data, at)
            if key & 7 == 2:
                size, at = number(data, at)
                yield key >> 3, data[at : at + size]
                at += size
            else:
                at = number(data, at)[1] if key & 7 == 0 else at + (4 if key & 7 == 5 else 8)

    spec = dict(fields(out.getvalue()))[3]
    return dict(fields(spec))[2]


blanks = normalizers.Replace(Regex(" {2,}"), " ")
kinds = {
    "unigram-nfkc": unigram(
        normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), blanks]), pre_tokenizers.Metaspace()
    ),
    "unigram-charsmap": unigram(
        normalizers.Sequence([normalizers.Precompiled(charsmap()), blanks]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
    ),
}
for name, kind in kinds.items():
    kind.save(str(folder / f"{name}.json"))
shutil.copy(sys.argv[2], folder / "wordpiece.json")
# Read again: a score that the file rounds decides between equal ways, and the file is what every user of it reads.
kinds = {name: Tokenizer.from_file(str(folder / f"{name}.json")) for name in [*kinds, "wordpiece"]}
(folder / "lines.json").write_text(json.dumps(lines), encoding="utf-8")
for name, kind in kinds.items():
    kind.no_truncation()
    kind.no_padding()
    began = time.process_time()
    ids = [kind.encode(line).ids for line in lines]
    print(f"{name}\t{time.process_time() - began:.4f}")
    (folder / f"{name}.ids.json").write_text(json.dumps(ids))
