"""Formats of words: prompts, multiple choice, solved examples and chats, checked by plain Python."""

import json
import re
from collections import Counter
from math import sqrt

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mathbench
from mathbench import formats
from mathbench.errors import InputError
from mathbench.families import from_spec, task
from mathbench.formats import quoting
from mathbench.rows import Rows
from mathbench.scores.predictions import score_table
from tests.commands import run
from tests.variants import SPLITS, VARIANTS, name

every_task = pytest.mark.parametrize("plain", VARIANTS, ids=name)
LETTERS = "ABCDEFGHIJ"


def rows_of(made, split="train", many=200, seed=0):
    source = Rows(made, split, seed)
    return source.batch(range(min(many, source.capacity_up_to(many)))).to_pylist()


def options_of(question, many):
    lines = question.split("\n")[-many:]
    assert [line[:3] for line in lines] == [f"{letter}. " for letter in LETTERS[:many]]
    return [line[3:] for line in lines]


# prompts


@pytest.mark.parametrize(
    ("family", "parameters", "template", "expected"),
    [
        ("addition", {"more": 0}, "What is {a} plus {b}?", r"What is (?P<a>\d+) plus (?P<b>\d+)\?"),
        ("subtraction", {}, "Take {b} from {a}.", r"Take (?P<b>\d+) from (?P<a>\d+)\."),
        ("subtraction", {"base": 2}, "{a}-{b}=", r"(?P<a>[01]+)-(?P<b>[01]+)="),
        ("division", {}, "{a} by {b}, in base {base}", r"(?P<a>\d+) by (?P<b>\d+), in base 10"),
        ("modular", {"modulus": 13}, "{a}+{b} mod {modulus}", r"(?P<a>\d+)\+(?P<b>\d+) mod 13"),
        ("divisible", {"k": 7}, "{{ Is {k} a factor of {a}? }}", r"\{ Is 7 a factor of (?P<a>\d+)\? \}"),
        ("gcd", {"base": 16}, "gcd of {a} and {b}", r"gcd of (?P<a>[0-9a-f]+) and (?P<b>[0-9a-f]+)"),
        ("correct-addition", {}, "{c} is {a} and {b}", r"(?P<c>\d+) is (?P<a>\d+) and (?P<b>\d+)"),
        (
            "comparison",
            {"places": 2},
            "Is {a} above {b}?",
            r"Is (?P<a>\d+(\.\d+)?) above (?P<b>\d+(\.\d+)?)\?",
        ),
    ],
)
@pytest.mark.parametrize("split", SPLITS)
def test_prompts_hold_the_numbers_of_the_question_in_their_places(
    family, parameters, template, expected, split
):
    made = task(family, prompt=template, **parameters)
    for row, plain in zip(rows_of(made, split, 60), rows_of(made.plain, split, 60), strict=True):
        found = re.fullmatch(expected, row["question"])
        assert found, row["question"]
        digits = "0-9a-f" if made.number_base == 16 else "0-9"
        inside = plain["question"].removeprefix("gcd")
        numbers = re.findall(rf"[{digits}]+(?:\.[{digits}]+)?", inside)
        assert [found[letter] for letter in "abc"[: len(found.groupdict())]] == numbers[
            : len(found.groupdict())
        ]
        assert row["answer"] == plain["answer"]
        assert (row["stratum"], row["row"]) == (plain["stratum"], plain["row"])


def test_lists_of_numbers():
    made = task("addition", operands=3, prompt="Add {numbers}.")
    for row, plain in zip(rows_of(made, "extrapolate"), rows_of(made.plain, "extrapolate"), strict=True):
        *most, last = plain["question"].split("+")
        assert row["question"] == f"Add {', '.join(most)} and {last}."


def test_several_templates_are_used_alike_and_chosen_by_the_plain_question():
    made = task("addition", digits=6, prompt=["{a} plus {b}", "{b} and {a}", "Sum of {numbers}"])
    rows = rows_of(made, many=900)
    kinds = Counter("plus" in r["question"] or 2 * ("Sum" in r["question"]) for r in rows)
    assert all(abs(n - 300) < 5 * sqrt(200) for n in kinds.values()) and len(kinds) == 3
    again = formats.for_task(made).questions(pa.array([rows_of(made.plain)[7]["question"]]))
    assert again.to_pylist() == [rows[7]["question"]]


def test_templates_that_do_not_fit_a_question_are_not_used():
    made = task("addition", prompt=["{a} plus {b}", "{a}, {b} and {c}"])
    for row, plain in zip(rows_of(made, "extrapolate"), rows_of(made.plain, "extrapolate"), strict=True):
        assert ("plus" in row["question"]) == (plain["question"].count("+") == 1)


@pytest.mark.parametrize("seed", range(6))
def test_numbers_that_are_equal_in_a_few_rows_are_not_taken_for_constants(seed):
    tiny = {"base": 2, "digits": 1}
    for prompt in ("{numbers}!", "{a} times {b} is {c}"):
        made = task("correct-multiplication", prompt=prompt, **tiny)
        rows = Rows(made, "train", seed)
        table = rows.batch(range(rows.capacity_up_to(50)))
        plain = Rows(made.plain, "train", seed).batch(range(table.num_rows))
        assert formats.for_task(made).undo_questions(table["question"]).equals(plain["question"])
    with pytest.raises(InputError, match="names everything that differs"):
        task("correct-multiplication", prompt="{a} times {b}", **tiny)


def test_only_text_of_a_template_is_read():
    written = formats.for_task(task("addition", prompt=["{a} plus {b}", "{numbers}!"], more=0))
    texts = [
        "1 plus 2",
        "1 and 2!",
        "1 plus 02x",
        "1 plus",
        "1 and 2",
        "",
        None,
        "1+2",
        "a plus b",
        "1 plus -2",
    ]
    assert written.undo_questions(pa.array(texts)).to_pylist() == ["1+2", "1+2"] + [None] * 7 + ["1+(-2)"]


@pytest.mark.parametrize(
    ("family", "options", "message"),
    [
        ("addition", {"prompt": "Add."}, "a prompt must contain {question}, {numbers} or numbers"),
        ("addition", {"prompt": "{a} and {x y}"}, "unknown name '{x y}' in a prompt"),
        ("addition", {"prompt": "{questoin}"}, "Did you mean 'question'?"),
        ("addition", {"prompt": "{a"}, "the braces of a prompt must match"),
        ("addition", {"prompt": "{a!r} {b}"}, "may not have a conversion"),
        ("addition", {"prompt": "{a}{b}"}, "must have a space or a sign between two places"),
        ("addition", {"prompt": "{a}.{b}"}, "must have a space or a sign between two places"),
        ("addition", {"prompt": "{a} of {question}"}, "{question} once, {numbers} once, or letters"),
        ("addition", {"prompt": "{a} plus {b}"}, "questions with 3 number(s); give one"),
        ("addition", {"prompt": "{a}?"}, "no template names everything that differs in its questions"),
        ("addition", {"prompt": []}, "prompt must be text or a list of texts. Received: []."),
        ("addition", {"prompt": 3}, "prompt must be text or a list of texts. Received: 3."),
        ("modular-chain", {"prompt": "{numbers}"}, "its questions differ in more than their numbers"),
        ("deepmind/algebra__linear_1d", {"prompt": "{a} {b}"}, "give a template with {question}"),
        ("addition", {"prompt": "{numbers}", "format": "prompt"}, "prompt is given twice"),
        ("addition", {"prompt": "{numbers}" + "x" * 10_000}, "at most 10,000 characters. Received: 10,0"),
        ("addition", {"format": 'prompt:text="x'}, "a quoted text of a format must end with a quote"),
        ("addition", {"format": r'prompt:text="\x {numbers}"'}, "must be valid JSON"),
        ("addition", {"shots": -1}, "shots must be an integer of 0 or more. Received: -1."),
        ("addition", {"shots": "two"}, "shots must be an integer of 0 or more. Received: 'two'."),
        ("addition", {"shots": 65}, "n must be an integer from 1 to 64. Received: 65."),
        ("addition", {"choices": 1}, "n must be an integer from 2 to 10. Received: 1."),
        ("addition", {"messages": 1}, "messages must be true or false. Received: 1."),
        ("addition", {"system": 1}, "system must be text. Received: 1."),
        ("addition", {"system": "x", "messages": False}, "system requires messages"),
        ("addition", {"format": 'shots:after=""'}, "after must not be empty"),
        (
            "addition",
            {"shots": 2, "prompt": "{numbers}\n\n="},
            "which the prompt contains; give another text",
        ),
        ("prime", {"choices": 3}, "it has only 2 labels. Received: choices:n=3"),
        ("comparison", {"choices": 3}, "it has only 2 numbers to choose from"),
        ("modular", {"modulus": 3, "choices": 4}, "it has only 3 residues"),
        ("permutation", {"choices": 2}, "its answers are not numbers or labels"),
        ("deepmind/algebra__linear_1d", {"choices": 2}, "its answers are not numbers or labels"),
        ("addition", {"choices": 2, "format": "scratchpad"}, "the answer after a scratchpad is no letter"),
        ("gcd", {"format": "grouped"}, "its numbers are separated by ','"),
        ("division", {"format": "grouped"}, "its numbers are separated by ','"),
        ("addition", {"format": "index-hints+grouped"}, "each at most once"),
        ("addition", {"promt": "{numbers}"}, "addition has no parameter 'promt'. Did you mean 'prompt'?"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(family, options, message):
    with pytest.raises(InputError) as refused:
        task(family, **options)
    assert message in str(refused.value) and "\n" not in str(refused.value)
    assert str(refused.value).startswith(family)


def test_a_question_that_does_not_fit_is_refused():
    written = formats.for_task(task("modular", modulus=13, prompt="{a} plus {b}"))
    with pytest.raises(InputError, match="no template of the prompt fits some of the questions"):
        written.questions(pa.array(["(1+2)%14"]))
    assert written.questions(pa.array(["(1+2)%13"])).to_pylist() == ["1 plus 2"]


# quoting

ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x1e\0"), max_size=30)


@given(st.lists(ANY_TEXT, min_size=1, max_size=3))
@settings(deadline=None)
def test_any_text_fits_into_the_name_of_a_format(texts):
    templates = [text.replace("{", "{{").replace("}", "}}") + " {question}" for text in texts]
    made = task("subtraction", prompt=templates, system=texts[0] or "x")
    assert made.format.count("prompt:text=") >= 1 and "\n" not in made.format
    assert formats.name_of(formats.parse(made.format)) == made.format
    again = from_spec(made.id, json.loads(json.dumps(made.parameters)))
    assert again == made and again.name == made.name and re.fullmatch(r"[\w.+-]+", made.name)
    (question,) = formats.for_task(made).questions(pa.array(["8-57"])).to_pylist()
    assert question in [text.replace(r"\n", "\n") + " 8-57" for text in texts]
    assert formats.for_task(made).undo_questions(pa.array([question])).to_pylist() == ["8-57"]


@given(ANY_TEXT)
def test_quoting_restores_any_text(text):
    assert quoting.decoded(quoting.encoded(text)) == text
    assert quoting.split(f"a:text={quoting.encoded(text)}+b", "+") == [f"a:text={quoting.encoded(text)}", "b"]


# multiple choice


def changed_in_one_number(right, wrong):
    one, two = re.findall(r"-?\w+", right), re.findall(r"-?\w+", wrong)
    return len(one) == len(two) and sum(a != b for a, b in zip(one, two, strict=True)) == 1


@pytest.mark.parametrize("many", [2, 3, 4, 5, 10])
@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("addition", {}),
        ("addition", {"base": 2, "digits": 8}),
        ("addition", {"digits": 60, "step": 20, "longer": 20, "more": 0}),
        ("subtraction", {"digits": 2}),
        ("subtraction", {"digits": 40, "base": 36}),
        ("multiplication", {}),
        ("division", {}),
        ("gcd", {}),
        ("modular", {"modulus": 11}),
        ("divisible", {"k": 12, "answer": "residue"}),
    ],
)
def test_options_are_different_and_one_is_right(family, parameters, many):
    made = task(family, choices=many, **parameters)
    for split in ("train", "extrapolate"):
        for row, plain in zip(rows_of(made, split), rows_of(made.plain, split), strict=True):
            options = options_of(row["question"], many)
            assert len(set(options)) == many
            assert options[LETTERS.index(row["answer"])] == plain["answer"]
            assert row["question"] == "\n".join([plain["question"], *row["question"].split("\n")[-many:]])
            for option in options:
                assert option == plain["answer"] or changed_in_one_number(plain["answer"], option)
                if made.residue_count:
                    assert 0 <= int(option, made.number_base) < made.residue_count
                if family != "subtraction":
                    assert not option.startswith("-")


def binomial_bound(n, share):
    return 5 * sqrt(n * share * (1 - share))


@pytest.mark.parametrize(("family", "many"), [("addition", 4), ("subtraction", 5), ("prime", 2), ("gcd", 3)])
def test_every_letter_is_right_equally_often(family, many):
    made = task(family, choices=many, digits=6)
    letters = Counter(row["answer"] for row in rows_of(made, many=4000))
    assert letters.keys() == set(LETTERS[:many])
    assert all(abs(n - 4000 / many) < binomial_bound(4000, 1 / many) for n in letters.values())


@pytest.mark.parametrize(
    ("family", "many"), [("addition", 4), ("multiplication", 3), ("subtraction", 4), ("subtraction", 5)]
)
def test_the_right_number_does_not_stand_out(family, many):
    """Neither its rank among the options, nor its sign, nor being one of a pair n, -n gives it away."""
    made = task(family, choices=many, digits=6, shortest=4)
    ranks, alone, rows = Counter(), 0, rows_of(made, many=4000)
    for row in rows:
        values = [int(option) for option in options_of(row["question"], many)]
        right = values[LETTERS.index(row["answer"])]
        ranks[sorted(values).index(right)] += 1
        alone += -right not in values
    assert all(abs(n - 4000 / many) < binomial_bound(4000, 1 / many) for n in ranks.values())
    if family == "subtraction":
        expected = 1 / many if many % 2 else 0
        assert abs(alone - 4000 * expected) <= binomial_bound(4000, expected)


def test_labels_and_numbers_of_the_question():
    for row in rows_of(task("comparison", choices=2)):
        first, *_ = row["question"].split("\n")
        assert sorted(options_of(row["question"], 2)) == sorted(first.split(" or "))
    for row in rows_of(task("comparison", ask="relation", choices=3)):
        assert sorted(options_of(row["question"], 3)) == ["<", "=", ">"]
    assert {tuple(sorted(options_of(row["question"], 2))) for row in rows_of(task("prime", choices=2))} == {
        ("false", "true")
    }
    two = [
        tuple(sorted(options_of(row["question"], 2)))
        for row in rows_of(task("comparison", ask="relation", choices=2))
    ]
    assert set(two) == {("<", "="), ("<", ">"), ("=", ">")}


def test_letters_are_read_as_their_options_and_scored_as_before():
    few = {"train": 0, "validation": 0, "interpolate": 300, "extrapolate": 0, "choices": 4}
    plain = rows_of(task("subtraction"), "interpolate", 300)
    rows = rows_of(task("subtraction", choices=4), "interpolate", 300)
    written = formats.for_task(task("subtraction", choices=4))
    table = Rows(task("subtraction"), "interpolate").batch(range(300))
    for letter in LETTERS[:4]:
        read = written.undo_answers(pa.array([letter] * 300), table).to_pylist()
        assert read == [options_of(row["question"], 4)[LETTERS.index(letter)] for row in rows]
        right = sum(row["answer"] == letter for row in rows)
        assert mathbench.score(dict.fromkeys(range(300), letter), "subtraction", **few).total.correct == right
    for text in ("E", "a", "A.", " A", "", None, plain[0]["answer"]):
        assert written.undo_answers(pa.array([text] * 300, pa.string()), table).to_pylist() == [None] * 300
    found = mathbench.score(dict(enumerate(row["answer"] for row in rows)), "subtraction", **few)
    assert found.total.correct == 300 and len(found.strata) == len({row["stratum"] for row in plain})
    with pytest.raises(RuntimeError, match="read with the questions"):
        written.undo_answers(pa.array(["A"]))


def test_options_follow_the_format_of_answers():
    made = task("addition", digits=6, more=0, longer=1, format="padded+grouped+choices:n=3")
    for row in rows_of(made, many=20):
        for option in options_of(row["question"], 3):
            assert re.fullmatch(r"\d\d,\d{3},\d{3}", option)


# solved examples


def example_rows(question, many, between="\n", after="\n\n"):
    *examples, last = question.split(after)
    assert len(examples) == many
    return [tuple(example.split(between)) for example in examples], last


@pytest.mark.parametrize("split", SPLITS)
def test_examples_are_solved_rows_of_train_and_never_of_another_split(split):
    made = task("subtraction", shots=3, digits=4)
    train = {(row["question"], row["answer"]) for row in rows_of(made.plain, "train", 10_000)}
    others = {row["question"] for other in SPLITS[1:] for row in rows_of(made.plain, other, 5000)}
    for row, plain in zip(rows_of(made, split), rows_of(made.plain, split), strict=True):
        examples, last = example_rows(row["question"], 3)
        assert last == plain["question"] and row["answer"] == plain["answer"]
        assert len(set(examples)) == 3 and set(examples) <= train
        assert not {question for question, _ in examples} & (others | {last})


def test_examples_depend_on_seed_split_and_row_alone():
    made = task("subtraction", shots=2)
    rows = Rows(made, "interpolate", 5)
    assert rows.batch([40, 3]).equals(rows.batch(range(50)).take([40, 3]))
    chosen = [
        {tuple(example_rows(row["question"], 2)[0]) for row in rows_of(made, split, 30, seed)}
        for split, seed in (("interpolate", 5), ("interpolate", 6), ("extrapolate", 5))
    ]
    assert not chosen[0] & chosen[1] and not chosen[0] & chosen[2]


def test_a_row_of_train_is_no_example_of_itself_in_the_smallest_train_split():
    small = {"k": 2, "digits": 2, "base": 5, "longer": 1}
    held = len(Rows(task("divisible", **small), "train"))
    biggest = task("divisible", shots=held - 1, **small)
    rows = rows_of(biggest, "train", held)
    everything = {row["question"] for row in rows_of(biggest.plain, "train", held)}
    for row in rows:
        examples, last = example_rows(row["question"], held - 1)
        assert {question for question, _ in examples} == everything - {last}
    with pytest.raises(InputError, match=rf"{held} examples need {held + 1} rows of train. Received: {held}"):
        task("divisible", shots=held, **small)


def test_examples_are_written_as_the_question_is():
    made = task(
        "addition", more=0, format='prompt:text="{a} plus {b}:"+choices+shots:n=2,between=" ",after=";;"'
    )
    for row in rows_of(made, "interpolate", 20):
        *examples, last = row["question"].split(";;")
        for example in examples:
            question, letter = example.rsplit(" ", 1)
            first, second = re.match(r"(\d+) plus (\d+):", question).groups()
            right = options_of(question, 2)[LETTERS.index(letter)]
            assert int(right) == int(first) + int(second)
        assert re.match(r"\d+ plus \d+:\nA\. ", last)


# chats


def test_chats_hold_the_question_the_examples_and_the_answer():
    made = task("gcd", shots=2, messages=True, prompt="gcd of {a}, {b}")
    for row in rows_of(made, "interpolate", 40):
        system, *turns = row["messages"]
        assert system == {"role": "system", "content": "Reply with the answer only."}
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * 3
        contents = [turn["content"] for turn in turns]
        (one, two), last = example_rows(row["question"], 2)
        assert contents == [*one, *two, last, row["answer"]]
    silent = rows_of(task("gcd", system=""), many=3)
    assert [turn["role"] for turn in silent[0]["messages"]] == ["user", "assistant"]
    assert rows_of(task("gcd", system="Be short."))[0]["messages"][0]["content"] == "Be short."
    assert "messages" not in rows_of(task("gcd"))[0]


def test_chats_beside_labels():
    few = {"train": 0, "validation": 0, "interpolate": 4, "extrapolate": 0}
    rows = mathbench.load("prime", messages=True, **few)["interpolate"]
    assert [row["label"] for row in rows] == [row["answer"] == "true" for row in rows]
    assert [row["messages"][2]["content"] for row in rows] == rows["answer"]


def test_chats_load_as_conversations(tmp_path):
    mathbench.generate(
        "gcd", tmp_path / "ds", messages=True, shots=1, train=20, validation=5, interpolate=5, extrapolate=5
    )
    import datasets

    loaded = datasets.load_dataset(str(tmp_path / "ds"), cache_dir=str(tmp_path / "cache"))
    turn = {"role": datasets.Value("string"), "content": datasets.Value("string")}
    assert loaded["train"].features["messages"] == datasets.List(turn)
    assert loaded["train"][3]["messages"] == rows_of(task("gcd", messages=True, shots=1))[3]["messages"]
    few = {"train": 20, "validation": 0, "interpolate": 0, "extrapolate": 0}
    assert mathbench.load("gcd", messages=True, shots=1, **few)["train"][3] == loaded["train"][3]


# every task


@every_task
def test_every_task_takes_a_prompt_examples_and_chats(plain):
    made = type(plain).of({**plain.parameters, "prompt": "Q: {question}", "messages": True})
    for split in ("train", "extrapolate"):
        for row, bare in zip(rows_of(made, split, 20), rows_of(plain, split, 20), strict=True):
            assert row["question"] == f"Q: {bare['question']}" and row["answer"] == bare["answer"]
            assert row["messages"][1]["content"] == row["question"]


# the command line


def test_prompts_from_a_file(tmp_path):
    (tmp_path / "p.txt").write_text("\ufeffAdd {numbers}.\n\n{numbers}\\ntogether?\n", encoding="utf-8")
    few = ["--train", "40", "--validation", "0", "--interpolate", "9", "--extrapolate", "0"]
    out = tmp_path / "ds"
    options = ["--prompt", str(tmp_path / "p.txt"), "--messages", "--shots", "1", "--choices", "4"]
    done = run("generate", "--task", "addition", *options, *few, "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    (config,) = json.loads(done.stdout)["configs"].values()
    assert config["parameters"]["format"] == (
        'prompt:text=["Add {numbers}.", "{numbers}\\ntogether?"]+choices:n=4+shots+messages'
    )
    assert run("verify", str(out)).returncode == 0
    (cells,) = re.findall(r"\n\| train \| 40 \| .*\|\n", (out / "README.md").read_text())
    assert "\\n" in cells


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prompt", "absent.txt"], "no file is called 'absent.txt'"),
        (["--prompt", "."], "the prompt file . cannot be read"),
        (["--prompt", "\0{"], "without NUL"),
        (["--messages", "yes"], "unexpected argument 'yes'"),
        (["--shots"], "option --shots needs a value"),
        (["--system", "Be short.", "--messages=false"], "system requires messages"),
    ],
)
def test_bad_words_on_the_command_line(options, message, tmp_path):
    done = run("generate", "--task", "addition", *options, "--out", str(tmp_path / "ds"))
    assert done.returncode == 2 and message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "ds").exists()


def test_predictions_of_letters_are_scored_from_a_table():
    from mathbench.dataset.data import Data

    data = Data.generate(task("addition", choices=4), {"interpolate": 50})
    answers = data.splits["interpolate"]["answer"]
    table = pa.table({"split": ["interpolate"] * 50, "row": range(50), "prediction": answers})
    assert score_table(table, data)["interpolate"].total.correct == 50
