"""The page of the reference with the public interface of Python: mkdocstrings fills it from the docstrings."""

import inspect

import mathbench

HEAD = """# Python

For everyone who uses mathbench from Python: the functions, classes and errors of the public interface,
`mathbench.__all__`, most with an example, in which `Path` is that of `pathlib`. What stays as it is, and how
deprecation works: [what is stable](../stability.md).
"""
SECTIONS = {
    "Functions": lambda thing: inspect.isfunction(thing),
    "Classes": lambda thing: inspect.isclass(thing) and not issubclass(thing, Exception),
    "Errors": lambda thing: inspect.isclass(thing) and issubclass(thing, Exception),
}


def text() -> str:
    """Return the page: a heading and a directive for every public name."""
    things = {name: getattr(mathbench, name) for name in mathbench.__all__}
    parts = [HEAD]
    for title, belongs in SECTIONS.items():
        names = [name for name, thing in things.items() if belongs(thing)]
        parts += [f"## {title}\n", *(f"::: {place(things[name], name)}\n" for name in names)]
    return "\n".join(parts)


def place(thing: object, name: str) -> str:
    """Return where a public object is defined: classes are imported on first use."""
    return f"{thing.__module__}.{name}"
