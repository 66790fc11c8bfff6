"""What a study tries where a learner fails: the variants of its search with one seed, then the best one with all.

A failure should be the network's, not the recipe's. A cell has failed if the mean exact match on validation stays below
`Study.solved`. Every variant of the learner's search is then trained with the first seed. The variant with the largest
exact match on validation is trained with the other seeds too, if it is larger than that of the cell by `GAIN`.
Test splits decide nothing.
"""

from collections.abc import Iterator, Sequence

from mathbench.baselines.jobs.run_job import RunJob
from mathbench.studies.plan import StudyPlan
from mathbench.studies.results import CellResults, read_cell, read_cells

GAIN = 0.02  # exact match on validation that a variant must gain to be trained with all seeds


def first_tries(plan: StudyPlan) -> list[RunJob]:
    """Return the first run of every variant of every failed cell."""
    return [
        plan.job(variant, plan.seeds_of(failed.cell.learner)[0])
        for failed in failed_cells(plan)
        for variant in plan.variants(failed.cell)
    ]


def further_seeds(plan: StudyPlan) -> list[RunJob]:
    """Return the runs of the best variants with the other seeds."""
    found = []
    for failed in failed_cells(plan):
        best = best_variant(failed, tried_variants(plan, failed))
        if best is not None:
            found += [plan.job(best.cell, seed) for seed in best.seeds[1:]]
    return found


def failed_cells(plan: StudyPlan) -> Iterator[CellResults]:
    """Yield the cells whose runs are finished, which failed, and for which the study names a search."""
    for results in read_cells(plan):
        if results.cell.learner.search and results.complete and results.validation < plan.study.solved:
            yield results


def tried_variants(plan: StudyPlan, cell: CellResults) -> list[CellResults]:
    """Return the variants of a cell of which the first run is finished."""
    tried = [read_cell(plan, variant) for variant in plan.variants(cell.cell)]
    return [results for results in tried if cell.seeds and cell.seeds[0] in results.runs]


def best_variant(failed: CellResults, tried: Sequence[CellResults]) -> CellResults | None:
    """Return the variant to train with all seeds: the best on validation, where it gains enough over the cell.

    Args:
        failed: the cell.
        tried: its variants, see `tried_variants`.
    """
    scored = [(results.runs[failed.seeds[0]].best["validation"], results) for results in tried]
    share, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return best if share >= failed.validation + GAIN else None
