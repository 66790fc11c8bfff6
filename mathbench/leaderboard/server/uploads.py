"""Request bodies, read under limits of size and time."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import anyio
from fastapi import HTTPException, Request
from starlette.datastructures import UploadFile
from starlette.types import Message

PARTS = ("manifest", "predictions")  # the files of the form; file names from the client are ignored
OPTIONAL_PARTS = ("certificate",)
BODY_TIMEOUT = 60  # seconds until a body must be complete

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
                "certificate": {
                    "type": "string",
                    "contentMediaType": "application/octet-stream",
                    "description": "The certificate, where the manifest names one.",
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
    optional: Sequence[str] = (),
) -> dict[str, str]:
    """Save the files of a form in a folder, named after their form fields.

    Args:
        request: its body must not have been read.
        folder: the target.
        largest: bytes of the whole body.
        files: the names of the required files.
        fields: the names of further required fields, which are short texts.
        optional: the names of files that may be missing.

    Returns:
        The values of `fields`.

    Raises:
        HTTPException: 400 or 415 for another form, 408 for an incomplete one, 413 for one that is too large.
    """
    words = f"the files {' and '.join(files)}" if len(files) > 1 else f"the file {files[0]}"
    words += f" and the field {fields[0]}" if fields else ""
    most = len(files) + len(optional)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise HTTPException(415, f"the body must be multipart/form-data with {words}.")
    with _body_timeout():
        form = await _limited(request, largest).form(max_files=most, max_fields=len(fields))
    names = sorted(name for name, _ in form.multi_items())
    given = [*files, *(name for name in optional if name in names)]
    if names != sorted((*given, *fields)):
        more = f"; the file {' or '.join(optional)} is optional" if optional else ""
        raise HTTPException(400, f"the form must contain {words}, each once{more}.")
    for name in given:
        await anyio.to_thread.run_sync(_write, name, form[name], folder)
    return {name: _text(name, form[name]) for name in fields}


async def read_json_body(request: Request, largest: int) -> bytes:
    """Read a body of JSON.

    Raises:
        HTTPException: 408, 413 or 415, as `save_form`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body must be application/json.")
    with _body_timeout():
        return await _limited(request, largest).body()


@contextmanager
def _body_timeout() -> Iterator[None]:
    try:
        with anyio.fail_after(BODY_TIMEOUT):
            yield
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {BODY_TIMEOUT} seconds.") from None


def _limited(request: Request, largest: int) -> Request:
    """The same request with a body that fails when it becomes too large, whatever length was announced."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > largest:
        raise _too_large(largest)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > largest:
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
        raise HTTPException(400, f"'{name}' must be text, not a file.")
    return value
