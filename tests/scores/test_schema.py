"""The schemas agree with what is written, with their JSON Schema, and word their errors."""

import dataclasses
import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.result import Result
from mathbench.errors import InputError
from mathbench.leaderboard.check import CheckResult
from mathbench.leaderboard.proof import Proof
from mathbench.leaderboard.rounds import log
from mathbench.leaderboard.submission_manifest import MANIFEST, SUBMISSION, SUBMISSION_1, SUBMISSION_2
from mathbench.leaderboard.submission_record import RECORD, Receipt, SubmissionRecord
from mathbench.scores import schema, schema_types
from mathbench.scores.results import Score, SplitScore
from mathbench.scores.schema_types import (
    INT64,
    OBJECT,
    Boolean,
    Integer,
    ListOf,
    MapOf,
    Number,
    Record,
    Text,
    nullable,
)
from tests.leaderboard.conftest import from_anybody, make_task, manifest

SCORE = Score(4, 3)
SPLIT = SplitScore(SCORE, {"easy": Score(1, 1)}, characters=0.5, steps=Score(4, 2))
RESCORED = SplitScore(SCORE, {"easy": Score(1, 1)})
TASK = make_task("addition", digits=2)
RUN = manifest(
    TASK,
    predictions_sha256="0" * 64,
    supervision="examples",
    long={"50": SCORE.to_json()},
    certificate={"claim": "all", "sha256": "0" * 64},
    asked={"tokens": {"prompt": 1}},
    history=[{"step": 4, "loss": 0.5, "rate": 0.1, "validation": 0.9, "cpu_s": 1.0, "wall_s": 1.0}],
    reached={"0.9": {"step": 4, "cpu_s": 1.0, "wall_s": 1.0}},
    extended=[{"steps": 2, "settings": {"steps": 2}}],
    weights={"trained": 1, "fixed_by_hand": ["the base"]},
    tournament={"candidates": 2},
    generations=[{"generation": 1}],
    budget={"cpu_s": 1.0},
    name="my-model",
    evaluation={
        "season": "small",
        "task": {"id": TASK.id, "name": TASK.name, "parameters": TASK.parameters},
        "data": {"seed": 0, "sizes": {"interpolate": 4}},
        "scores": {"interpolate": SPLIT.to_json()},
        "predictions_sha256": "0" * 64,
    },
)
SCORES = {"scores": {"interpolate": {"n": 300, "correct": 3}}}
SENT = from_anybody(TASK) | {"predictions": {"file": "p.parquet", "sha256": "0" * 64}}
CERTIFICATE = {"certificate": {"file": "c.safetensors", "sha256": "0" * 64}}
PROMPTING = {"prompting": {"words": "shots:n=4"}}
STATED = SCORES | CERTIFICATE | PROMPTING
SENT_2 = SENT | {"schema_version": 2, "supervision": "prompted"} | STATED
LINKS = {"code": "https://example.org/code", "paper": "https://example.org/p", "weights": "https://a.b/w"}
MODEL = SENT["model"] | {"name": "my-model", "links": LINKS}
TRAINING = SENT["training"] | {"cpu_seconds": 7.5}
NEW = {
    "schema_version": 3,
    "supervision": "prompted",
    "season": "small",
    "model": MODEL,
    "training": TRAINING,
}
ENTRY_OF_ROUND = {
    "name": "winter",
    "entry": "e1",
    "receipt": "0" * 64,
    "number": 1,
    "entries": 2,
    "answered": 1,
}
SENT_3 = SENT | NEW | STATED | {"round": ENTRY_OF_ROUND}
PROOF = Proof("all numbers", True, "0" * 64)
CHECKED = CheckResult({"interpolate": RESCORED}, {"interpolate": SCORE}, ("one",), PROOF)
KEPT = SubmissionRecord(
    "0" * 64, "2026-01-01T00:00:00Z", "re-scored", RUN, "1" * 64, CHECKED, wrong_answers="2" * 64
)
CHALLENGE = {
    "event": "challenge",
    "at": "2026-01-01T00:00:00Z",
    "previous": "0" * 64,
    "entry": "e1",
    "model": "mine",
    "weights_sha256": "1" * 64,
    "questions_digest": "2" * 64,
    "submitter": "ada",
}
EXAMPLES = {
    "score": (schema.SCORE, SCORE.to_json()),
    "split score": (schema.SPLIT_SCORE, SPLIT.to_json()),
    "re-scored split": (schema.RESCORED_SPLIT, RESCORED.to_json()),
    "result": (schema.RESULT, RUN),
    "submission of version 1": (SUBMISSION_1, SENT | SCORES),
    "submission of version 2": (SUBMISSION_2, SENT_2),
    "submission": (SUBMISSION, SENT_3),
    "record": (RECORD, KEPT.to_json()),
    "event": (log.EVENTS["challenge"], CHALLENGE),
}
ODD = st.sampled_from(
    [None, True, -1, 0, 1, 1.5, 2**63, float("inf"), 10**400, "", " ", "x", "e1", "x" * 300]
)
VALUES = ODD | st.lists(ODD, max_size=2) | st.dictionaries(st.text(max_size=3), ODD, max_size=2)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_keys_of_a_definition_are_those_that_are_written(name):
    definition, document = EXAMPLES[name]
    assert list(definition.all_fields) == list(document) or name == "record"
    assert set(definition.all_fields) == set(document)
    definition(document, name)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        *((name, True) for name in ("examples", "dense", "aligned", "aligned+dense", "prompted")),
        *((name, False) for name in ("", "dense+aligned", "prompted+dense", "Examples", "examples ")),
    ],
)
def test_the_kinds_of_supervision(given, allowed):
    document = RUN | {"supervision": given}
    if allowed:
        schema.RESULT(document, "result")
    else:
        with pytest.raises(InputError, match="supervision"):
            schema.RESULT(document, "result")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("model", "name"), name) for name in ("a b", "", "-a", "é", "a" * 101, "a|b", None)),
        (("model", "links"), {"blog": "https://example.org"}),
        *(
            (("model", "links"), {"code": link})
            for link in ("http://a.b", "javascript:alert(1)", "https://", "https://a b", 'https://a"b', None)
        ),
        *((("season",), name) for name in ("", "Core-1", "core 1", "-1", "a" * 41, 1)),
        *((("training", "cpu_seconds"), seconds) for seconds in (-1, True, float("nan"), 1e13, "1")),
    ],
)  # fmt: skip
def test_what_version_3_refuses(path, value):
    with pytest.raises(InputError, match=rf"^submission\.{path[0]}"):
        SUBMISSION(changed(SENT_3, path, value), "submission")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("season",), None),
        (("training", "cpu_seconds"), None),
        (("model", "links"), {}),
        (("model", "name"), "Org/a_b.c+d@e:1-2"),
    ],
)
def test_what_version_3_leaves_open(path, value):
    SUBMISSION(changed(SENT_3, path, value), "submission")


def test_a_result_writes_the_keys_of_its_definition():
    fields = dict.fromkeys(field.name for field in dataclasses.fields(Result))
    assert list(Result(**fields).to_json()) == list(schema.RESULT.fields)


def test_the_server_describes_the_same_keys():
    responses = pytest.importorskip("mathbench.leaderboard.server.responses")
    described = responses.SubmissionReply.model_json_schema()
    # files of wrong answers are in folders only
    served = dataclasses.replace(KEPT, wrong_answers=None).to_json()
    assert set(described["properties"]) == set(served) == {*described["required"], "proof"}
    responses.SubmissionReply.model_validate(served)
    split = responses.SplitScoreReply.model_json_schema()
    assert split["required"] == list(split["properties"]) == list(RESCORED.to_json())
    receipt = Receipt("0" * 64, "b", True, 1, "re-scored", "m", "t", {"interpolate": RESCORED}, ())
    assert list(responses.ReceiptReply.model_fields) == list(receipt.to_json())
    responses.ReceiptReply.model_validate(receipt.to_json())


def paths(value, here=()):
    yield here
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths(item, (*here, key))


def changed(document, path, value):
    return {**document, path[0]: changed(document[path[0]], path[1:], value)} if path else value


@pytest.mark.parametrize("name", EXAMPLES)
@given(data=st.data())
def test_json_schema_allows_what_the_check_allows(name, data):
    """And refuses what it refuses, but for control characters, the depth of nesting and correct > n."""
    definition, document = EXAMPLES[name]
    path = data.draw(st.sampled_from(list(paths(document))))
    other = changed(document, path, data.draw(VALUES))
    try:
        definition(other, name)
    except InputError:
        return
    assert jsonschema_rs.is_valid(definition.json_schema(), json.loads(json.dumps(other)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_json_schema_refuses_other_keys_and_missing_ones(name):
    definition, document = EXAMPLES[name]
    validator = jsonschema_rs.validator_for(definition.json_schema())
    assert validator.is_valid(document)
    assert not validator.is_valid({**document, "other": 1})
    for key in definition.fields:
        assert not validator.is_valid({k: v for k, v in document.items() if k != key})
        assert not validator.is_valid({**document, key: [object.__name__, 2]}), key


@pytest.mark.parametrize(
    ("definition", "value", "error"),
    [
        (Text(3), "four", "v must be printable text of at most 3 characters. Received: 'four'."),
        (Text(3), "a\n", r"v must be printable text of at most 3 characters. Received: 'a\\n'."),
        (Text(9, "a+"), "b", "v must be printable text of at most 9 characters like a+. Received: 'b'."),
        (Integer(1, 5), True, "v must be an integer from 1 to 5. Received: True."),
        (Integer(), 2**63, f"v must be an integer from 0 to {INT64}. Received: 9223372036854775808."),
        (Number(), float("nan"), "v must be a finite number. Received: nan."),
        (Number(), -float("inf"), "v must be a finite number. Received: -inf."),
        (Number(0, 1), 1.5, "v must be a number from 0 to 1. Received: 1.5."),
        (Number(0), -1, "v must be a number from 0 to inf. Received: -1."),
        (Boolean(), 0, "v must be true or false. Received: 0."),
        (nullable(Integer()), "x", f"v must be an integer from 0 to {INT64}. Received: 'x'."),
        (ListOf(Integer(), 1), [1, 2], "v must be a list of at most 1. Received: [1, 2]."),
        (ListOf(Integer(0, 1)), [5], "v[0] must be an integer from 0 to 1. Received: 5."),
        (MapOf(Integer()), [], "v must be an object of at most 2000 keys. Received: []."),
        (MapOf(Integer(), ("train",)), {"tran": 1}, "v has the unknown key 'tran'. Did you mean 'train'?"),
        (Record({"a": Integer()}), {"a": 1, "ab": 2}, "v has the unknown key 'ab'. Did you mean 'a'?"),
        (Record({"a": Integer()}), {}, "v is missing the key 'a'."),
        (Record({"a": Integer()}, {"b": Integer()}), {"a": 1, "b": -1}, "v.b must be an integer from 0"),
        (schema.COUNTS, {"n": 1, "correct": 2}, "v.correct must be at most n, which is 1. Received: 2."),
        (schema.COUNTS, {"n": 1, "correct": -1}, "v.correct must be an integer from 0"),
        (OBJECT, {"x": [1, 10**400]}, "v.x[1] must be printable text of at most 10000 characters"),
        (
            Integer(),
            "x" * 99,
            f"v must be an integer from 0 to {INT64}. Received: '{'x' * 27}...{'x' * 28}'.",
        ),
    ],
)
def test_errors_say_where_and_what(definition, value, error):
    with pytest.raises(InputError) as caught:
        definition(value, "v")
    assert str(caught.value).startswith(error)


def text(longest, empty=False):
    return {"type": "string", "maxLength": longest} | ({} if empty else {"minLength": 1})


def like(pattern, longest):
    return text(longest) | {"pattern": f"^(?:{pattern})$"}


def integer(low=0, high=2**63 - 1):
    return {"type": "integer", "minimum": low, "maximum": high}


def of_map(values, keys=None):
    names = text(200) if keys is None else {"enum": keys}
    return {"type": "object", "additionalProperties": values, "propertyNames": names, "maxProperties": 2000}


def of_list(items, longest=2000):
    return {"type": "array", "items": items, "maxItems": longest}


def record(**fields):
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def one_of(*options):
    return {"anyOf": list(options)}


def event(kind, later=(), **fields):
    """An event; logs of earlier versions lack its later fields."""
    described = record(event=like(kind, 20), at=TIME, previous=DIGEST, **fields)
    return described | {"properties": described["properties"] | dict(later)}


NULL, TRUTH = {"type": "null"}, {"type": "boolean"}
DIGEST = like("[0-9a-f]{64}", 64)
TIME = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", 20)
SCALAR = one_of(text(10_000, empty=True), {"type": "number"}, TRUTH, NULL)
SEED = one_of(integer(-(2**63), 2**64 - 1), text(200))
SPLITS = ["train", "validation", "interpolate", "extrapolate"]
JUDGED = ["interpolate", "extrapolate"]
COUNTS = record(n=integer(1), correct=integer())
TASK_SPEC = record(id=text(100), name=text(200), parameters=of_map(SCALAR))
ENTRY = like("e[1-9][0-9]*", 10)
COMMAND = text(10_000, empty=True)
DESCRIBED = {
    "text": (lambda: Text(), text(200)),
    "pattern": (lambda: Text(9, "a+"), like("a+", 9)),
    "integer": (lambda: Integer(), integer()),
    "number": (lambda: Number(), {"type": "number"}),
    "share": (lambda: schema.SHARE, {"type": "number", "minimum": 0, "maximum": 1}),
    "nullable": (lambda: nullable(Boolean()), one_of(TRUTH, NULL)),
    "list": (lambda: ListOf(Integer()), of_list(integer())),
    "map": (lambda: MapOf(Integer(1)), of_map(integer(1))),
    "map of splits": (lambda: MapOf(Integer(), ("a", "b")), of_map(integer(), ["a", "b"])),
    "scalar": (lambda: schema_types.SCALAR, SCALAR),
    "object": (lambda: OBJECT, of_map({})),
    "unchecked": (lambda: schema_types.Unchecked(), {}),
    "seed": (lambda: schema.SEED, SEED),
    "digest": (lambda: schema.DIGEST, DIGEST),
    "sha256": (lambda: schema.SHA256, like("(sha256:)?[0-9a-f]{64}", 71)),
    "time": (lambda: schema.TIME, TIME),
    "counts": (lambda: schema.COUNTS, COUNTS),
    "task": (lambda: schema.TASK, TASK_SPEC),
    "data": (
        lambda: schema.RESULT.fields["data"],
        record(seed=SEED, sizes=of_map(integer(), SPLITS), digest=one_of(text(200), NULL)),
    ),
    "version": (lambda: schema.RESULT.fields["schema_version"], integer(1, 1)),
    "framework": (lambda: schema.RESULT.fields["framework"], one_of(text(50), NULL)),
    "command": (lambda: schema.RESULT.fields["command"], one_of(COMMAND, of_list(COMMAND), NULL)),
    "commit": (lambda: schema.RESULT.fields["commit"], one_of(text(100, empty=True), NULL)),
    "open": (
        lambda: log.EVENTS["open"],
        event(
            "open",
            {
                "entries_per_submitter": integer(1),
                "sizes_by_task": of_map(of_map(integer(1, 1_000_000), JUDGED)),
                "opens": TIME,
                "season": record(name=like("[a-z0-9][a-z0-9-]*", 40), digest=DIGEST),
            },
            name=text(100),
            commitment=DIGEST,
            tasks=of_list(TASK_SPEC, 100),
            sizes=of_map(integer(1, 1_000_000), JUDGED),
            closes=TIME,
            answer_seconds=integer(1),
        ),
    ),
    "challenge": (
        lambda: log.EVENTS["challenge"],
        event(
            "challenge",
            {"submitter": one_of(text(50), NULL)},
            entry=ENTRY,
            model=text(200),
            weights_sha256=DIGEST,
            questions_digest=DIGEST,
        ),
    ),
    "answer": (
        lambda: log.EVENTS["answer"],
        event("answer", entry=ENTRY, weights_sha256=DIGEST, answers_sha256=DIGEST),
    ),
    "close": (lambda: log.EVENTS["close"], event("close")),
    "reveal": (
        lambda: log.EVENTS["reveal"],
        event("reveal", seed=DIGEST, salt=DIGEST, scores=of_map(of_map(of_map(COUNTS, JUDGED)))),
    ),
}
LENGTHS = (0, 1, 9, 10, 50, 51, 64, 65, 100, 101, 200, 201, 2_000, 2_001, 10_000, 10_001)
EDGES = [None, True, 0, 1, -1, 2, 0.5, -0.5, 1.5, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64]
EDGES += [1.7976931348623157e308, -1.7976931348623157e308]
EDGES += [letter * length for letter in ("a", "0") for length in LENGTHS]
EDGES += [[1] * length for length in LENGTHS[:14]] + [{f"k{i}": 1 for i in range(n)} for n in LENGTHS[:14]]
EDGES += [[""], ["a"], {"a": 1}, {"a": 0}, {"a": [0]}, {"": 1}, {"a" * 200: 1}, {"a" * 201: 1}]


@pytest.mark.parametrize("name", DESCRIBED)
def test_the_check_and_json_schema_allow_the_same_up_to_the_edge(name):
    definition, described = DESCRIBED[name]
    assert definition().json_schema() == described
    validator = jsonschema_rs.validator_for(described)
    for value in EDGES if name != "unchecked" else ():
        assert allows(definition(), value) == validator.is_valid(value), value


def allows(definition, value):
    try:
        definition(value, "v")
    except InputError:
        return False
    return True


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2**9_998, f"{str(2**9_998)[:18]}...{str(2**9_998)[-19:]}"),
        (2**9_999, "an integer of 10,000 bits"),
        (-(10**50), f"-1{'0' * 16}...{'0' * 19}"),
        (b"\xff" * 60, repr(b"\xff" * 60)),
        (b"\xff" * 61, repr(b"\xff" * 60) + "..."),
        ("a\u202e", r"'a\\u202e'"),
        (["\n"], r"['\\n']"),
    ],
)
def test_values_in_errors_are_short(value, shown):
    assert schema_types.shorten(value) == shown


def test_a_huge_integer_is_not_a_finite_number():
    with pytest.raises(InputError, match="x must be printable text"):
        OBJECT({"x": 10**400}, "v")


def test_nesting_has_a_limit():
    nested = {}
    for _ in range(schema_types.MAX_DEPTH):
        nested = {"x": nested}
    with pytest.raises(InputError, match="nested more than 6 levels deep"):
        OBJECT(nested, "v")
    OBJECT(nested["x"], "v")
    OBJECT({"x": [[[["deepest"]]]]}, "v")


def test_a_manifest_is_of_either_kind():
    validator = jsonschema_rs.validator_for(MANIFEST.json_schema())
    assert validator.is_valid(RUN) and validator.is_valid(SENT) and not validator.is_valid({})
