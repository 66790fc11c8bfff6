"""Two models on the same rows, and one model over all tasks."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mathbench.errors import InputError
from mathbench.leaderboard.ranking.compare import compare, paired_test
from mathbench.leaderboard.store.board import Board
from mathbench.leaderboard.submit import submit_run
from mathbench.rows import Rows

from .conftest import replaced, right


def columns(both, one, two, neither):
    first = np.repeat([True, True, False, False], [both, one, two, neither])
    second = np.repeat([True, False, True, False], [both, one, two, neither])
    order = np.random.default_rng(0).permutation(len(first))
    return first[order], second[order]


@settings(max_examples=60, deadline=None)
@given(both=st.integers(0, 50), one=st.integers(0, 600), two=st.integers(0, 400), neither=st.integers(1, 50))
def test_few_differences_are_tested_exactly(both, one, two, neither):
    from scipy.stats import binomtest

    found = paired_test(*columns(both, one, two, neither))
    assert (found.both, found.only_first, found.only_second, found.neither) == (both, one, two, neither)
    expected = binomtest(one, one + two).pvalue if one + two else 1.0
    assert found.p == pytest.approx(expected, rel=1e-9) and found.test == "exact binomial"


@pytest.mark.parametrize(
    ("one", "two"), [(600, 400), (600, 500), (5000, 4800), (9000, 1000), (30_000, 30_400)]
)
def test_many_differences_are_tested_exactly_too(one, two):
    from scipy.stats import binomtest

    found = paired_test(*columns(10, one, two, 10))
    assert found.test == "exact binomial"
    assert found.p == pytest.approx(binomtest(one, one + two).pvalue, rel=1e-9, abs=1e-300)


def test_a_difference_of_one_row_is_none():
    assert paired_test(*columns(0, 600, 600, 0)).p == 1
    assert paired_test(*columns(0, 601, 600, 0)).p == pytest.approx(1, abs=1e-12)


def counts_of(test):
    return test.both, test.only_first, test.only_second, test.neither


def pair_on(board, run, first, second):
    ids = [submit_run(path, board).digest for path in (first, second)]
    opened = Board(board)
    return compare(*([(opened.find(digest), opened.predictions_bytes(digest))] for digest in ids))


def test_two_submissions_are_compared_row_by_row(run, board, task):
    missing = right(task).filter(right(task)["row"].to_numpy() != 3)
    found = pair_on(board, run, run(wrong=10), run(predictions=replaced(missing, 2)))
    interpolate, extrapolate = found
    assert [found.split for found in found] == ["interpolate", "extrapolate"]
    total = interpolate.total
    assert (total.both, total.only_first, total.only_second, total.neither) == (290, 0, 7, 3)
    assert total.p == pytest.approx(2 * 0.5**7)
    assert sum(s.only_second for s in interpolate.strata.values()) == 7
    assert sum(s.both for s in extrapolate.strata.values()) == extrapolate.total.both == 190
    sample = interpolate.samples[0]
    assert (sample["row"], sample["second"], sample["first"]) == (2, sample["answer"], sample["answer"] + "x")
    assert len(interpolate.samples) == 5 and 3 not in [row["row"] for row in interpolate.samples]


def test_samples_and_strata_row_by_row(run, board, task):
    truth = right(task)
    split, row, answer = (truth[name].to_pylist() for name in ("split", "row", "prediction"))
    one, two = ([(s, r) not in wrong for s, r in zip(split, row, strict=True)] for wrong in (ONE, TWO))
    tables = []
    for good, spoilt in ((one, "x"), (two, "y")):
        said = [a if g else a + spoilt for a, g in zip(answer, good, strict=True)]
        tables.append(truth.set_column(2, "prediction", pa.array(said, pa.string())))
    tables[1] = tables[1].slice(0, 300)  # nothing for the second split
    found = pair_on(board, run, run(predictions=tables[0]), run(predictions=tables[1], baseline="other"))
    first, second = [compared.to_json() for compared in found]
    assert (first["task"], first["split"], second["split"]) == (task.name, "interpolate", "extrapolate")
    assert counts_of(found[0].total) == (280, 12, 7, 1) and found[0].total.test == "exact binomial"
    assert counts_of(found[1].total) == (0, 200, 0, 0) and found[1].total.difference == 1
    rows = Rows(task, "interpolate").batch(range(300)).to_pylist()
    assert first["samples"] == tuple(
        {
            "row": r,
            "question": rows[r]["question"],
            "answer": answer[r],
            "first": answer[r] + ("x" if r < 8 else ""),
            "second": answer[r] + ("y" if r > 8 else ""),
        }
        for r in (0, 1, 2, 3, 4, 20, 21, 22, 23, 24)
    )
    assert [s["row"] for s in second["samples"]] == [0, 1, 2, 3, 4]
    assert {s["second"] for s in second["samples"]} == {None}
    strata = [r["stratum"] for r in rows]
    assert list(first["strata"]) == list(dict.fromkeys(sorted(strata, key=order_of(task))))
    for name, counts in first["strata"].items():
        here = [(one[i], two[i]) for i in range(300) if strata[i] == name]
        kinds = ((True, True), (True, False), (False, True), (False, False))
        assert list(counts.values())[:4] == [here.count(kind) for kind in kinds]


ONE = {("interpolate", row) for row in range(8)}
TWO = {("interpolate", row) for row in (7, *range(20, 32))}


def order_of(task):
    return [stratum.name for stratum in task.strata("interpolate")].index


def test_other_rows_are_not_compared(run, board, task):
    sizes = {"train": 1, "interpolate": 300, "extrapolate": 200}
    other = run(data={"seed": 5, "sizes": sizes, "digest": None}, predictions=right(task, sizes, seed=5))
    described = "addition-base10-digits2, seed {}, interpolate 300, extrapolate 200"
    words = f"did not answer the same rows: {described.format(0)}; {described.format(5)}."
    with pytest.raises(InputError, match=rf"^[0-9a-f]{{8}} and [0-9a-f]{{8}} {words}$"):
        pair_on(board, run, run(), other)


def test_of_more_rows_the_first_ones_count(run, board, task):
    fewer = {"train": 1, "interpolate": 299, "extrapolate": 200}
    shorter = run(
        data={"seed": 0, "sizes": fewer, "digest": None}, predictions=replaced(right(task, fewer), 3)
    )
    found = pair_on(board, run, run(), shorter)
    assert found[0].total.both + found[0].total.only_first == 299 and found[0].total.only_first == 3


def test_models_of_other_formats_are_compared_in_plain_text(run, board, task, tmp_path):
    from mathbench.families import task as make_task

    from .conftest import manifest, write_run

    reversed_ = make_task("addition", digits=2, format="reversed")
    written = right(reversed_)
    assert written["prediction"] != right(task)["prediction"]
    other = write_run(tmp_path / "other", manifest(reversed_), replaced(written, 2))
    found = pair_on(board, run, run(wrong=1), other)
    assert [(x.total.only_first, x.total.only_second) for x in found] == [(1, 0), (1, 0)]


def test_the_number_of_training_rows_does_not_matter(run, board):
    sizes = {"train": 9, "interpolate": 300, "extrapolate": 200}
    found = pair_on(board, run, run(), run(data={"seed": "0", "sizes": sizes, "digest": None}, wrong=1))
    assert found[0].total.only_first == 1
