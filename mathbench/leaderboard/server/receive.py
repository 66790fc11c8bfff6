"""A submission from a request body to files in a folder, with every limit kept while it is read."""

import shutil
from pathlib import Path

import anyio
from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.types import Message

PARTS = ("manifest", "predictions")  # the files of the form; how a client calls them does not matter
PATIENCE = 60  # seconds until a whole body must have come

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


async def to_folder(request: Request, folder: Path, largest: int) -> None:
    """Write the parts of a form into a folder, under names from our own list.

    Args:
        request: its body must not have been read.
        folder: where the files go.
        largest: bytes of the whole body.

    Raises:
        HTTPException: 400 or 415 for another form, 408 for one that does not come to its end, 413 for one too
            large.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "send multipart/form-data with the files 'manifest' and 'predictions'.")
    try:
        with anyio.fail_after(PATIENCE):
            form = await _bounded(request, largest).form(max_files=len(PARTS), max_fields=0)
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {PATIENCE} seconds.") from None
    parts = form.multi_items()
    if sorted(name for name, _ in parts) != sorted(PARTS):
        raise HTTPException(400, f"the form must hold the files {' and '.join(PARTS)}, once each.")
    for name, file in parts:
        await anyio.to_thread.run_sync(_write, name, file, folder)


def _bounded(request: Request, largest: int) -> Request:
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
