"""A submission from a request body to files in a folder, with every limit kept while it is read."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.types import Message

PARTS = ("manifest", "predictions")  # the files of the form; how a client calls them does not matter
BODY_TIMEOUT = 60  # seconds until a whole body must have come

FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": list(PARTS),
            "additionalProperties": False,
            "properties": {
                "manifest": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "description": "result.json of a run, or a submission.json.",
                },
                "predictions": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                    "description": "The file that the manifest names: Parquet or JSON lines.",
                },
            },
        }
    }
}


async def save_form(
    request: Request,
    folder: Path,
    largest: int,
    files: Sequence[str] = PARTS,
    fields: Sequence[str] = (),
) -> dict[str, str]:
    """Write the files of a form into a folder, under names from our own list.

    Args:
        request: its body must not have been read.
        folder: where the files go.
        largest: bytes of the whole body.
        files: what the form must hold.
        fields: short texts that it must hold beside them.

    Returns:
        The fields.

    Raises:
        HTTPException: 400 or 415 for another form, 408 for one that does not come to its end, 413 for one too
            large.
    """
    words = f"the files {' and '.join(files)}" if len(files) > 1 else f"the file {files[0]}"
    words += f" and the field {fields[0]}" if fields else ""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, f"send multipart/form-data with {words}.")
    with _body_timeout():
        form = await _limited(request, largest).form(max_files=len(files), max_fields=len(fields))
    parts = form.multi_items()
    if sorted(name for name, _ in parts) != sorted((*files, *fields)):
        raise HTTPException(400, f"the form must hold {words}, once each.")
    for name in files:
        await anyio.to_thread.run_sync(_write, name, form[name], folder)
    return {name: _text(name, form[name]) for name in fields}


async def read_json_body(request: Request, largest: int) -> bytes:
    """A body of JSON.

    Raises:
        HTTPException: 408, 413 or 415, as `save_form`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send application/json.")
    with _body_timeout():
        return await _limited(request, largest).body()


@contextmanager
def _body_timeout() -> Iterator[None]:
    try:
        with anyio.fail_after(BODY_TIMEOUT):
            yield
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {BODY_TIMEOUT} seconds.") from None


def _limited(request: Request, largest: int) -> Request:
    """The same request, whose body breaks off where it becomes too large, whatever length it announced."""
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > largest:
        raise _too_large(largest)
    came = 0

    async def receive() -> Message:
        nonlocal came
        message = await request.receive()
        came += len(message.get("body", b""))
        if came > largest:
            raise _too_large(largest)
        return message

    return Request(request.scope, receive)


def _too_large(largest: int) -> HTTPException:
    return HTTPException(413, f"the body is larger than {largest:,} bytes.")


def _write(part: str, file: UploadFile | str, folder: Path) -> None:
    if isinstance(file, str):
        raise HTTPException(400, f"'{part}' must be a file.")
    with (folder / part).open("wb") as sink:
        shutil.copyfileobj(file.file, sink)


def _text(name: str, value: UploadFile | str) -> str:
    if not isinstance(value, str):
        raise HTTPException(400, f"'{name}' must be a text, not a file.")
    return value
