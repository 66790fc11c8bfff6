"""The connection to a Ray cluster."""

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mathbench.errors import InputError

TIMEOUT = 10.0  # seconds to reach a cluster
OBJECT_STORE_BYTES = 100_000_000  # shared memory of a local cluster: results are small, shards go to disk

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@contextmanager
def connected(ray: Any, address: str | None) -> Iterator[None]:
    """Connect to a cluster for the duration of the block, unless this process is connected already."""
    if ray.is_initialized():
        yield
        return
    logging.getLogger("ray").setLevel(logging.ERROR)  # `ray.init` logs before it applies its own setting
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    address = address or os.environ.get("RAY_ADDRESS")
    if address:
        _check_reachable(address)
    try:
        if address:
            ray.init(address=address, **quiet)
        else:
            local = {
                "include_dashboard": False,
                "object_store_memory": OBJECT_STORE_BYTES,
                "_node_ip_address": "127.0.0.1",
            }
            ray.init(address="local", **local, **quiet)
    except Exception as error:  # Ray raises a plain one when a node takes too long to start
        where = f"there is no Ray cluster at {address}" if address else "Ray cannot start on this machine"
        raise InputError(f"{where}: {first_line(error)}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Check that HOST:PORT accepts connections; Ray itself would retry for a quarter of an hour."""
    match = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address)
    if match is None:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=TIMEOUT).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"there is no Ray cluster at {address}: {reason}.") from None


def import_ray() -> Any:
    """Import Ray with usage reports and warnings switched off."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise InputError('--engine ray needs Ray: pip install "mathbench-toolkit[ray]".') from None
    return ray


def first_line(error: BaseException) -> str:
    """The first line of an error's message; Ray's are pages long."""
    return str(error).strip().splitlines()[0]
