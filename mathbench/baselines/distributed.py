"""Several processes learn together, a part of each batch each, by PyTorch's DistributedDataParallel.

A launcher (torchrun, `accelerate launch`, or ``--devices N``, which calls the first) starts the same command several
times. Process 0 leads: it does all that one process does, and tells the others what to build and what to learn. They
keep no files and make no rows. Gradients are averaged by PyTorch, so a step is that of one process with the whole
batch, up to the order of additions.
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
    """How many processes the launcher started; 1 without a launcher."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ.get("RANK", "0"))


def local_device() -> str:
    """The GPU of this process; that of one process is the first."""
    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}"


def launch_torchrun(devices: int, arguments: list[str]) -> None:
    """Become torchrun, which starts this command once for each device of this machine.

    Args:
        devices: how many.
        arguments: of the command, without what says how many.
    """
    own = ["--standalone", "--nproc-per-node", str(devices), "-m", "mathbench", *arguments]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as torchrun would, but it prints four lines about it
    os.execv(sys.executable, [sys.executable, "-m", "torch.distributed.run", *own])


@contextmanager
def process_group() -> Iterator[bool]:
    """Join the other processes for a while; gives whether this one leads, and lets the others end with it."""
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
    """What the leader does now, for the others to do too; without others nothing."""
    if world() > 1 and rank() == 0:
        _broadcast([words])


def run_follower(build: Callable[..., Any]) -> None:
    """Do what the leader says until it ends: build networks, load weights and take steps.

    Args:
        build: makes a network from what the leader sends.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the leader says when it is over
        signal.signal(number, signal.SIG_IGN)
    network: Any = None
    while (words := _broadcast([None])[0])[0] != "end":
        name, *arguments = words
        if name == "build":
            network = build(*arguments)
        else:
            getattr(network, name)(*arguments)


def local_rows(questions: Tokens, labels: Tokens) -> tuple[Tokens, Tokens]:
    """The rows of a batch that this process learns, in their order."""
    if world() == 1:
        return questions, labels
    if len(questions) < world():
        raise InputError(
            f"{world()} processes need batches of as many rows. Received: batch={len(questions)}."
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
