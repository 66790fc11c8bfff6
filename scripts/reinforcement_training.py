"""The arms of scripts/reinforcement: supervised steps, policy gradients and expert iteration, with exact resume."""

import io
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import torch
from reinforcement_network import Network, decode_answers, encode_answers, encode_prompts

from mathbench.errors import InputError
from mathbench.rewards import AdaptiveSampler, Level, reward, task_levels
from mathbench.rewards.rows import TASK_SPEC, task_spec
from mathbench.rows import Rows
from mathbench.storage import atomic

LENGTHS = range(1, 13)  # digits of both operands in training
LONGER = range(13, 15)  # tested only
SHORT = 3  # digits up to which the warm start is trained


@dataclass(frozen=True)
class Settings:
    """What determines a run, apart from its seed.

    Attributes:
        arm: ``"warm-start"``, ``"supervised"``, ``"uniform"``, ``"adaptive"``, ``"eager"`` or ``"expert"``.
        steps: training steps; of the warm start at most.
        prompts: problems per step.
        samples: answers sampled for each problem.
        rate: the learning rate of AdamW.
        easy, bound: the share below the frontier, and the mean reward from which on it rises.
        every: steps between checkpoints, which are also those of validation.
        validation, test: problems of each length.
        enough: the accuracy on `SHORT` digits at which the warm start ends.
    """

    arm: str
    steps: int
    prompts: int = 128
    samples: int = 4
    rate: float = 1e-3
    easy: float = 0.3
    bound: float = 0.9
    every: int = 50
    validation: int = 100
    test: int = 400
    enough: float = 0.95


def levels(lengths: range) -> list[Level]:
    """Sums whose operands both have one of these numbers of digits, a level for each."""
    return task_levels("addition", digits=lengths, shortest=lengths, more=0, format="reversed-all")


def make_sampler(settings: Settings, seed: int) -> AdaptiveSampler:
    """The problems of an arm. With the last level as the first frontier, all are equally frequent."""
    if settings.arm in ("adaptive", "eager", "expert"):
        options = {"bound": settings.bound, "easy": settings.easy, "start": SHORT}
        return AdaptiveSampler(levels(LENGTHS), seed=seed, **options)
    chosen = levels(range(1, SHORT + 1)) if settings.arm == "warm-start" else levels(LENGTHS)
    return AdaptiveSampler(chosen, seed=seed, start=len(chosen) - 1, easy=1 - 1 / len(chosen))


class Learner:
    """A network in training.

    Args:
        settings: the settings.
        seed: the seed of weights, samples and problems.
    """

    def __init__(self, settings: Settings, seed: int):
        self.settings, self.seed = settings, seed
        self.generator = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        self.network, self.sampler = Network(), make_sampler(settings, seed)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.step, self.seconds, self.finished = 0, 0.0, False
        self.curve: list[dict[str, Any]] = []

    def advance(self) -> None:
        """Take one step."""
        start = process_time()
        rows = self.sampler.batch(self.settings.prompts)
        step = self._labels if self.settings.arm in ("warm-start", "supervised") else self._rewards
        loss = step(rows)
        if loss is not None:
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimiser.step()
        self.step += 1
        self.seconds += process_time() - start

    def _labels(self, rows: list[dict[str, Any]]) -> torch.Tensor:
        # the frontier is the last level already, so that no reward changes the problems
        self.sampler.record([row["draw"] for row in rows], [0.0] * len(rows))
        prompts = encode_prompts([row["question"] for row in rows], self.generator)
        answers = encode_answers([row["answer"] for row in rows])
        return -self.network.log_likelihood(prompts, answers).sum() / int((answers > 0).sum())

    def _rewards(self, rows: list[dict[str, Any]]) -> torch.Tensor | None:
        """Sample answers, record their rewards, and return the loss; None where nothing is to be learned."""
        copies = self.settings.samples
        prompts = encode_prompts([row["question"] for row in rows], self.generator)
        answers = self.network.answer(prompts, self.generator, copies)
        asked = [row for row in rows for _ in range(copies)]
        rewards = reward(decode_answers(answers), asked)
        self.sampler.record([row["draw"] for row in asked], rewards)
        grouped = torch.tensor(rewards).view(-1, copies)
        loss = self._imitation if self.settings.arm == "expert" else self._policy_gradient
        return loss(prompts, answers, grouped)

    def _policy_gradient(self, prompts: Any, answers: torch.Tensor, rewards: torch.Tensor) -> Any:
        """The gradient of the expected reward, with the mean of the group as baseline. Equal groups have none."""
        advantage = (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 0.01)
        chosen = rewards.std(1) > 0
        if not bool(chosen.any()):
            return None
        kept = answers.unflatten(0, rewards.shape)[chosen].flatten(0, 1)
        likelihood = self.network.log_likelihood(prompts.select(chosen), kept, rewards.shape[1])
        return -(advantage[chosen].flatten()[:, None] * likelihood).sum() / int((answers > 0).sum())

    def _imitation(self, prompts: Any, answers: torch.Tensor, rewards: torch.Tensor) -> Any:
        """Cross-entropy of one right answer to each problem that has any."""
        chosen = rewards.max(1).values > 0
        if not bool(chosen.any()):
            return None
        first = rewards.argmax(1)
        right = answers.unflatten(0, rewards.shape)[torch.arange(len(first)), first][chosen]
        return -self.network.log_likelihood(prompts.select(chosen), right).sum() / int((right > 0).sum())

    def validate(self) -> None:
        """Append accuracies by length to the curve; the warm start ends when it knows short sums."""
        scores = evaluate(self.network, LENGTHS, "validation", self.settings.validation)
        accuracy = [right / n for right, n in scores.values()]
        seconds = {"cpu_s": round(self.seconds, 2)}
        self.curve.append(
            {"step": self.step, "frontier": self.sampler.frontier + 1, "accuracy": accuracy} | seconds
        )
        known = self.settings.arm == "warm-start" and accuracy[SHORT - 1] >= self.settings.enough
        self.finished = known or self.step >= self.settings.steps

    def state(self) -> dict[str, Any]:
        """Everything that a resume needs."""
        beside = {
            "sampler": self.sampler.state_dict(),
            "curve": self.curve,
            "settings": asdict(self.settings),
        }
        counters = {"step": self.step, "seconds": self.seconds, "seed": self.seed, "finished": self.finished}
        tensors = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        return {
            **tensors,
            "generator": self.generator.get_state(),
            "beside": json.dumps(beside | counters),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a state."""
        beside = json.loads(state["beside"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"])
        self.sampler.load_state_dict(beside["sampler"])
        self.step, self.seconds, self.curve = beside["step"], beside["seconds"], beside["curve"]
        self.finished = beside["finished"]


def train(settings: Settings, seed: int, file: Path, start: Path | None) -> Learner:
    """Train to the end, from the checkpoint where there is one.

    Args:
        settings: the settings.
        seed: the seed.
        file: the checkpoint, written atomically.
        start: the checkpoint of the warm start, whose weights the other arms begin with.
    """
    learner = Learner(settings, seed)
    if file.is_file():
        learner.load(read_state(file, settings, seed))
    elif start is not None:
        learner.network.load_state_dict(torch.load(start, weights_only=True)["network"])
    while not learner.finished:
        for _ in range(min(settings.every, settings.steps - learner.step)):
            learner.advance()
        learner.validate()
        save(learner.state(), file)
        report(learner)
    return learner


def report(learner: Learner) -> None:
    """Print the latest validation."""
    last = learner.curve[-1]
    percent = " ".join(f"{value:.0%}" for value in last["accuracy"])
    name = f"{learner.settings.arm} {learner.seed}"
    print(name, last["step"], f"{last['cpu_s']} s", last["frontier"], percent, file=sys.stderr)


def save(state: dict[str, Any], file: Path) -> None:
    """Write a checkpoint atomically."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    atomic.write(file, buffer.getvalue())


def read_state(file: Path, settings: Settings, seed: int) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        InputError: for one of other settings, or a damaged file.
    """
    try:
        state = torch.load(file, weights_only=True)
        beside = json.loads(state["beside"])
    except Exception as error:  # torch.load raises what the damage makes it meet
        raise InputError(f"{file} is damaged: {type(error).__name__}. Delete it to train again.") from None
    if (beside["settings"], beside["seed"]) != (asdict(settings), seed):
        raise InputError(f"{file} is of other settings. Give another --runs, or delete it.")
    return state


def evaluate(
    network: Network, lengths: range, split: str, count: int, sampled: bool = False
) -> dict[str, tuple[int, int]]:
    """Right answers and their number by length, at most `count` each; short sums have fewer in a split.

    Places have offsets as in training. Offsets and samples come from a generator of their own.
    """
    generator, scores = torch.Generator().manual_seed(0), {}
    for level in levels(lengths):
        rows = Rows(level.task, split)
        found = rows.batch(range(rows.capacity_up_to(count))).to_pylist()
        prompts = encode_prompts([row["question"] for row in found], generator)
        texts = decode_answers(network.answer(prompts, generator if sampled else None))
        rewards = reward(texts, [row | {TASK_SPEC: task_spec(level.task)} for row in found])
        scores[str(level.task.digits)] = int(sum(rewards)), len(found)
    return scores


def shortened(settings: Settings) -> Settings:
    """Settings for a test of some seconds."""
    return replace(settings, steps=6, prompts=16, every=2, validation=8, test=8)
