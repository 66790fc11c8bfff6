"""Read our rows with the dataset of verl, and reward answers through its configuration and its reward manager.

No model is trained: verl trains on GPUs.
"""

import asyncio
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from omegaconf import OmegaConf
from tiny_model import make_tokenizer
from verl import DataProto
from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
from verl.trainer.ppo.reward import get_custom_reward_fn
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

import mathbench
from mathbench.families import task
from mathbench.rewards.verl import write_rows

ROWS = 20


def config(extract):
    """The configuration of the reward."""
    path = {"path": "pkg://mathbench.rewards.verl", "name": "compute_score"}
    return OmegaConf.create(
        {"reward": {"custom_reward_function": {**path, "reward_kwargs": {"extract": extract}}}}
    )


def read(file, tokenizer):
    """The rows of a file as verl reads and collates them."""
    options = OmegaConf.create({"max_prompt_length": 64, "filter_overlong_prompts": False})
    rows = RLHFDataset(str(file), tokenizer, options)
    return collate_fn([rows[i] for i in range(len(rows))])


def rewards(batch, answers, tokenizer, extract):
    """The rewards that the manager of verl gives to an answer for each row."""
    settings = config(extract)

    async def judged():
        manager = NaiveRewardManager(settings, tokenizer, get_custom_reward_fn(settings))
        names = ("data_source", "reward_model", "extra_info")
        scores = []
        for row, answer in enumerate(answers):
            ids = torch.tensor([tokenizer(answer + tokenizer.eos_token)["input_ids"]])
            tensors = {"responses": ids, "attention_mask": torch.ones_like(ids)}
            beside = {name: np.array([batch[name][row]], dtype=object) for name in names}
            result = await manager.run_single(DataProto.from_dict(tensors, beside))
            scores.append(result["reward_score"])
        return scores

    return asyncio.run(judged())


def main():
    """Run all checks."""
    tokenizer = make_tokenizer()
    made = task("subtraction", digits=2)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        write_rows(mathbench.stream(made), file, ROWS)
        batch = read(file, tokenizer)
    truth = [entry["ground_truth"] for entry in batch["reward_model"]]
    questions = [turns[0]["content"] for turns in batch["raw_prompt"]]
    rows = mathbench.stream(made)[:ROWS]
    assert (questions, truth) == ([row["question"] for row in rows], [row["answer"] for row in rows])
    unsigned = [answer.lstrip("-") for answer in truth]
    given = {"right": truth, "unsigned": unsigned, "question": questions, "empty": [""] * ROWS}
    found = {name: sum(rewards(batch, answers, tokenizer, "whole")) / ROWS for name, answers in given.items()}
    positive = sum(not answer.startswith("-") for answer in truth) / ROWS
    assert found == {"right": 1.0, "unsigned": positive, "question": 0.0, "empty": 0.0}, found
    chatty = [f"({answer})=: {answer}" for answer in truth]
    assert sum(rewards(batch, chatty, tokenizer, "whole")) == 0
    assert sum(rewards(batch, chatty, tokenizer, "last-number")) == ROWS
    print(f"verl {version('verl')}, torch {version('torch')}: {found}")


if __name__ == "__main__":
    main()
