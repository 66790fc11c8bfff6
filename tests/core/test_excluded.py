"""Excluded problems: none of them in train or validation, all others still there, test splits unchanged."""

import itertools
import json
import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import compiled, reserve
from mathbench.dataset import digest
from mathbench.dataset.manifest import single_config
from mathbench.dataset.question_lists import excluding, requested_task
from mathbench.errors import InputError, MissingSplit, NotQuestions, SpaceExhausted
from mathbench.families import FAMILIES, from_spec, task
from mathbench.reserve import Excluded, FingerprintSet, Reserve, fingerprint
from mathbench.rows import Rows
from mathbench.sampling import domain
from mathbench.sampling.domain import Domain
from mathbench.sampling.enumerated import Enumerated
from mathbench.sampling.small_space import SmallSpace
from mathbench.stratum import Spaces
from tests.core.test_contract import slowly
from tests.variants import SPLITS, VARIANTS, name

EVERYTHING = Reserve("everything", 0.0, 1.0)
ONE_DIGIT = list(itertools.combinations_with_replacement(range(10), 2))


def whole(made, split, seed=0, rows=10**5):
    source = Rows(made, split, seed)
    return source.batch(range(source.capacity_up_to(rows)))


@pytest.mark.parametrize(
    ("family", "options", "texts", "plain"),
    [
        ("addition", {}, ["What is 57 plus 8?", "Add 1,234 to 5.", "1 and 2 more", "Sum: 3+4."],
         ["57+8", "1234+5", "1+2", "3+4"]),
        ("subtraction", {"smallest": -99}, ["What is 5 minus -7?", "5 less 7"], ["5-(-7)", "5-7"]),
        ("divisible", {"k": 3}, ["Is 2225 divisible by 3?", "Is 3 a multiple of 3?", "Is 12 even?"],
         ["2225", "3", "12"]),
        ("modular", {"modulus": 13}, ["What is 7 plus 8 modulo 13?", "7+9 mod 13"], ["(7+8)%13", "(7+9)%13"]),
        ("correct-addition", {}, ["Is it true that 12 + 29 = 41?", "Does 3 plus 4 make 8?"],
         ["12+29=41", "3+4=8"]),
        ("comparison", {"places": 2}, ["Which is larger, 9.11 or 9.9?"], ["9.11 or 9.9"]),
        ("gcd", {}, ["The gcd of 48 and 36 is"], ["gcd(48,36)"]),
        ("prime", {"base": 2, "digits": 8}, ["Is 1001 (base 2) prime?"], ["1001"]),
        ("expression", {}, ["Compute 3*(4-7)+2.", "3 * (4 - 7) + 5 = ?"], ["3*(4-7)+2", "3*(4-7)+5"]),
    ],
)  # fmt: skip
def test_problems_are_recognized_in_any_words(family, options, texts, plain):
    made = task(family, **options)
    assert excluding(made, texts).exclude == excluding(made, plain).exclude
    in_words = type(made).of({**made.parameters, "prompt": "How about {question}, then?"})
    assert excluding(in_words, texts).exclude == excluding(made, plain).exclude


@pytest.mark.parametrize(
    ("family", "options", "text"),
    [
        ("addition", {}, "How many apples are left?"),
        ("addition", {"base": 16}, "add 5 to 6"),
        ("modular", {"modulus": 13}, "What is 7 plus 8 modulo 14?"),
        ("expression", {}, "What is 3 plus 5?"),
        ("permutation", {}, "Swap 1 and 2."),
        ("addition", {}, "3*5"),
        ("addition", {}, "gcd(48,36)"),
        ("gcd", {"digits": 2}, "What is 3, 4 and 2?"),
    ],
)
def test_text_without_the_numbers_of_a_problem_is_none(family, options, text):
    with pytest.raises(InputError, match="contains no question"):
        excluding(task(family, **options), [text])


def problems(made, table):
    return [made.operands_of(question) for question in table["question"].to_pylist()]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(ONE_DIGIT), min_size=1), st.integers(0, 99), st.randoms())
def test_no_excluded_problem_is_shown_and_all_others_are(listed, seed, random):
    plain = task("addition", digits=1)
    asked = [f"{a}+{b}" if random.random() < 0.5 else f"{b} + {a}" for a, b in listed]
    made = excluding(plain, asked)
    left_out = {tuple(sorted(pair, reverse=True)) for pair in listed}
    for split in ("train", "validation"):
        before, after = problems(plain, whole(plain, split, seed)), problems(made, whole(made, split, seed))
        assert sorted(after) == sorted(p for p in before if p not in left_out)
    for split in ("interpolate", "extrapolate"):
        after = whole(made, split, seed, 500).drop(["task"])
        assert after.equals(whole(plain, split, seed, 500).drop(["task"]))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_excludes_questions_of_its_own(family):
    plain = task(family)
    listed = whole(plain, "train", seed=5, rows=300)["question"].to_pylist()
    made = excluding(plain, listed)
    left_out = {plain.operands_of(question) for question in listed}
    shown = {p for split in ("train", "validation") for p in problems(made, whole(made, split, 5, 2000))}
    assert len(left_out) == made.exclude.count and not left_out & shown
    before = {p for split in ("train", "validation") for p in problems(plain, whole(plain, split, 5, 2000))}
    assert left_out & before
    assert 0.5 < len(Rows(made, "train")) / len(Rows(plain, "train")) < 1.1


@pytest.mark.parametrize("made", [slowly(t) for t in VARIANTS if isinstance(t, Enumerated)])
def test_no_more_points_are_one_problem_than_a_family_says(made):
    """Otherwise a space could hold fewer problems than is promised when some are excluded."""
    spaces = Spaces(made.plain.strata("train"))
    found = Domain(made.plain, spaces, EVERYTHING)
    for space in np.flatnonzero(found.small & (found.total < 50_000))[:4].tolist():
        prints = SmallSpace(found, space, np.uint64(1), keep=False)
        most = Counter(prints.take(np.arange(prints.count()))[1].tolist()).most_common(1)
        assert not made.points_per_problem or not most or most[0][1] <= made.points_per_problem


@pytest.mark.parametrize("family, digits", [("addition", 4), ("gcd", 4), ("comparison", 4), ("prime", 8)])
def test_many_excluded_problems_leave_windows_that_are_full(family, digits, monkeypatch):
    """Spaces too large to be counted: half of the problems of one are excluded, and no rank lacks its problem."""
    monkeypatch.setattr(domain, "SMALL_POINTS", 1 << 12)
    plain = task(family, digits=digits, shortest=digits)
    listed = whole(plain, "train", rows=60_000)["question"].to_pylist()[::2]
    made = excluding(plain, listed)
    rows = Rows(made, "train")
    assert len(rows) > 1000
    last = rows.batch(range(len(rows) - 500, len(rows)))
    some = problems(made, pa.concat_tables([rows.batch(range(min(len(rows), 60_000))), last]))
    assert not {plain.operands_of(question) for question in listed} & set(some)


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_counts_of_small_spaces_are_exact(share):
    """Many problems of three digits are excluded: the rows are those that are left, and no more are promised."""
    plain = task("addition", digits=3, shortest=3)
    pairs = np.array(list(itertools.combinations_with_replacement(range(100, 1000), 2)))[:, ::-1]
    excluded = np.random.default_rng(1).random(len(pairs)) < share
    made = replace(plain, exclude=Excluded.of(pairs[excluded].tolist()))
    rows = Rows(made, "train")
    left = pairs[~excluded & reserve.TRAIN.contains(reserve.fingerprints("addition", pairs.T))]
    assert len(rows) == len(left)
    assert sorted(problems(made, rows.batch(range(len(left))))) == list(
        map(tuple, left[np.lexsort(left.T[::-1])])
    )


def test_a_space_that_loses_most_of_its_problems_runs_out_first():
    """Of the pairs of three and two digits, fewer are left than pairs of two and two digits."""
    plain = task("addition", digits=3, shortest=2)
    listed = [(a, b) for a in range(100, 1000) for b in range(10, 100) if (a * 90 + b) % 40]
    made = replace(plain, exclude=Excluded.of(listed))
    table = Rows(made, "train").batch(range(12_000))
    shown = [p for p in problems(made, table) if p[1] < 100 <= p[0]]
    left = {(a, b) for a in range(100, 1000) for b in range(10, 100)}.difference(listed)
    assert sorted(shown) == sorted(p for p in left if reserve.reserve_of("addition", p) == "train")


def test_rows_of_a_list_are_promises():
    """If this fails, rows of datasets with excluded problems changed: raise the version of the task, or undo it."""
    pinned = {
        ("addition", "3+5"): "sha256:6d3e72048",
        ("divisible", "1001"): "sha256:b2eb0de1f",
        ("modular-chain", "(3+5*4)%97"): "sha256:5dd2f42be",
    }
    for (family, question), expected in pinned.items():
        made = excluding(task(family), [question])
        tables = [Rows(made, split).batch(range(64)) for split in ("train", "validation")]
        assert digest.combined([digest.of_table(table) for table in tables])[:16] == expected, family


def test_a_large_space_that_is_excluded_entirely(monkeypatch):
    monkeypatch.setattr(domain, "SMALL_POINTS", 64)
    plain = task("gcd", digits=2, distribution="uniform")
    listed = [f"gcd({a},{b})" for a in range(100) for b in range(a + 1)]
    made = task("gcd", digits=2, distribution="uniform", exclude=Excluded.of(map(plain.operands_of, listed)))
    assert len(Rows(plain, "train")) > 0 == len(Rows(made, "train"))


def test_a_train_that_is_excluded_entirely_has_no_rows():
    made = excluding(task("addition", digits=1), [f"{a}+{b}" for a, b in ONE_DIGIT])
    with pytest.raises(SpaceExhausted, match=r"train holds 0 different rows\. Received: 1\."):
        Rows(made, "train").require(1)
    with pytest.warns(MissingSplit, match="too few problems for train, validation"):
        sizes = single_config(made, {}).sizes
    assert sizes["train"] == sizes["validation"] == 0 < sizes["interpolate"]


@pytest.mark.parametrize("library", [True, False])
def test_the_loops_in_c_and_in_numpy_exclude_the_same(library, monkeypatch):
    if not library:
        monkeypatch.setattr(compiled, "LIBRARY", None)
    numbers = np.arange(4000)
    prints = reserve.fingerprints("gcd", numbers[None])
    left_out = FingerprintSet(prints[::7])
    index, operands, found = reserve.TRAIN.without(left_out).select("gcd", numbers[None], numbers[None])
    expected = np.flatnonzero(reserve.TRAIN.contains(prints) & (numbers % 7 > 0))
    assert index.tolist() == operands[0].tolist() == expected.tolist()
    assert found.tolist() == prints[expected].tolist()


@settings(max_examples=50)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), st.lists(st.integers(0, 2**64 - 1)))
def test_a_set_of_fingerprints(inside, others):
    made, asked = FingerprintSet(np.array(inside, dtype=np.uint64)), [*inside, *others, 0, 2**64 - 1]
    assert made.contains(np.array(asked, dtype=np.uint64)).tolist() == [f in set(inside) for f in asked]


def test_fingerprints_of_a_list_are_those_of_its_problems():
    listed = [(3, 5), (29, 12), (10**30, 7), (10**5000, 1 << 63), (4,), (5, 4, 3)]
    found = Excluded.of(listed).fingerprints("addition").sorted.tolist()
    assert found == sorted(fingerprint("addition", problem) for problem in listed)


def test_a_list_is_known_by_its_content_alone():
    one, other = Excluded.of([(3, 5), (29, 12)]), Excluded.of([[29, 12], [3, 5], [3, 5]])
    assert one == other and one.content == other.content and one.count == 2
    assert Excluded.parse(str(one)).digest == one.digest and Excluded.parse(str(one)) != one
    with pytest.raises(ValueError, match="does not have its digest"):
        Excluded(one.digest, b"[3,5]\n")


def test_a_task_whose_list_is_not_known_still_has_its_test_splits():
    made = excluding(task("addition", digits=2), ["29+12"])
    unknown = from_spec(made.id, json.loads(json.dumps(made.parameters)))
    assert unknown.parameters == made.parameters and unknown.name == made.name
    for split in ("interpolate", "extrapolate"):
        assert whole(unknown, split, rows=100).equals(whole(made, split, rows=100))
    for split in ("train", "validation"):
        with pytest.raises(InputError, match=r"excluded-\w{12}.jsonl\) are not known here"):
            Rows(unknown, split)


def test_a_task_takes_its_list_along_to_other_processes():
    made = excluding(task("gcd", digits=2), ["gcd(12,18)"])
    again = pickle.loads(pickle.dumps(made))
    assert again == made and again.exclude.content == made.exclude.content


def test_exclude_is_part_of_the_configuration_only_where_it_is_given():
    plain = task("addition")
    made = excluding(plain, ["12+29"])
    assert "exclude" not in plain.parameters and made.parameters["exclude"] == made.exclude.digest
    assert made.name == f"{plain.name}-exclude{made.exclude.digest[:12]}"
    assert made != plain and excluding(plain, ["29+12"]) == made


@pytest.mark.parametrize("made", [t for t in VARIANTS if t.format == "plain"][::5], ids=name)
def test_a_smaller_share_and_excluded_problems_together(made):
    plain = task(made.family, train_share=0.4)
    listed = whole(plain, "train", rows=100)["question"].to_pylist()
    both = excluding(plain, listed)
    shown = problems(both, whole(both, "train", rows=1000))
    assert max(fingerprint(both.reserve_family, p) for p in shown) < 0.4 * 2**64
    assert not set(shown) & {plain.operands_of(question) for question in listed}


def test_statements_exclude_the_pair():
    made = excluding(task("correct-addition", digits=1), ["3+5=9", "2+2=4"])
    assert set(problems(made, whole(made, "train"))).isdisjoint({(5, 3), (2, 2)})
    assert made.exclude == Excluded.of([(5, 3), (2, 2)])


@pytest.mark.parametrize("family", ["deepmind/numbers__gcd", "deepmind/all"])
def test_school_mathematics_cannot_exclude(family):
    with pytest.raises(InputError, match=f"{family} does not support exclude: its problems cannot be read"):
        requested_task(family, {"exclude": ["What is 3 + 5?"]})
    with pytest.raises(InputError, match=f"{family} does not support exclude"):
        task(family, exclude="0" * 64)


QUESTIONS = ["12+29", "7 + 5 = ?", "what is this?", "", "99+1="]
EXPECTED = Excluded.of([(29, 12), (7, 5), (99, 1)])


def as_text(path):
    path.write_text("\n".join(QUESTIONS))


def as_json(path):
    path.write_text("".join(json.dumps({"answer": "?", "question": q}) + "\n" for q in QUESTIONS))


def as_list(path):
    path.write_text(json.dumps([{"question": q} for q in QUESTIONS], indent=1))


def as_csv(path):
    path.write_text("\ufeffid,question\r\n" + "".join(f'1,"{q}"\r\n' for q in QUESTIONS))


def as_parquet(path):
    pq.write_table(pa.table({"question": QUESTIONS, "answer": ["?"] * len(QUESTIONS)}), path)


@pytest.mark.parametrize(
    "write, suffix",
    [(as_text, "txt"), (as_list, "json"), (as_json, "jsonl"), (as_csv, "csv"), (as_parquet, "parquet")],
)
def test_lists_of_every_kind(write, suffix, tmp_path):
    path = tmp_path / f"list.{suffix}"
    write(path)
    with pytest.warns(NotQuestions) as caught:
        made = excluding(task("addition", digits=2), path)
    assert made.exclude == EXPECTED
    (warning,) = [str(w.message) for w in caught]
    assert warning == (
        f"{path}: 1 of 4 lines are not questions of addition, such as 'what is this?'; the others are excluded."
    )


@pytest.mark.parametrize(
    "file, content, message",
    [
        (
            "a.txt",
            "What is it?\nfoo",
            r"a.txt contains no question of addition to exclude. Received: 'What is it",
        ),
        ("a.txt", "7\n101\n", r"contains no question of addition to exclude. Received: '7'"),
        ("a.txt", "\n", r"contains no question of addition to exclude. Received: nothing"),
        ("a.csv", "id,text\n1,3+5\n", r"a.csv needs a column 'question' of text"),
        ("a.jsonl", '{"text": "3+5"}', r"a.jsonl needs a column 'question' of text"),
        ("a.jsonl", '{"question": 3}', r"a.jsonl needs a column 'question' of text. Received: 3"),
        ("a.jsonl", "[1]", r"a.jsonl needs a column 'question' of text"),
        ("a.jsonl", "{", r"a.jsonl cannot be read as .jsonl: "),
        ("a.parquet", "PAR1", r"a.parquet cannot be read as .parquet: "),
        ("a.txt", None, r"a.txt is not a file of questions to exclude"),
    ],
)
def test_lists_that_cannot_be_read_are_one_clear_line(file, content, message, tmp_path):
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        excluding(task("addition"), str(tmp_path / file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", [5, [5], {"a": 1}, ["3+5", None]])
def test_anything_else_is_no_list(source):
    with pytest.raises(InputError):
        excluding(task("addition"), source)


@pytest.mark.parametrize("form", ["padded", "spaced", "padded+reversed", "index-hints"])
def test_questions_in_the_format_of_the_task(form):
    plain = task("addition", digits=3, longer=1)
    made = task("addition", digits=3, longer=1, format=form)
    written = whole(made, "train", rows=200)["question"].to_pylist()
    asked = whole(plain, "train", rows=200)["question"].to_pylist()
    assert excluding(made, written).exclude == excluding(plain, asked).exclude
    # where the text is not in the format, it is read as plain text
    if "reversed" not in form:
        assert excluding(made, asked).exclude == excluding(plain, asked).exclude


def test_a_split_of_a_dataset_in_any_format_wording_and_base(tmp_path):
    """Its questions are read as those of its own task, if that has the same problems."""
    options = {
        "digits": 8,
        "base": 2,
        "format": "reversed-all",
        "train": 200,
        "interpolate": 0,
        "extrapolate": 0,
    }
    mathbench.generate("correct-addition", tmp_path / "ds", validation=0, name="binary", **options)
    source = task("correct-addition", digits=8, base=2)
    listed = {
        source.operands_of(question) for question in whole(source, "train", rows=200)["question"].to_pylist()
    }
    made = excluding(
        task("addition", digits=2), tmp_path / "ds" / "data" / "train-00000-of-00001-binary.parquet"
    )
    assert made.exclude == Excluded.of(listed)
    other = tmp_path / "ds" / "data" / "train-00000-of-00001-binary.parquet"
    with pytest.raises(InputError, match="contains no question of gcd"):
        excluding(task("gcd"), other)


def test_from_python(tmp_path):
    (tmp_path / "list.txt").write_text("3+5\n")
    for source in (["5+3"], str(tmp_path / "list.txt"), tmp_path / "list.txt"):
        rows = mathbench.load("addition", digits=1, exclude=source, extrapolate=10)
        shown = [*rows["train"]["question"], *rows["validation"]["question"]]
        assert "3+5" not in shown and "5+3" not in shown
        streamed = mathbench.stream("addition", digits=1, exclude=source)
        assert [row["question"] for row in streamed] == rows["train"]["question"][:]
    assert {split: len(rows[split]) for split in SPLITS}["extrapolate"] == 10
