"""Read our rows with the dataset of OpenRLHF, and reward answers through its executor of single turns.

The executor loads the reward from a file, asks an engine for an answer, and calls the reward. The engine here writes
given answers; no model is trained, because OpenRLHF trains on GPUs.
"""

import asyncio
import tempfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

from openrlhf.datasets import PromptDataset
from openrlhf.datasets.utils import blending_datasets
from openrlhf.utils.agent import SingleTurnAgentExecutor
from tiny_model import make_tokenizer

import mathbench
from mathbench.families import task
from mathbench.rewards import openrlhf

ROWS = 20
OWN = """from mathbench.rewards.openrlhf import make_reward_func

reward_func = make_reward_func(extract="last-number", ends=("<eos>",))
"""


class Engine:
    """Writes one given answer, as vLLM would."""

    def __init__(self, tokenizer, answer):
        self.tokens = tokenizer(answer + tokenizer.eos_token)["input_ids"]

    async def generate(self, prompt_token_ids, sampling_params, multi_modal_data=None):
        """Return the answer."""
        output = SimpleNamespace(token_ids=self.tokens, finish_reason="stop", logprobs=None)
        return SimpleNamespace(outputs=[output])


def read(file, tokenizer, as_chat):
    """The prompts and labels of a file as OpenRLHF reads them."""
    data = SimpleNamespace(input_key="input", label_key="label", apply_chat_template=as_chat)
    strategy = SimpleNamespace(args=SimpleNamespace(data=data), is_rank_0=lambda: False, print=print)
    rows = PromptDataset(blending_datasets(str(file), strategy=strategy), tokenizer, strategy)
    _, prompts, labels, _ = rows.collate_fn([rows[i] for i in range(len(rows))])
    return prompts, labels


def rewards(file, prompts, labels, answers, tokenizer):
    """The rewards that the executor returns."""
    executor = SingleTurnAgentExecutor(str(file))

    async def judged():
        scores = []
        for prompt, label, answer in zip(prompts, labels, answers, strict=True):
            sampling = SimpleNamespace(max_tokens=16, logprobs=None)
            engine = Engine(tokenizer, answer)
            result = await executor.execute(prompt, label, sampling, 256, tokenizer, engine)
            scores.append(float(result["reward"]))
        return scores

    return asyncio.run(judged())


def check(folder, as_chat):
    """Check one kind of prompt; return the mean rewards of several kinds of answers."""
    tokenizer, made = make_tokenizer(), task("subtraction", digits=2)
    file, own = folder / f"rows-{as_chat}.parquet", folder / "own.py"
    own.write_text(OWN)
    openrlhf.write_rows(mathbench.stream(made), file, ROWS, as_chat=as_chat)
    prompts, labels = read(file, tokenizer, as_chat)
    rows = mathbench.stream(made)[:ROWS]
    truth, questions = [row["answer"] for row in rows], [row["question"] for row in rows]
    assert prompts == [f"{question}|" if as_chat else question for question in questions]
    given = {
        "right": truth,
        "unsigned": [answer.lstrip("-") for answer in truth],
        "question": questions,
        "empty": [""] * ROWS,
    }
    found = {
        name: sum(rewards(openrlhf.__file__, prompts, labels, answers, tokenizer)) / ROWS
        for name, answers in given.items()
    }
    positive = sum(not answer.startswith("-") for answer in truth) / ROWS
    assert found == {"right": 1.0, "unsigned": positive, "question": 0.0, "empty": 0.0}, found
    chatty = [f"({answer})=: {answer}" for answer in truth]
    assert sum(rewards(openrlhf.__file__, prompts, labels, chatty, tokenizer)) == 0
    assert sum(rewards(own, prompts, labels, chatty, tokenizer)) == ROWS
    return found


def main():
    """Run all checks."""
    with tempfile.TemporaryDirectory() as name:
        found = [check(Path(name), as_chat) for as_chat in (False, True)]
    print(f"openrlhf {version('openrlhf')}, transformers {version('transformers')}: text and chat {found[0]}")


if __name__ == "__main__":
    main()
