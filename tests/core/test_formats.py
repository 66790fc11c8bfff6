"""Formats: written and read back over every task, base and combination; refused where they make no sense."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import formats
from mathbench.dataset.manifest import Config, single_config
from mathbench.dataset.read import open_dataset
from mathbench.dataset.verify import verify
from mathbench.dataset.write import generate
from mathbench.errors import InputError
from mathbench.families import task
from mathbench.formats.text_columns import PART_BYTES
from mathbench.numbers.text import DIGITS, to_text
from mathbench.rows import Rows
from tests import solvers
from tests.variants import IN_BASES, SPLITS, VARIANTS, name

COMBINED = (
    "padded+reversed",
    "padded+reversed-all+index-hints:places=left",
    "reversed+index-hints+spaced",
    "padded+scratchpad",
    "reversed+scratchpad+spaced:separator=bar",
    "grouped:separator=underscore",
    "grouped:size=2,start=left,separator=apostrophe",
    "padded+grouped:separator=space+scratchpad",
    'padded+reversed-all+prompt:text="Read {numbers}."',
    'grouped:separator=underscore+prompt:text=["Q {numbers}", "{question} ="]+choices+shots:n=3+messages',
    'index-hints+spaced+prompt+choices+messages:system=""',
)
WAYS = (*formats.FORMATS, "index-hints:places=left", "spaced:separator=tab", *COMBINED)
BASES = (2, 3, 10, 11, 16, 26, 36)

STEPS = [plain for plain in VARIANTS if not formats._unsupported_reason(*formats.parse("scratchpad"), plain)]

every_task = pytest.mark.parametrize("plain", VARIANTS, ids=name)
every_task_with = {  # families may leave these methods out
    "longest": pytest.mark.parametrize("plain", [t for t in VARIANTS if t.longest()], ids=name),
    "steps": pytest.mark.parametrize("plain", STEPS, ids=name),
}
every_way = pytest.mark.parametrize("way", WAYS)


def base_of(plain):
    """The base of its numbers."""
    return plain.parameters.get("base", 10)


def every_writing(plain):
    """The task in every format that it takes."""
    for way in WAYS:
        if not any(formats._unsupported_reason(kind, plain) for kind in formats.parse(way)):
            yield dataclasses.replace(plain, format=way)


def in_base(family, base):
    """A small task in some base."""
    digits = {2: 7, 3: 4}.get(base, 3) * (1 + (family in ("prime", "divisible")))
    fixed = family.startswith("modular") or family == "expression"
    return task(family, base=base, **({} if fixed else {"digits": digits}))


@pytest.fixture(scope="module")
def some():
    """The first rows of a split in plain text, remembered."""
    found = {}

    def rows(plain, split, many=120):
        if (plain, split) not in found:
            source = Rows(plain, split)
            found[plain, split] = source.batch(range(min(many, len(source))))
        return found[plain, split]

    return rows


@every_task
def test_written_rows_read_back_as_the_plain_rows(plain, some):
    for split in ("train", "extrapolate"):
        rows = some(plain, split)
        for made in every_writing(plain):
            written = formats.for_task(made).rows(rows)
            assert formats.for_task(made).undo(written).equals(rows), made.format
            rest = written.drop_columns(["question", "answer", *formats.for_task(made).adds])
            assert rest.equals(rows.drop_columns(["question", "answer"]))


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("family", IN_BASES)
def test_every_base(family, base):
    plain = in_base(family, base)
    rows = Rows(plain, "train").batch(range(100, 160))
    writings = list(every_writing(plain))
    assert len(writings) >= 6
    for made in writings:
        assert formats.for_task(made).undo(formats.for_task(made).rows(rows)).equals(rows), made.format


def test_text_of_every_kind_may_be_spaced():
    for plain in (task("deepmind/numbers__gcd"), task("comparison", places=2), task("permutation")):
        made = dataclasses.replace(plain, format="spaced")
        bare, spaced = (Rows(some, "train").batch(range(9)).to_pylist() for some in (plain, made))
        assert [row["question"] for row in spaced] == [" ".join(row["question"]) for row in bare]
        with pytest.raises(InputError, match="its text is not integers and signs alone"):
            dataclasses.replace(plain, format="reversed-all")


@every_way
def test_rows_of_a_formatted_task_are_the_plain_rows_written(way):
    for plain in (task("addition", digits=2), task("subtraction"), task("modular", base=16)):
        made = dataclasses.replace(plain, format=way)
        for split in SPLITS:
            theirs, ours = Rows(plain, split, "x").batch(range(40)), Rows(made, split, "x").batch(range(40))
            assert ours.drop_columns(["task"]).equals(
                formats.for_task(made).rows(theirs, "x", split).drop_columns(["task"])
            )
            assert Rows(made, split, "x").batch([30, 3]).equals(ours.take([30, 3]))
            assert set(ours["task"].to_pylist()) == {made.name} != {plain.name}


# what each format writes, by one row of plain Python that shares nothing with it


def number(base):
    return re.compile(f"(?<![0-9A-Za-z_])[{re.escape(DIGITS[:base])}]+(?![0-9A-Za-z_(])")


def pad(text, base, width):
    return number(base).sub(lambda found: found[0].rjust(width, "0"), text)


def turn(text, base):
    sign = r"(?:(?<![0-9A-Za-z_)])-)?"
    return re.sub(sign + number(base).pattern, lambda found: found[0][::-1], text)


def hint(text, base):
    first = ord("a") if base <= 10 else ord("A")

    def hinted(found):
        digits = found[0]
        return "".join(chr(first + len(digits) - 1 - i) + d for i, d in enumerate(digits))

    return number(base).sub(hinted, text)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("family", IN_BASES)
def test_formats_write_what_plain_python_writes(family, base):
    plain = in_base(family, base)
    rows = Rows(plain, "train").batch(range(100, 160))
    questions, answers = rows["question"].to_pylist(), rows["answer"].to_pylist()

    def same(way, question, answer):
        written = formats.for_task(dataclasses.replace(plain, format=way)).rows(rows)
        assert written["question"].to_pylist() == [question(q) for q in questions]
        keep = plain.recognition and way != "scratchpad"
        assert written["answer"].to_pylist() == [a if keep else answer(a) for a in answers]

    same("reversed-all", lambda q: turn(q, base), lambda a: turn(a, base))
    same("padded:width=40,answer=41", lambda q: pad(q, base, 40), lambda a: pad(a, base, 41))
    same("index-hints", lambda q: hint(q, base), lambda a: hint(a, base))
    same("spaced", " ".join, " ".join)
    same("spaced:separator=comma", ",".join, ",".join)
    if not plain.recognition:
        same("reversed", lambda q: q, lambda a: turn(a, base))


@every_task_with["longest"]
def test_padding_makes_one_width_in_all_splits(plain, some):
    made = dataclasses.replace(plain, format="padded")
    longest = plain.longest()
    for split in ("train", "extrapolate"):  # the others have the strata of train
        rows = formats.for_task(made).rows(some(plain, split))
        for column, width in zip(("question", "answer"), longest, strict=True):
            if column == "answer" and plain.recognition:
                continue
            texts = rows[column].to_pylist()
            assert {len(n) for t in texts for n in number(base_of(plain)).findall(t)} == {width} - {0}


@every_task_with["longest"]
def test_no_number_is_longer_than_the_task_says(plain, some):
    """The largest numbers there can be, not only those of the first rows."""
    question, answer = plain.longest()
    for split in ("train", "extrapolate"):
        rows = some(plain, split)
        assert (
            max(len(n) for q in rows["question"].to_pylist() for n in number(base_of(plain)).findall(q))
            <= question
        )
        if not plain.recognition:
            written = [n for a in rows["answer"].to_pylist() for n in number(base_of(plain)).findall(a)]
            assert max(map(len, written), default=0) <= answer


def test_the_longest_numbers_exactly():
    assert task("addition", digits=1, operands=6, more=0).longest() == (3, 4)  # 6 * 999
    assert task("addition", digits=1, longer=0, operands=6, more=2).longest() == (1, 2)  # 8 * 9
    assert task("addition", digits=3, base=2, longer=0, more=1).longest() == (3, 5)  # 3 * 111
    assert task("multiplication", digits=1, base=2, longer=1).longest() == (2, 4)
    assert task("correct-multiplication", digits=2, longer=1).longest() == (6, 0)
    assert task("modular", modulus=10).longest() == (2, 1)
    assert task("modular", modulus=100, digits=2).longest() == (3, 2)
    assert task("divisible", k=16, base=16, digits=4).longest() == (6, 1)


# steps


def checked_steps(family, base, question, text):
    """Every step, an equation, holds by Python integers; returns the final answer."""
    steps, _, answer = text.partition("#")
    if family == "expression":
        assert replaced(question, steps.split(";"), base) == answer
        return answer
    value = lambda word: int(word, base)  # noqa: E731
    for step in filter(None, steps.split(";")):
        left, right = step.split("=")
        if left.startswith("(") or "(" in right:
            assert right == f"-({'-'.join(reversed(left.split('-')))})"
            continue
        if family in ("correct-addition", "correct-multiplication") and not re.search(r"[+*]", left):
            assert right in question.partition("=")[2]  # the result beside the claim
            continue
        sign = re.search(r"(?<=\w)[-+*/%]", left)[0]
        negative = left.startswith("-")
        words = [value(w) for w in left.removeprefix("-").split(sign)]
        first = -words[0] if negative else words[0]
        match sign:
            case "+":
                assert value(right) == sum(words), step
            case "-":
                result = first - sum(words[1:])
                assert right == to_text(result, base), step
            case "*":
                assert value(right) == words[0] * words[1], step
            case "/":
                assert [value(w) for w in right.split(",")] == list(divmod(*words)), step
            case "%":
                assert value(right) == first % words[1], step
    return answer


def replaced(question, steps, base):
    """What is left when every step has replaced its operation by its result, none of which changes the value.

    An operation that stands in several places may be replaced in any of them.
    """
    found = [re.findall(r"[0-9a-z]+|.", question)]
    value = as_value(found[0], base)
    for step in steps:
        left, sign, right, result = re.fullmatch(r"(-?\w+)([-+*/%])(-?\w+)=(-?\w+)", step).groups()
        places = [(t, i) for t in found for i in range(len(t)) if t[i : i + 3] == [left, sign, right]]
        written = [without_brackets([*t[:i], result, *t[i + 3 :]], i) for t, i in places]
        found = [tokens for tokens in written if as_value(tokens, base) == value]
    return found[0][0] if len(found[0]) == 1 else None


def without_brackets(tokens, i):
    alone = tokens[i - 1 : i + 2 : 2] == ["(", ")"]
    return [*tokens[: i - 1], tokens[i], *tokens[i + 2 :]] if alone else tokens


def as_value(tokens, base):
    """The value by Python, of numbers in any base."""
    written = (f"({int(token, base)})" if token[-1].isalnum() else token for token in tokens)
    return eval("".join(written).replace("/", "//"))


@every_task_with["steps"]
def test_steps_hold_and_lead_to_the_answer(plain, some):
    made = dataclasses.replace(plain, format="scratchpad")
    for split in ("train", "extrapolate"):
        rows = some(plain, split)
        written = formats.for_task(made).rows(rows)
        for question, text in zip(rows["question"].to_pylist(), written["answer"].to_pylist(), strict=True):
            answer = checked_steps(plain.family, base_of(plain), question, text)
            assert answer == solvers.solve(plain, question)
            last = text.partition("#")[0].rpartition("=")[2]
            match plain.family:  # the last step says the answer, or the digits do
                case "multiplication" | "modular" | "expression":
                    assert last == answer
                case "divisible":
                    assert answer == (last if plain.answer == "residue" else str(last == "0").lower())
                case "division":
                    assert answer.endswith("," + last.partition(",")[2])
                case "correct-addition" | "correct-multiplication":
                    left, right = text.partition("#")[0].rpartition(";")[2].split("=")
                    assert (left == right) == (answer == "true")


@given(st.integers(0, 10**60), st.integers(0, 10**60), st.sampled_from(BASES))
@settings(max_examples=60, deadline=None)
def test_steps_of_long_numbers(a, b, base):
    words = [to_text(n, base) for n in (a, b)]
    for family, sign, result in (
        ("addition", "+", to_text(a + b, base)),
        ("subtraction", "-", to_text(a - b, base)),
        ("multiplication", "*", to_text(a * b, base)),
        ("division", "/", ",".join(to_text(n, base) for n in divmod(a, b or 1))),
        ("gcd", ",", to_text(math.gcd(a, b), base)),
    ):
        if family in ("division", "gcd") and not a * b:
            continue
        made, question = task(family, base=base, digits=2, longer=1), sign.join(words)
        question = f"gcd({question})" if family == "gcd" else question
        (steps,) = made.steps(pa.array([question]), pa.array([result])).to_pylist()
        assert checked_steps(family, base, question, f"{steps}#{result}") == result
        digits = [step.rpartition("=")[2] for step in steps.split(";") if "(" not in step]
        if family == "addition":
            assert digits[-1] + "".join(d[-1] for d in reversed(digits[:-1])) == result
        if family == "subtraction":
            assert "".join(reversed(digits)).lstrip("0") == result.removeprefix("-").lstrip("0")
        if family == "gcd":
            assert steps.endswith(f"%{result}=0")
        if family == "division":
            assert "".join(d.split(",")[0] for d in digits).lstrip("0") == result.split(",")[0].lstrip("0")


# what models write

ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.text("0123456789abcdefABCz-,+#;= |\t_()", max_size=30),
    st.sampled_from(
        ["", "-", "#", "##", "0", "-0", "00", "a", "a1", "aa", "true", "é5é", "5é", "²", "-a5", "1#2#3"]
    ),
)


@given(
    st.lists(ANYTHING, max_size=12),
    st.sampled_from(WAYS),
    st.sampled_from(IN_BASES),
    st.sampled_from(BASES),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_model_writes_is_read_without_an_error(texts, way, family, base):
    plain = in_base(family, base)
    kinds = formats.parse(way)
    if any(kind.unsupported_reason(plain) or kind.name == "choices" for kind in kinds):
        return  # multiple choice is read with the questions
    written = formats.for_task(dataclasses.replace(plain, format=way))
    column = pa.array(texts, pa.string())
    read, asked = written.undo_answers(column), written.undo_questions(column)
    read.validate(full=True), asked.validate(full=True)
    assert len(read) == len(asked) == len(texts)
    for text, plain_text in zip(texts, read.to_pylist(), strict=True):
        if text is None:
            assert plain_text is None
        elif plain_text is not None and not written.steps:  # only one text stands for a plain answer
            again = written.answers(pa.array(["1+1"]), pa.array([plain_text])).to_pylist()
            assert again == [text]


@pytest.mark.parametrize(
    ("way", "text", "plain"),
    [
        ("reversed", "56", "65"),
        ("reversed", "94-", "-49"),
        ("reversed", "-49", None),  # the sign is on the wrong side
        ("padded:width=5,answer=5", "00065", "65"),
        ("padded:width=5,answer=5", "-00049", "-49"),
        ("padded:width=5,answer=5", "0065", None),
        ("padded:width=5,answer=5", "65", None),
        ("padded:width=5,answer=5", "00000", "0"),
        ("index-hints", "b6a5", "65"),
        ("index-hints", "a6b5", None),
        ("index-hints", "65", None),
        ("index-hints", "b6a5a", None),
        ("spaced", "6 5", "65"),
        ("spaced", "65", None),
        ("spaced", "6 5 ", None),
        ("spaced", "6  5", None),
        ("scratchpad", "anything at all#65", "65"),
        ("scratchpad", "65", None),
        ("scratchpad", "#65", "65"),
        ("scratchpad", "#65#65", "65#65"),
        ("scratchpad", "#", ""),
        ("reversed+scratchpad", "1+1=2#56", "65"),
        ("scratchpad+spaced", "1 + 1 # 6 5", "65"),
        ("scratchpad+spaced", "1+1 # 6 5", None),
    ],
)
def test_only_one_text_stands_for_an_answer(way, text, plain):
    written = formats.for_task(task("subtraction", format=way))
    assert written.undo_answers(pa.array([text])).to_pylist() == [plain]


@pytest.mark.parametrize(
    "way", ["padded", "reversed-all", "index-hints", "spaced", "padded+index-hints+spaced"]
)
def test_numbers_of_thousands_of_digits(way):
    random = np.random.default_rng(0)
    words = [
        "".join(map(str, random.integers(0, 10, size))).lstrip("0") for size in (5000, 4999, 1, 30, 26, 27)
    ]
    questions = pa.array([f"{a}+{b}" for a in words for b in words])
    answers = pa.array([str(i) + words[0] for i in range(1, 37)])
    written = formats.for_task(
        task("addition", format=way.replace("padded", "padded:width=6000,answer=6001"))
    )
    asked, said = written.questions(questions), written.answers(questions, answers)
    assert written.undo_questions(asked).combine_chunks().equals(questions)
    assert written.undo_answers(said).combine_chunks().equals(answers)


def test_hints_beyond_the_alphabet():
    written = formats.for_task(task("addition", format="index-hints"))
    number_of = "1" + "0" * 702
    (text,) = written.questions(pa.array([number_of])).to_pylist()
    assert (
        text.startswith("aaa1zz0zy0") and text.endswith("ab0aa0z0y0" + text[-48:]) and text.endswith("b0a0")
    )


def test_columns_are_worked_on_in_parts():
    """More text than one part holds, chunked, sliced and with nulls, gives the same as row by row."""
    rows = 3 * PART_BYTES // 40
    texts = pa.array([str(i % 977) * 20 for i in range(rows)] + [None])
    chunked = pa.chunked_array([texts.slice(0, 7), texts.slice(7)])
    written = formats.for_task(task("addition", format="reversed-all+spaced"))
    made = written.questions(chunked)
    assert made.num_chunks > 2 and made.null_count == 1
    assert made[976].as_py() == " ".join(("976" * 20)[::-1])
    assert made.slice(rows - 9).to_pylist() == written.questions(texts.slice(rows - 9)).to_pylist()
    assert written.undo_questions(made).combine_chunks().equals(texts)
    assert len(written.questions(pa.array([], pa.string()))) == 0


# names, refusals, what does not change


@pytest.mark.parametrize(
    ("family", "way", "message"),
    [
        ("addition", "revers", "addition: unknown format 'revers'. Did you mean 'reversed'?"),
        ("addition", "", "addition: unknown format ''. Allowed: choices, grouped, index-hints"),
        ("addition", "plain+reversed", "the format plain stands alone"),
        ("addition", "padded:widht=9", "format padded has no parameter 'widht'. Did you mean 'width'?"),
        ("addition", "padded:width=x", "format padded: width must be an integer from 0"),
        ("addition", "padded:width=-1", "width must be an integer from 0"),
        ("addition", "padded:9", "options must be given as key=value. Received: '9'"),
        ("addition", "padded:width=4", "does not support the format padded: width must be at least 5"),
        ("addition", "padded:answer=5", "does not support the format padded: answer must be at least 6"),
        ("addition", "reversed:all", "format reversed has no options. Received: 'all'"),
        ("addition", "spaced:separator=x", "separator must be one of space, comma"),
        (
            "addition",
            "spaced+padded",
            "each at most once: padded, reversed or reversed-all, index-hints or grouped, scratchpad, spaced, prompt,",
        ),
        ("addition", "reversed+reversed-all", "combined in this order, each at most once"),
        ("addition", "padded+padded", "combined in this order, each at most once"),
        ("addition", 3, "addition: format must be text. Received: 3"),
        (
            "prime",
            "reversed",
            "prime does not support the format reversed: its answers are labels; reversed-all",
        ),
        ("prime", "scratchpad", "prime does not support the format scratchpad: the task defines no steps"),
    ],
)
def test_bad_formats_are_refused_in_one_line(family, way, message):
    with pytest.raises(InputError) as refused:
        task(family, format=way)
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_names_and_parameters():
    assert task("addition", digits=6, format="reversed").name == "addition-base10-digits6-reversed"
    assert (
        task("addition", format="padded:width=12+reversed").name == "addition-base10-padded_width_12+reversed"
    )
    assert task("addition", format="padded:width=0").format == "padded"
    assert task("addition", format="padded:width=0") == task("addition", format="padded")
    assert task("addition", format="plain") == task("addition")
    assert "format" not in task("addition").parameters  # what plain tasks say has not changed
    made = task("addition", format="index-hints")
    assert made.parameters["format"] == "index-hints" and made.plain == task("addition")


def test_parts_of_a_dataset_know_the_format(tmp_path):
    made = task("subtraction", format="padded+reversed")
    config = single_config(made, dict.fromkeys(SPLITS, 30))
    assert config.name == "subtraction-base10-padded+reversed"
    assert Config.from_spec(config.name, config.spec()).task == made
    generate([config, single_config(made.plain, dict.fromkeys(SPLITS, 30))], tmp_path / "ds")
    dataset = open_dataset(tmp_path / "ds")
    assert all(check.passed for check in verify(dataset, None))
    first, second = (dataset.data(name) for name in dataset.configs)
    assert first.task == made and first.digest != second.digest
    plain = first.plain()
    assert plain.digest == second.digest and plain.task == second.task


def test_in_python():
    few = {"train": 0, "validation": 0, "interpolate": 50, "extrapolate": 0}
    plain = mathbench.load("subtraction", **few)["interpolate"]
    rows = mathbench.load("subtraction", format="reversed", **few)["interpolate"]
    assert rows["question"] == plain["question"] and rows["answer"] != plain["answer"]
    right = dict(enumerate(rows["answer"]))
    assert mathbench.score(right, "subtraction", format="reversed", **few).total.correct == 50
    ends = [a for a in plain["answer"] if turn(a, 10) != a]
    found = mathbench.score(dict(enumerate(plain["answer"])), "subtraction", format="reversed", **few)
    assert found.total.correct == 50 - len(ends)
    strata = mathbench.score(right, "subtraction", format="reversed", **few).strata
    assert strata.keys() == set(plain["stratum"])


def test_scores_of_scratchpads_count_the_answer_and_beside_it_the_steps():
    few = {"train": 0, "validation": 0, "interpolate": 40, "extrapolate": 0, "format": "scratchpad"}
    right = dict(enumerate(mathbench.load("addition", **few)["interpolate"]["answer"]))
    wrong_steps = {**right, 0: "1+1=3#" + right[0].partition("#")[2]}
    no_mark = {**wrong_steps, 1: right[1].partition("#")[2]}
    found = [mathbench.score(answers, "addition", **few) for answers in (right, wrong_steps, no_mark)]
    assert [(s.total.correct, s.steps.correct) for s in found] == [(40, 40), (40, 39), (39, 38)]
    assert found[0].characters == 1 and found[0].to_json()["steps"]["n"] == 40
    plain = {**few, "format": "plain"}
    assert "steps" not in mathbench.score({0: "1"}, "addition", **plain).to_json()


PAGE = Path(__file__).resolve().parents[2] / "docs" / "formats.md"


def test_the_table_of_the_documentation():
    table = PAGE.read_text().partition("| format | `57+8` |")[2].partition("\n\n")[0]
    rows = [re.findall("`([^`]+)`", line) for line in table.splitlines()[2:]]
    assert {kind for way, *_ in rows for kind in re.split(r"[+:]", way)} >= {"plain", *formats.FORMATS}
    for way, *shown in rows:
        found = []
        for family, question, answer in (("addition", "57+8", "65"), ("subtraction", "8-57", "-49")):
            written = formats.for_task(task(family, digits=2, format=way))
            plain = pa.array([question]), pa.array([answer])
            found += [written.questions(*plain)[0].as_py(), written.answers(*plain)[0].as_py()]
        found = [text.replace("\n", r"\n") for text in found]
        assert found == shown


@pytest.mark.parametrize("before", ["", "padded+", "reversed-all+", "padded+reversed+"])
@pytest.mark.parametrize("places", ["units", "left"])
def test_hints_from_a_drawn_letter_on_are_the_usual_ones_moved(before, places):
    plain = task("subtraction", digits=3, longer=1)
    rows = Rows(plain, "train").batch(range(120))
    usual, moved = (
        formats.for_task(dataclasses.replace(plain, format=f"{before}index-hints:places={places}{more}"))
        for more in ("", ",letters=20")
    )
    firsts = set()
    for one, two in zip(usual.rows(rows).to_pylist(), moved.rows(rows).to_pylist(), strict=True):
        shift = ord(re.search("[a-z]", two["question"])[0]) - ord(re.search("[a-z]", one["question"])[0])
        firsts.add(shift)
        for column in ("question", "answer"):
            expected = re.sub("[a-z]", lambda found, by=shift: chr(ord(found[0]) + by), one[column])
            assert two[column] == expected
    assert min(firsts) == 0 and 14 <= max(firsts) <= 19 and len(firsts) > 10
    written = moved.rows(rows)
    assert moved.undo(written).select(["question", "answer"]).equals(rows.select(["question", "answer"]))
    assert moved.undo_answers(written["answer"], rows).to_pylist() == rows["answer"].to_pylist()
    # the hints of another row are no answer to this one
    wrong = moved.undo_answers(usual.rows(rows)["answer"], rows).to_pylist()
    assert wrong.count(None) > 100


@pytest.mark.parametrize("before", ["", "reversed-all+"])
@pytest.mark.parametrize("places", ["units", "left"])
def test_hints_in_a_circle_begin_anywhere_and_go_on_with_the_first(before, places):
    plain = task("subtraction", digits=3, longer=1)
    rows = Rows(plain, "train").batch(range(120))
    usual, moved = (
        formats.for_task(dataclasses.replace(plain, format=f"{before}index-hints:places={places}{more}"))
        for more in ("", ",letters=5,circle=yes")
    )
    firsts = set()
    written = moved.rows(rows)
    for one, two in zip(usual.rows(rows).to_pylist(), written.to_pylist(), strict=True):
        shift = ord(re.search("[a-z]", two["question"])[0]) - ord(re.search("[a-z]", one["question"])[0])
        firsts.add(shift % 5)
        for column in ("question", "answer"):
            expected = re.sub(
                "[a-z]", lambda found, by=shift: "abcde"[(ord(found[0]) - 97 + by) % 5], one[column]
            )
            assert two[column] == expected
    assert firsts == set(range(5))
    assert moved.undo(written).select(["question", "answer"]).equals(rows.select(["question", "answer"]))
    # without the plain questions, each is read by the hint that it begins with
    assert moved.undo_questions(written["question"]).to_pylist() == rows["question"].to_pylist()
    assert moved.undo_answers(written["answer"], rows).to_pylist() == rows["answer"].to_pylist()


def test_a_circle_of_hints_needs_its_number_of_letters():
    with pytest.raises(InputError, match="circle=yes requires letters above 0"):
        task("addition", format="index-hints:circle=yes")


def test_padding_to_the_longest_number_of_the_question():
    written = formats.for_task(task("subtraction", format="padded:to=question+reversed"))
    plain = pa.array(["57-8", "8-57", "100-1", "5-5"])
    padded = ["57-08", "08-57", "100-001", "5-5"]
    assert written.questions(plain).to_pylist() == padded
    assert written.undo_questions(pa.array(padded)).to_pylist() == plain.to_pylist()
    assert written.undo_questions(pa.array(["57-8", "057-008"])).to_pylist() == [None, None]
    assert written.undo_answers(pa.array(["94", "940", "94-"])).to_pylist() == ["49", None, "-49"]
    with pytest.raises(InputError, match="padded: to=question takes no width"):
        task("addition", format="padded:to=question,width=9")


def test_padding_to_the_question_needs_no_longest_number_of_the_task():
    made = task("multiplication", digits=3, format="padded:to=question")
    rows = Rows(made.plain, "train").batch(range(40))
    for row in formats.for_task(made).rows(rows)["question"].to_pylist():
        one, two = row.split("*")
        assert len(one) == len(two)
