"""Data-parallel training in several processes with PyTorch's DistributedDataParallel.

A launcher (torchrun, `accelerate launch`, or ``--devices N``, which calls torchrun) starts the same command several
times. Process 0 leads: it does everything that a single process does, and broadcasts commands to the others, which
write no files and generate no rows. PyTorch averages the gradients, so a step equals that of one process with the
complete batch, up to the order of additions.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mathbench.baselines.encoding import Tokens
from mathbench.errors import InputError


def world() -> int:
    """Return the number of processes that the launcher started, 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def rank() -> int:
    """Return the index of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def local_device() -> str:
    """Return the GPU of this process, the first one without a launcher."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def launch_torchrun(devices: int, arguments: list[str]) -> None:
    """Replace this process by torchrun, which starts the command once for each device of this machine.

    Args:
        devices: number of devices.
        arguments: arguments of the command without the number of devices.
    """
    options = ["--standalone", "--nproc-per-node", str(devices), "-m", "mathbench", *arguments]
    # torchrun would set the same value, with a warning of four lines
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.execv(sys.executable, [sys.executable, "-m", "torch.distributed.run", *options])


@contextmanager
def process_group() -> Iterator[bool]:
    """Join the process group while the context is open. Yields whether this process leads; its exit ends the others."""
    if world() == 1:
        yield True
        return
    distributed = _joined()
    try:
        yield rank() == 0
    finally:
        if rank() == 0:
            broadcast_command("end")
        distributed.destroy_process_group()


def broadcast_command(*words: Any) -> None:
    """Send a command of the leader to the other processes. Does nothing in a single process."""
    if world() > 1 and rank() == 0:
        _broadcast([words])


def run_follower(build: Callable[..., Any]) -> None:
    """Execute the commands of the leader until it ends: build networks, load weights and take steps.

    Args:
        build: builds a network from the arguments that the leader sends.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the leader decides when to end
        signal.signal(number, signal.SIG_IGN)
    network: Any = None
    while (words := _broadcast([None])[0])[0] != "end":
        name, *arguments = words
        if name == "build":
            network = build(*arguments)
        else:
            getattr(network, name)(*arguments)


def local_rows(questions: Tokens, labels: Tokens) -> tuple[Tokens, Tokens]:
    """Return the rows of a batch that this process trains on, in order."""
    if world() == 1:
        return questions, labels
    if len(questions) < world():
        raise InputError(
            f"{world()} processes need batches of at least {world()} rows. Received: batch={len(questions)}."
        )
    rows = np.array_split(np.arange(len(questions)), world())[rank()]
    return questions[rows], labels[rows]


def _broadcast(words: list[Any]) -> list[Any]:
    import torch

    torch.distributed.broadcast_object_list(words, src=0, device=torch.device("cpu"))
    return words


def _joined() -> Any:
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(local_device())
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    return torch.distributed
