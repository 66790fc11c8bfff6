"""Ask a model behind a server of the OpenAI protocol: a smoke test of the extra `openai`."""

import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests/baselines/prompting"))

import language_server

WORDS = ("--task", "addition", "--digits", "2", "--limit", "20", "--no-submit", "--out", "served")

if __name__ == "__main__":
    with language_server.running() as server:
        command = [
            "mathbench",
            "run-baseline",
            f"openai:{language_server.MODEL}",
            "--url",
            server.url,
            *WORDS,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if len(server.bodies) != 40:
            raise SystemExit(f"the server was asked {len(server.bodies)} questions, not 40")
