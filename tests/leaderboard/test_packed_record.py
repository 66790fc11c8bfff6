"""The short form of a submission's file: it gives back, to the bit, whatever a manifest says."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.leaderboard.store.packed_record import AS_CLAIMED, PACKED, pack, to_text, unpack
from mathbench.leaderboard.submission import canonical_json
from mathbench.scores.results import Score

SCORES = {"interpolate": Score(10, 4).to_json() | {"strata": {"digits=2": Score(10, 4).to_json()}}}
OLD = sorted((Path(__file__).parents[1] / "compat" / "v0_1" / "leaderboard" / "results").glob("*.json"))


def record(**manifest):
    return {"schema_version": 1, "scores": SCORES, "solver": {}, "manifest": manifest}


def read_again(document):
    return unpack(json.loads(to_text(pack(document))))


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.name[:20])
def test_files_of_earlier_versions_are_packed_to_the_bit(path):
    document = json.loads(path.read_text())
    assert unpack(document) is document
    text = to_text(pack(document))
    assert canonical_json(unpack(json.loads(text))) == canonical_json(document)
    assert len(text) < 0.5 * len(path.read_text())


def test_equal_scores_are_stored_once():
    claimed = {"interpolate": SCORES["interpolate"] | {"characters": 0.5, "steps": Score(10, 1).to_json()}}
    short = pack(record(scores=claimed))
    assert short["scores"] == {"interpolate": AS_CLAIMED}
    expected = {"counts": [10, 4], "strata": {"digits=2": [10, 4]}, "characters": 0.5, "steps": [10, 1]}
    assert short["manifest"]["scores"]["interpolate"] == expected
    later = record(scores={}, evaluation={"scores": claimed, "season": "x"})
    assert pack(later)["scores"] == {"interpolate": AS_CLAIMED} and read_again(later) == later


NUMBER = st.integers(-1, 12) | st.sampled_from([1.0, True, None, "4", 2**63, 0.4])
NAME = st.sampled_from(["n", "correct", "counts", "strata", "exact_match", "low", "high", "interpolate", "a"])
PLAIN = NUMBER | st.just(AS_CLAIMED) | st.lists(NUMBER, max_size=3)
TRUE = st.tuples(st.integers(1, 9), st.integers(0, 9)).map(lambda x: Score(x[0], min(x)).to_json())
VALUE = st.recursive(PLAIN | TRUE, lambda inner: st.dictionaries(NAME, inner, max_size=4), max_leaves=8)


@given(st.dictionaries(st.sampled_from(["scores", "ceiling", "floors", "long", "encoding"]), VALUE), VALUE)
def test_whatever_a_manifest_says_comes_back(manifest, evaluation):
    for document in (record(**manifest), record(**manifest, evaluation=evaluation)):
        assert canonical_json(read_again(document)) == canonical_json(document)


@given(
    st.dictionaries(st.sampled_from(["schema_version", "scores", "solver", "manifest", "x"]), VALUE) | VALUE
)
def test_any_document_is_unpacked_without_an_error(document):
    if isinstance(document, dict):
        document = {**document, "schema_version": PACKED}
    unpack(document)


def test_what_does_not_follow_from_the_counts_is_kept():
    """A share written as an integer, or rounded, is another text, and the manifest's digest is one of its text."""
    for other in ({"exact_match": 1}, {"low": 0.5}):
        manifest = {"ceiling": {"interpolate": Score(10, 10).to_json() | other}}
        assert pack(record(**manifest))["manifest"] == manifest
    looks_packed = {"floors": {"constant": {"counts": [10, 4]}}}
    assert pack(record(**looks_packed)) == record(**looks_packed)


def test_shares_and_intervals_are_the_same_on_every_machine_and_for_ever():
    """Ids of stored submissions are digests of these digits."""
    found = {(n, c): list(Score(n, c).to_json().values())[2:] for n, c in ((4000, 3922), (3, 3), (7, 0))}
    assert found == {
        (4000, 3922): [0.9805, 0.9757312214466822, 0.9843467535519148],
        (3, 3): [1.0, 0.4385029682449546, 1.0],
        (7, 0): [0.0, 0.0, 0.35433043506668743],
    }
