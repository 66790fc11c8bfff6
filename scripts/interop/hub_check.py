"""A repository for the Hub: `datasets` and Inspect read it, and an upload reaches a local endpoint."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

import huggingface_hub
import inspect_ai._eval.task.hf as loader
from answering import Answers, run_mathbench
from datasets import load_dataset
from fake_hub import serving_hub
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model


def check_datasets(folder: Path, answers: Answers) -> None:
    """`datasets` finds the splits by the card."""
    rows = load_dataset(str(folder), answers.config.name)
    assert rows[answers.split].to_list() == answers.rows
    assert {split: len(part) for split, part in rows.items()} == dict(answers.config.sizes), rows
    print(f"datasets {version('datasets')}: {rows.num_rows}")


def check_eval_yaml(folder: Path, answers: Answers, log: Path) -> None:
    """Inspect's loader of `eval.yaml`, with the download replaced by the folder, scores as mathbench."""
    huggingface_hub.hf_hub_download = lambda **words: str(folder / words["filename"])
    load = loader.hf_dataset
    loader.hf_dataset = lambda *_, **words: load(**words | {"path": str(folder), "revision": None})

    def answer(messages, tools, tool_choice, config):
        out = ModelOutput.from_content("mockllm", answers.by_question[messages[-1].text])
        out.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return out

    (task,) = loader.task_create_from_hf(f"hf/ada/sums/subtraction_base10_digits2_{answers.split}")
    (done,) = eval(
        task, model=get_model("mockllm/model", custom_outputs=answer), display="none", log_dir=str(log)
    )
    assert done.status == "success", done.error
    judged = {s.metadata["row"]: next(iter(s.scores.values())).value == "C" for s in done.samples}
    assert [judged[row["row"]] for row in answers.rows] == answers.grades().right.tolist()
    print(f"inspect-ai {version('inspect-ai')}, eval.yaml: {sum(judged.values()) / len(judged)}")


def check_push(data: Path, out: Path) -> None:
    """`--push` sends every file of the folder to the endpoint, with the token of the environment."""
    with serving_hub() as hub:
        os.environ |= {"HF_ENDPOINT": hub.address, "HF_TOKEN": "hf_secret", "HF_HUB_OFFLINE": "0"}
        os.environ |= {"HF_HUB_DISABLE_XET": "1"}
        run_mathbench("export", "hub", data, out, "--push", "ada/sums")
    sent = {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert hub.files == sent, sorted(hub.files.keys() ^ sent.keys())
    assert hub.tokens == {"Bearer hf_secret"} and hub.created == [("ada/sums", True)], (
        hub.tokens,
        hub.created,
    )
    print(f"huggingface_hub {version('huggingface_hub')}: {len(sent)} files uploaded to a local endpoint")


def main(work: Path) -> None:
    """Check a repository."""
    data = work / "data"
    run_mathbench("generate", "--task", "subtraction", "--digits", "2", "--train", 300, "--out", data)
    answers = Answers(str(data))
    run_mathbench("export", "hub", data, work / "repository")
    run_mathbench("verify", work / "repository")
    check_datasets(work / "repository", answers)
    check_eval_yaml(work / "repository", answers, work / "log")
    check_push(data, work / "pushed")


main(Path(sys.argv[1]))
