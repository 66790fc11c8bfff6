"""The page that describes the API, rendered from its OpenAPI document without scripts or files of other hosts."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mathbench.leaderboard.site.page import Page, PageContext, render_page

PATH = "docs"
METHODS = ("get", "post")
_REFERENCE = "#/components/schemas/"
# schemas of the files and the database that lie deeper are in the OpenAPI document
MAX_DEPTH = 4

Document = Mapping[str, Any]


@dataclass(frozen=True)
class FieldLine:
    """One parameter, or one field of a body.

    Args:
        name: its name; fields of fields have the names of all levels, with dots between.
        kind: its type in words.
        required: whether it must be there.
        note: what it is.
    """

    name: str
    kind: str
    required: bool
    note: str


@dataclass(frozen=True)
class Response:
    """One response of an operation.

    Args:
        status: the status.
        note: what it means.
        kind: the content type; empty without content.
        fields: the fields of a JSON object.
        example: an example as JSON; empty without one.
    """

    status: str
    note: str
    kind: str
    fields: tuple[FieldLine, ...]
    example: str


@dataclass(frozen=True)
class Operation:
    """One address of the API.

    Args:
        method: such as GET.
        path: with names of its parameters in braces.
        summary: one line.
        description: further text.
        token: whether it needs a token.
        parameters: those of path and query.
        body: the fields of the request body.
        body_kind: the content type of the body; empty without one.
        responses: those that are not errors.
        errors: statuses of errors with their meaning.
        curl: the command that makes such a request.
    """

    method: str
    path: str
    summary: str
    description: str
    token: bool
    parameters: tuple[FieldLine, ...]
    body: tuple[FieldLine, ...]
    body_kind: str
    responses: tuple[Response, ...]
    errors: tuple[tuple[str, str], ...]
    curl: str

    @property
    def anchor(self) -> str:
        """The fragment that names the operation on the page."""
        words = [self.method, *self.path.removeprefix("/api/v1/").split("/")]
        return "-".join(word.strip("{}") for word in words).lower()


def page(document: Document, context: PageContext, origin: str) -> Page:
    """Render the page.

    Args:
        document: the OpenAPI document.
        context: the values that all pages share.
        origin: the server's address, for examples.
    """
    found = tuple(operations(document, origin))
    return render_page("api.html", context, PATH, operations=found, text=document["info"]["description"])


def operations(document: Document, origin: str) -> Iterator[Operation]:
    """The operations of a document in its order."""
    for path, methods in document["paths"].items():
        for method in (name for name in METHODS if name in methods):
            yield _operation(document, origin, path, method)


def _operation(document: Document, origin: str, path: str, method: str) -> Operation:
    found = document["paths"][path][method]
    kind, body = _content(found.get("requestBody", {}))
    parameters = tuple(_parameter(document, one) for one in found.get("parameters", ()))
    fields = tuple(_fields(document, body))
    codes = found["responses"]
    return Operation(
        method.upper(),
        path,
        found["summary"],
        found.get("description", ""),
        "security" in found,
        parameters,
        fields,
        kind,
        tuple(_response(document, code, codes[code]) for code in sorted(codes) if code < "400"),
        tuple((code, codes[code]["description"]) for code in sorted(codes) if code >= "400"),
        _curl(origin + path, "security" in found, kind, fields),
    )


def _parameter(document: Document, found: Document) -> FieldLine:
    schema = _resolved(document, found["schema"])
    where = {"path": "part of the address", "query": "after ?"}[found["in"]]
    note = " ".join(filter(None, (found.get("description", schema.get("description", "")), f"({where})")))
    return FieldLine(found["name"], _kind(document, schema), found.get("required", False), note)


def _response(document: Document, code: str, found: Document) -> Response:
    kind, schema = _content(found)
    fields = tuple(_fields(document, schema))
    example = json.dumps(_example(document, schema), indent=1) if fields else ""
    note = "" if found["description"] == "Successful Response" else found["description"]
    return Response(code, note, kind, fields, example)


def _content(found: Document) -> tuple[str, Document]:
    """The content type and the schema of a body; both are empty where there is none."""
    for kind, content in found.get("content", {}).items():
        return kind, content.get("schema", {})
    return "", {}


def _fields(document: Document, schema: Document, prefix: str = "", depth: int = 0) -> Iterator[FieldLine]:
    """The fields of an object, and those of the objects in it, each after its parent."""
    schema = _resolved(document, schema)
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        field = _resolved(document, field)
        yield FieldLine(prefix + name, _kind(document, field), name in needed, field.get("description", ""))
        if depth < MAX_DEPTH:
            mark = "[]." if "items" in field else "."
            yield from _fields(document, field.get("items", field), f"{prefix}{name}{mark}", depth + 1)


def _resolved(document: Document, schema: Document) -> Document:
    """A schema without reference; of a choice between null and something else, the latter."""
    if "$ref" in schema:
        return _resolved(document, document["components"]["schemas"][schema["$ref"].removeprefix(_REFERENCE)])
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        known = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**_resolved(document, choices[0]), **known, "nullable": True}
    return schema


def _kind(document: Document, schema: Document) -> str:
    """The type of a schema in words."""
    schema = _resolved(document, schema)
    if "enum" in schema or "const" in schema:
        kind = " | ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    elif "items" in schema:
        kind = f"list of {_kind(document, schema['items'])}"
    elif "anyOf" in schema:
        kind = " or ".join(dict.fromkeys(_kind(document, choice) for choice in schema["anyOf"]))
    elif "contentMediaType" in schema:
        kind = "file"
    else:
        kind = str(schema.get("type", "any"))
    return f"{kind} or null" if schema.get("nullable") else kind


def _example(document: Document, schema: Document, depth: int = 0) -> Any:
    """A value as the schema describes it, from its examples where it has some."""
    schema = _resolved(document, schema)
    for known in (schema.get("examples"), schema.get("enum")):
        if known:
            return known[0]
    if "const" in schema:
        return schema["const"]
    if "properties" in schema:
        return {name: _example(document, field, depth + 1) for name, field in schema["properties"].items()}
    if "items" in schema:
        return [_example(document, schema["items"], depth + 1)] if depth < MAX_DEPTH else []
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    plain: Document = {"integer": 1, "number": 0.5, "boolean": True, "null": None, "object": {}, "array": []}
    return plain.get(schema.get("type", ""), "...")


def _curl(url: str, token: bool, kind: str, fields: tuple[FieldLine, ...]) -> str:
    """A command that makes a request; names in braces are to be replaced."""
    words = ["curl"]
    if token:
        words.append('-H "Authorization: Bearer $MATHBENCH_TOKEN"')
    required = [field for field in fields if field.required and "." not in field.name]
    if kind.startswith("multipart/"):
        words += [f"-F {field.name}={'@FILE' if field.kind == 'file' else '...'}" for field in required]
    elif kind:
        body = json.dumps({field.name: "..." for field in required})
        words.append(f"-H 'Content-Type: {kind}' -d '{body}'")
    return " ".join([*words, f"'{url}'" if "{" in url else url])
