"""Train with GRPO of TRL: rewards of text and chats, and an adaptive sampler that resumes bit for bit."""

import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import torch
from tiny_model import make_model, make_tokenizer
from trl import GRPOConfig, GRPOTrainer

import mathbench
from mathbench.rewards import AdaptiveSampler, task_levels
from mathbench.rewards.trl import AdaptiveTraining, dataset, make_reward_func

LEVELS = {"modulus": [5, 7, 11]}


def config(out, steps, **options):
    """Settings of a short training on the CPU."""
    sizes = {"per_device_train_batch_size": 16, "num_generations": 4, "max_completion_length": 1}
    quiet = {"report_to": "none", "use_cpu": True, "bf16": False, "disable_tqdm": True, "logging_steps": 1}
    quiet["log_level"] = "error"
    return GRPOConfig(output_dir=str(out), max_steps=steps, **sizes, **quiet, **options)


def plain(out, as_chat):
    """Train on a stream without an end; return the rewards that TRL logged and those of our function."""
    seen, judge = [], make_reward_func()

    def exact_match(**columns):
        """Judge completions, and remember them."""
        rewards = judge(**columns)
        seen.append((columns["completions"], columns["answer"], rewards))
        return rewards

    rows = dataset(mathbench.stream("modular", modulus=5, epochs=None), as_chat=as_chat)
    trainer = GRPOTrainer(
        model=make_model(),
        reward_funcs=exact_match,
        args=config(out, 2, save_strategy="no"),
        train_dataset=rows,
        processing_class=make_tokenizer(),
    )
    trainer.train()
    logged = [entry["reward"] for entry in trainer.state.log_history if "reward" in entry]
    for (texts, answers, rewards), mean in zip(seen, logged, strict=True):
        if as_chat:
            texts = [turns[-1]["content"] for turns in texts]
        expected = [float(text.strip() == answer) for text, answer in zip(texts, answers, strict=True)]
        assert rewards == expected, (texts, answers, rewards)
        assert abs(mean - sum(expected) / len(expected)) < 1e-6
    return logged


def adaptive(out, steps, resume=None):
    """Train with the adaptive sampler; return its state, the draws by step, and the weights."""
    sampler = AdaptiveSampler(task_levels("modular", **LEVELS), window=4, bound=0.01)
    training, draws = AdaptiveTraining(sampler), []

    def exact_match(**columns):
        """Judge completions, and remember their draws."""
        draws.append(list(zip(columns["draw"], columns["level"], columns["question"], strict=True)))
        return training.reward_func(**columns)

    options = {"save_steps": 3, "shuffle_dataset": False, "ignore_data_skip": True}
    trainer = GRPOTrainer(
        model=make_model(),
        reward_funcs=exact_match,
        args=config(out, steps, **options),
        train_dataset=training.dataset,
        processing_class=make_tokenizer(),
        callbacks=[training.callback()],
    )
    trainer.train(resume_from_checkpoint=resume)
    weights = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    return sampler, draws, weights


def resumed(folder):
    """Compare six steps with the last three of them after a resume."""
    whole, draws, weights = adaptive(folder / "whole", 6)
    checkpoint = shutil.copytree(folder / "whole" / "checkpoint-3", folder / "part" / "checkpoint-3")
    again, rest, same = adaptive(folder / "part", 6, resume=str(checkpoint))
    assert rest == draws[3:], (rest, draws[3:])
    assert again.state_dict() == whole.state_dict()
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert whole.frontier > 0, "the frontier did not rise"
    groups = [draw for step in draws for draw, _, _ in step]
    assert all(groups[i : i + 4] == [groups[i]] * 4 for i in range(0, len(groups), 4))
    return whole.frontier


def main():
    """Run all checks."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text, chats = plain(folder / "text", False), plain(folder / "chat", True)
        frontier = resumed(folder)
    print(f"trl {version('trl')}, transformers {version('transformers')}, torch {version('torch')}")
    print(f"rewards by step: text {text}, chats {chats}; frontier {frontier} after 6 steps, resume exact")


if __name__ == "__main__":
    main()
