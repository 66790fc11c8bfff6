"""An HTTP client for served boards, with the standard library only."""

import http.client
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from time import sleep
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from mathbench.errors import InputError, os_error_message
from mathbench.leaderboard.proof import PROOF, Proof
from mathbench.leaderboard.store.database import chosen
from mathbench.leaderboard.submission import manifest_path, read_manifest, submission_files
from mathbench.leaderboard.submission_record import Receipt
from mathbench.scores.results import SplitScore

ADDRESS = "/api/v1/submissions"
MAX_ATTEMPTS = 3  # safe, because the same content again is the same submission
PAUSE = 1.0  # seconds between attempts
TIMEOUT = 120  # seconds without data from the server
MAX_RESPONSE = 10 << 20  # bytes

MAX_WAITS = 60  # times that a request is sent again because the server asked to wait
MAX_WAIT = 600.0  # seconds of one wait
TRY_LATER = (429, 503)  # statuses of a server that has too much to do

RequestParts = tuple[str, str, bytes, dict[str, str]]  # method, address, body, headers
FormFiles = Mapping[str, tuple[str, bytes]]  # file name and content, by part of a form


class Reply(NamedTuple):
    """The response of a server: its status, its body, and the seconds after which to send a request again."""

    status: int
    body: bytes
    retry_after: float


def server_url(board: str | Path | None) -> str | None:
    """The URL of a served board; None for a path or a database URL."""
    target = str(chosen(board) or "")
    return target if target.lower().startswith(("http://", "https://")) else None


def read_token(file: Path | None) -> str:
    """Read the token from a file or from MATHBENCH_TOKEN; on a command line other users could see it.

    Raises:
        InputError: when there is none, or the file cannot be read or is not a token.
    """
    try:
        found = file.read_text(encoding="ascii") if file else os.environ.get("MATHBENCH_TOKEN", "")
    except OSError as error:
        raise InputError(f"the token cannot be read: {os_error_message(error)}.") from None
    except UnicodeDecodeError:
        raise InputError(f"'{file}' contains no token.") from None
    if not found.strip():
        raise InputError("a served board requires a token: set MATHBENCH_TOKEN or give --token-file FILE.")
    if len(found.split()) > 1 or not found.strip().isprintable() or not found.isascii():
        raise InputError(f"{f'{file!s:.200}' if file else 'MATHBENCH_TOKEN'} contains no token.")
    return found.strip()


def send_submission(run: Path, url: str, secret: str, name: str | None = None) -> Receipt:
    """Send the files of a run to a served board.

    Args:
        run: the run directory.
        name: of the model on the board; None for that of the baseline.
        url: of the board, such as ``http://host:8000``.
        secret: the token.

    Raises:
        InputError: one line for whatever fails.
    """
    return send_files(_files(run, name), url, secret)


def send_files(
    files: FormFiles, url: str, secret: str, wait: Callable[[float], None] | None = None
) -> Receipt:
    """Send the files of a submission to a served board.

    Args:
        files: file name and content, by part of the form.
        url: of the board.
        secret: the token.
        wait: called with the seconds to wait for when the server has had too many requests, before they are sent again;
            by default that is an error.

    Raises:
        InputError: one line for whatever fails.
    """
    content, kind = multipart_body(files)
    parts = ("POST", ADDRESS, content, _headers({"Content-Type": kind}, secret))
    for _ in range(MAX_WAITS):
        reply = _exchange_with_retries(_parts(url), parts, MAX_RESPONSE)
        if reply.status in (200, 201):
            return _receipt(reply.body, url)
        if wait is None or reply.status not in TRY_LATER:
            break
        wait(reply.retry_after)
    raise refusal(reply.status, reply.body, url)


def request(
    url: str,
    method: str,
    address: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    secret: str | None = None,
    *,
    maximum: int = MAX_RESPONSE,
) -> tuple[int, bytes]:
    """Send a request, which must be idempotent: it is repeated when the connection breaks.

    Args:
        url: of the board, such as ``http://host:8000``.
        method: such as GET.
        address: the path below the URL.
        body: of the request.
        headers: besides Accept and Authorization.
        secret: the token, where one is needed.
        maximum: bytes of the response.

    Returns:
        The status and the body of the response.

    Raises:
        InputError: when there is no response, or one that is too long.
    """
    parts = (method, address, body, _headers(headers, secret))
    reply = _exchange_with_retries(_parts(url), parts, maximum)
    if len(reply.body) > maximum:
        raise InputError(f"the response of {url} is larger than {maximum:,} bytes.")
    return reply.status, reply.body


def _headers(headers: Mapping[str, str] | None, secret: str | None) -> dict[str, str]:
    token = {"Authorization": f"Bearer {secret}"} if secret else {}
    return {"Accept": "application/json", **token, **(headers or {})}


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        plain = parts.hostname and not (parts.username or parts.password or parts.query or parts.fragment)
        if plain and parts.port != 0 and url.isprintable() and " " not in url:
            return parts
    except ValueError:
        pass
    raise InputError(
        "the address of a served board must be a URL such as https://board.example.org or http://127.0.0.1:8000."
    )


def _host(parts: SplitResult) -> str:
    return f"{parts.scheme}://{parts.netloc}"


def _files(path: Path, name: str | None) -> FormFiles:
    """The manifest and the files that it names: file name and content by part of the form."""
    manifest = manifest_path(path)
    document = read_manifest(manifest, name)
    files = submission_files(manifest, document)
    found = {part: (file.name, file.read_bytes()) for part, file in files.items()}
    return found if name is None else {**found, "manifest": (manifest.name, json.dumps(document).encode())}


def multipart_body(files: FormFiles, fields: Mapping[str, str] | None = None) -> tuple[bytes, str]:
    """Encode files and short fields as a multipart/form-data body; return it with its content type."""
    boundary, lines = token_hex(16), []
    for name, value in (fields or {}).items():
        head = f'Content-Disposition: form-data; name="{name}"'
        lines.append(f"--{boundary}\r\n{head}\r\n\r\n{value}\r\n".encode())
    for name, (file, content) in files.items():
        head = f'Content-Disposition: form-data; name="{name}"; filename="{file}"'
        lines += [f"--{boundary}\r\n{head}\r\n\r\n".encode(), content, b"\r\n"]
    return b"".join([*lines, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"


def _exchange_with_retries(parts: SplitResult, requested: RequestParts, maximum: int) -> Reply:
    """Send a request until there is a response, up to `MAX_ATTEMPTS` times."""
    for remaining in reversed(range(MAX_ATTEMPTS)):
        try:
            return _exchange(parts, requested, maximum)
        except (ConnectionRefusedError, http.client.InvalidURL) as error:
            raise InputError(f"cannot connect to {_host(parts)}: {error}.") from None
        except (OSError, http.client.HTTPException) as error:
            if not remaining or not isinstance(error, ConnectionError):
                reason = str(error) or type(error).__name__
                raise InputError(f"no response from {_host(parts)}: {reason}.") from None
            sleep(PAUSE)
    raise InputError(f"no response from {_host(parts)}.")


def _exchange(parts: SplitResult, requested: RequestParts, maximum: int) -> Reply:
    method, address, body, headers = requested
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=TIMEOUT)
    try:
        connection.connect()
        # a server may refuse and hang up before the whole body was sent; its response has the reason
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, parts.path.rstrip("/") + address, body or None, headers)
        response = connection.getresponse()
        return Reply(response.status, response.read(maximum + 1), _seconds(response.getheader("Retry-After")))
    finally:
        connection.close()


def _seconds(retry_after: str | None) -> float:
    """The seconds of a header Retry-After; `PAUSE` without one, and for a date."""
    return min(float(retry_after), MAX_WAIT) if retry_after and retry_after.isdecimal() else PAUSE


def _receipt(answer: bytes, url: str) -> Receipt:
    try:
        record: dict[str, Any] = json.loads(answer)
        scores = {split: SplitScore.from_json(score) for split, score in record["scores"].items()}
        return Receipt(
            digest=str(record["digest"]),
            board=url,
            new=bool(record["new"]),
            attempts=int(record["attempts"]),
            badge=str(record["badge"]),
            model=str(record["model"]),
            task=str(record["task"]),
            scores=scores,
            differences=tuple(map(str, record["differences"])),
            proof=_proof(record.get("proof")),
            sent=dict(record["sent"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"the response of {url} is not a receipt; is it a mathbench board?") from None


def _proof(value: Any) -> Proof | None:
    if value is None:
        return None
    PROOF(value, "the proof")
    return Proof(**value)


def refusal(status: int, answer: bytes, url: str) -> InputError:
    """The error for a response with an error status."""
    try:
        why = str(json.loads(answer)["error"])[:1000]
    except (ValueError, KeyError, TypeError):
        why = http.client.responses.get(status, "an unknown status")
    return InputError(f"{_host(_parts(url))} refused with {status}: {why}")
