"""Comparisons of the models of a season, on one task and over tasks, with p-values corrected as in the rankings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mathbench.leaderboard.ranking.macro import ModelKey, RankedModel, model_id, model_key, ranked_models
from mathbench.leaderboard.ranking.paired import LEVEL, PairedTests, compare_over_tasks
from mathbench.leaderboard.ranking.ranked_board import RankedBoard
from mathbench.leaderboard.ranking.shared_ranks import MAX_COMPARED
from mathbench.leaderboard.seasons.season import SeasonTask
from mathbench.leaderboard.submission_manifest import Supervision


@dataclass(frozen=True)
class PairResult:
    """What is known of the first model against the second.

    Args:
        difference: of the shares of right answers.
        low, high: its 95 % interval.
        p: two-sided p-value.
        corrected: the p-value corrected for all pairs of the ranking; None where the two are not in one ranking.
        pairs: the number of pairs of the ranking; 1 where the two are not in one.
        shares: of right answers, of the first and of the second.
    """

    difference: float
    low: float
    high: float
    p: float
    corrected: float | None
    pairs: int
    shares: tuple[float, float]

    @property
    def significant(self) -> bool:
        """Whether the difference is significant at 5 %, all pairs of the ranking together."""
        return (self.p if self.corrected is None else self.corrected) <= LEVEL


@dataclass(frozen=True)
class RankingTests:
    """The comparisons of the entries of one ranking.

    Args:
        places: the index of the first entry of each model.
        tests: of all pairs.
    """

    places: Mapping[ModelKey, int]
    tests: PairedTests

    @property
    def pairs(self) -> int:
        """The number of pairs, for which p-values are corrected."""
        entries = len(self.tests.shares)
        return entries * (entries - 1) // 2

    def result(self, first: ModelKey, second: ModelKey, in_ranking: bool = True) -> PairResult | None:
        """The first model against the second; None where one of them is not there."""
        if first not in self.places or second not in self.places:
            return None
        i, j = self.places[first], self.places[second]
        t = self.tests
        return PairResult(
            difference=float(t.difference[i, j]),
            low=float(t.difference_low[i, j]),
            high=float(t.difference_high[i, j]),
            p=float(t.p[i, j]),
            corrected=float(t.corrected[i, j]) if in_ranking else None,
            pairs=self.pairs if in_ranking else 1,
            shares=(float(t.shares[i]), float(t.shares[j])),
        )


@dataclass
class Comparisons:
    """The comparisons of a board in one season, each ranking computed at most once.

    Args:
        board: the board.
    """

    board: RankedBoard
    _known: dict[tuple[object, ...], RankingTests] = field(default_factory=dict)

    @cached_property
    def models(self) -> dict[str, RankedModel]:
        """The models by `model_id`, those that answered most tasks first."""
        found = ranked_models(self.board)
        ordered = [self._in_season_order(model) for model in found]
        return {model.id: model for model in sorted(ordered, key=lambda m: (-len(m.entries), m.name))}

    def _in_season_order(self, model: RankedModel) -> RankedModel:
        names = (task.name for task in self.board.season.tasks)
        return RankedModel(model.key, {name: model.entries[name] for name in names if name in model.entries})

    def on_task(self, task: str, split: str, first: RankedModel, second: RankedModel) -> PairResult | None:
        """One model against another on a task; None where one of them has not answered it.

        Args:
            task: its name in the season.
            split: the split.
            first, second: the models.
        """
        if task not in first.entries or task not in second.entries:
            return None
        if first.key.supervision == second.key.supervision:
            found = self.ranking(task, split, first.key.supervision).result(first.key, second.key)
            if found is not None:
                return found
        pair = [first.entries[task], second.entries[task]]
        return RankingTests({first.key: 0, second.key: 1}, self.board.tests(pair, split)).result(
            first.key, second.key, in_ranking=False
        )

    def ranking(self, task: str, split: str, supervision: Supervision) -> RankingTests:
        """The comparisons of the models of one supervision on a task."""
        key = (task, split, supervision)
        if key not in self._known:
            of_task = [
                entry
                for entry in self.board.entries
                if entry.task.name == task and entry.supervision == supervision
            ]
            best = self.board.best_first(of_task, split)[:MAX_COMPARED]
            # of several entries of a model the first attempt is assigned last
            order = sorted(range(len(best)), key=lambda i: -best[i].attempt)
            places = {model_key(best[i]): i for i in order}
            self._known[key] = RankingTests(places, self.board.tests(best, split))
        return self._known[key]

    def over_tasks(self, split: str, first: RankedModel, second: RankedModel) -> PairResult | None:
        """One model against another over all tasks that both have answered; None without one."""
        tasks = self.common_tasks(split, first, second)
        if not tasks:
            return None
        of_season = [task for task in self.board.season.tasks if split in task.rows]
        same = first.key.supervision == second.key.supervision
        if same and len(tasks) == len(of_season):
            found = self.season(split, first.key.supervision).result(first.key, second.key)
            if found is not None:
                return found
        return self._compared([first, second], tasks, split).result(first.key, second.key, in_ranking=False)

    def season(self, split: str, supervision: Supervision) -> RankingTests:
        """The comparisons over the whole season of the models that have answered all its tasks."""
        key = (split, supervision)
        if key not in self._known:
            tasks = [task for task in self.board.season.tasks if split in task.rows]
            complete = [
                model
                for model in self.models.values()
                if model.key.supervision == supervision and all(t.name in model.entries for t in tasks)
            ]
            self._known[key] = self._compared(complete, tasks, split)
        return self._known[key]

    def _compared(
        self, models: Sequence[RankedModel], tasks: Sequence[SeasonTask], split: str
    ) -> RankingTests:
        moments = [self.board.moments([m.entries[task.name] for m in models], split) for task in tasks]
        tests = compare_over_tasks(moments, [task.weight for task in tasks])
        return RankingTests({model.key: i for i, model in enumerate(models)}, tests)

    def common_tasks(self, split: str, *models: RankedModel) -> list[SeasonTask]:
        """The tasks of the season that all of some models have answered."""
        return [
            task
            for task in self.board.season.tasks
            if split in task.rows and all(task.name in model.entries for model in models)
        ]

    def best(self, keys: Iterable[ModelKey]) -> list[RankedModel]:
        """The models of some keys that are ranked, in their order."""
        return [self.models[id] for id in map(model_id, keys) if id in self.models]
