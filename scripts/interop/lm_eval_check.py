"""lm-evaluation-harness scores answers of five kinds as mathbench does, and its logs come back with the same scores."""

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from answering import Answers, run_mathbench, serving

from mathbench.scores.extraction import extraction

NAMES = ("last-number", "after-answer")
PLAIN = ("--name", "plain")
CHATTY = (
    "--name",
    "chatty",
    "--packaged",
    "--chat",
    "--shots",
    "2",
    "--extract",
    NAMES[0],
    "--extract",
    NAMES[1],
)


def evaluate(model: str, url: str, tasks: Path, name: str, log: Path) -> dict[str, float]:
    """Run the harness on the interpolate split; return exact match by filter."""
    arguments = f"model=answers,base_url={url},tokenizer_backend=none,num_concurrent=4"
    command = [sys.executable, "-m", "lm_eval", "run", "--model", model, "--model_args", arguments]
    command += ["--include_path", str(tasks), "--tasks", f"{name}_interpolate"]
    command += ["--output_path", str(log), "--log_samples"]
    command += ["--apply_chat_template"] * ("chat" in model)
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OPENAI_API_KEY": "none"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (results,) = json.loads(next(log.rglob("results_*.json")).read_text())["groups"].values()
    return {key.partition(",")[2]: value for key, value in results.items() if key.startswith("exact_match,")}


def check_import(log: Path, out: Path, expected: dict[str, float]) -> None:
    """Import a log by every extraction and submit it."""
    for name, share in expected.items():
        words = ("import", "lm-eval", log, out / name, "--revision", "v1", "--extract", name, "--json")
        (config,) = json.loads(run_mathbench(*words))["configs"].values()
        assert config["interpolate"]["exact_match"] == share, (name, config, share)
        run_mathbench("submit", out / name)


def main(work: Path) -> None:
    """Check both kinds of export with both protocols."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--interpolate", "100", "--out", data)
    answers = Answers(str(data))
    expected = {"strict": answers.share()} | {extraction(n).id: answers.share(n) for n in NAMES}
    assert len({*expected.values()}) == 3, expected
    with serving(answers) as url:
        for name, options in (("plain", PLAIN), ("chatty", CHATTY)):
            tasks = work / name
            run_mathbench("export", "lm-eval", data, tasks, *options)
            if name == "chatty":
                # a packaged folder can be moved
                tasks = tasks.rename(work / "moved")
            for model, path in (("local-completions", ""), ("local-chat-completions", "chat/")):
                log = work / f"log-{name}-{model}"
                found = evaluate(model, f"{url}/{path}completions", tasks, name, log)
                assert found == {key: expected[key] for key in found}, (name, model, found, expected)
                assert len(found) == (3 if name == "chatty" else 1)
                print(f"lm-eval {version('lm-eval')}, {model}, {name}: {found}")
    by_name = {"whole": expected["strict"]} | {n: expected[extraction(n).id] for n in NAMES}
    check_import(log, work / "imported", by_name)


main(Path(sys.argv[1]))
