"""Whether the Hugging Face Hub can be reached; its client asks six times, with pauses of 23 seconds in all."""

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub import constants

PORTS = {"http": 80, "https": 443}


def is_offline() -> bool:
    """Whether the Hub's client has been told not to use the network (``HF_HUB_OFFLINE``)."""
    return bool(constants.HF_HUB_OFFLINE)


def is_reachable() -> bool:
    """Whether the Hub accepts a connection, within the time in which its client expects an answer.

    Behind a proxy only the client itself can find that out, and the result is True.
    """
    if is_offline():
        return False
    if getproxies():
        return True
    place = urlsplit(constants.ENDPOINT)
    try:
        port = place.port or PORTS.get(place.scheme, 443)
        socket.create_connection((place.hostname, port), constants.HF_HUB_ETAG_TIMEOUT).close()
    except (OSError, ValueError):
        return False
    return True


def absent_model() -> str:
    """Why a model of the Hub is not there, and what to do."""
    why = "HF_HUB_OFFLINE is set" if is_offline() else f"the Hub cannot be reached ({constants.ENDPOINT})"
    return (
        f"{why}, and the model is neither a folder here nor in the Hub's cache. Give a folder, such as hf:models/mine, "
        "or copy the cache of a machine that has loaded the model (HF_HOME)."
    )
