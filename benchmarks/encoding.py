"""Text to tokens and back, for whole batches: rows per CPU second and MB/s, beside Hugging Face tokenizers.

    python benchmarks/encoding.py [--rows N] [--batch N] [--json FILE]

All encode the same questions, one character one token, padded to the longest of the batch, on one core, in one run and
in turn; that tokens and text come out the same is checked first. `to array` is from what a stream holds (an Arrow
column) to what a network takes (an int64 array); the tokenizers get the text as Python strings, made outside the
clock. Both models of theirs that work by characters are measured: WordLevel after splitting, and BPE without merges,
which needs no splitting; with `encode_batch_fast`, which leaves out offsets. `ids only` leaves their results as they
come, without the array. `back` is from tokens to text. CPU seconds, the median of several runs; MB is text.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import process_time
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import numpy as np
import tokenizers
from rich.console import Console
from rich.table import Table
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

sys.path.insert(0, str(Path(__file__).parents[1]))

import mathbench
from benchmarks.generate import as_text, machine
from mathbench.tokenizer import PRINTABLE, Characters

RUNS = 5
CASES: dict[str, dict[str, Any]] = {
    "addition, 6 digits": {"task": "addition", "digits": 6},
    "prime, 18 digits": {"task": "prime", "digits": 18},
    "correct-addition": {"task": "correct-addition"},
}
COLUMNS = ("case", "what", "to array, rows/s", "MB/s", "ids only, rows/s", "back, rows/s", "times")
Clocked = Callable[[int], object]


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=65_536)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures = [
        figure
        for name, words in CASES.items()
        for figure in measured(name, words, options.rows, options.batch)
    ]
    Console(width=140).print(table(figures))
    if options.json:
        about = {**machine(), "tokenizers": tokenizers.__version__, "batch": options.batch}
        options.json.write_text(json.dumps({"machine": about, "figures": figures}, indent=1) + "\n")


def measured(name: str, words: dict[str, Any], rows: int, size: int) -> Iterator[dict[str, Any]]:
    """The figures of one kind of question: ours, then theirs."""
    stream = mathbench.stream(**words, rows=rows, batch_size=size)
    columns = [table.column("question").combine_chunks() for table in stream.tables()]
    texts, ours, theirs = [column.to_pylist() for column in columns], Characters(), peers()
    tokens = [ours.encode(column)[0] for column in columns]
    clocked: dict[str, dict[str, Clocked]] = {
        "mathbench": {"to array": lambda i: ours.encode(columns[i]), "back": lambda i: ours.decode(tokens[i])}
    }
    for peer, tokenizer in theirs.items():
        check_same(tokenizer, texts[0], tokens[0])
        clocked[peer] = peer_work(tokenizer, texts, [t.tolist() for t in tokens])
    speeds = timed(clocked, len(columns), rows)
    megabytes = sum(len(text) for batch in texts for text in batch) / rows / 1e6
    for what, speed in speeds.items():
        shown = {f"{step}, rows/s": value for step, value in speed.items()}
        times = speeds["mathbench"]["to array"] / speed["to array"]
        yield {"case": name, "what": what, **shown, "MB/s": speed["to array"] * megabytes, "times": times}


def peers() -> dict[str, Tokenizer]:
    """Tokenizers with our alphabet, blank included."""
    vocabulary = {"\0": 0, **{character: i for i, character in enumerate(PRINTABLE, 1)}}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="\0"))
    words.pre_tokenizer = pre_tokenizers.Split(Regex("[\\s\\S]"), "isolated")
    made = {"WordLevel": words, "BPE without merges": Tokenizer(models.BPE(vocabulary, []))}
    for tokenizer in made.values():
        tokenizer.decoder = decoders.Fuse()
        tokenizer.add_special_tokens(["\0"])
        tokenizer.enable_padding(pad_id=0, pad_token="\0")
    return made


def peer_work(
    tokenizer: Tokenizer, texts: Sequence[list[str]], tokens: Sequence[list[list[int]]]
) -> dict[str, Clocked]:
    """What is measured of a tokenizer, batch by batch."""
    return {
        "to array": lambda i: array(tokenizer, texts[i]),
        "ids only": lambda i: tokenizer.encode_batch_fast(texts[i], add_special_tokens=False),
        "back": lambda i: tokenizer.decode_batch(tokens[i]),
    }


def array(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray[Any, Any]:
    """A batch as an int64 array of tokens."""
    encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return np.array([one.ids for one in encoded], dtype=np.int64)


def check_same(tokenizer: Tokenizer, texts: list[str], tokens: np.ndarray[Any, Any]) -> None:
    """Check that a tokenizer makes our tokens of the text, and the text of our tokens."""
    same = np.array_equal(array(tokenizer, texts), tokens)
    if not same or tokenizer.decode_batch(tokens.tolist()) != texts:
        raise SystemExit("the tokens differ: this would compare two different things")


def timed(clocked: dict[str, dict[str, Clocked]], batches: int, rows: int) -> dict[str, dict[str, float]]:
    """Rows per CPU second of everything, in turn; the median of several runs."""
    seconds: dict[str, dict[str, list[float]]] = {
        what: {step: [] for step in work} for what, work in clocked.items()
    }
    for _ in range(RUNS):
        for what, work in clocked.items():
            for step, function in work.items():
                start = process_time()
                for batch in range(batches):
                    function(batch)
                seconds[what][step].append(process_time() - start)
    return {
        what: {step: rows / statistics.median(runs) for step, runs in steps.items()}
        for what, steps in seconds.items()
    }


def table(figures: Sequence[dict[str, Any]]) -> Table:
    """The figures as a table."""
    shown = Table(title="Text to tokens, per CPU second; times: how much faster mathbench makes the array")
    for column in COLUMNS:
        shown.add_column(column, justify="left" if column in ("case", "what") else "right")
    for figure in figures:
        shown.add_row(*(as_text(figure.get(column)) for column in COLUMNS))
    return shown


if __name__ == "__main__":
    main()
