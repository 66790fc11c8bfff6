"""Docstrings as mkdocstrings reads them: examples in fences, roles as links, an entry for each argument."""

import re
from typing import Any

import griffe

import mathbench

EXAMPLE = re.compile(r"^( *)>>> .*(?:\n\1\S.*)*", re.MULTILINE)
ROLE = re.compile(r":(?:func|class|meth|mod):`~?([\w.]+)`")
# an empty folder, by the name that pytest has for one; a reader has none of that name
FIXTURE = 'getfixture("tmp_path")'
SHARED = re.compile(r"^( +)(\w+(?:, \w+)+)(: .*(?:\n\1 +.*)*)", re.MULTILINE)


class Docstrings(griffe.Extension):
    """Rewrite the docstring of every object that is loaded."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite one docstring."""
        if obj.docstring:
            obj.docstring.value = rewritten(obj.docstring.value)


def rewritten(text: str) -> str:
    """Return a docstring in the form that the site renders."""
    text = SHARED.sub(one_entry_each, text)
    text = ROLE.sub(link, text).replace(FIXTURE, 'Path("work")')
    return EXAMPLE.sub(lambda found: f"{found[1]}```pycon\n{found[0]}\n{found[1]}```", text)


def one_entry_each(found: re.Match[str]) -> str:
    """Repeat what is said of several arguments for each of them."""
    indent, names, said = found.groups()
    return "\n".join(f"{indent}{name}{said}" for name in names.split(", "))


def link(found: re.Match[str]) -> str:
    """Return a link to a public name, and any other name as code."""
    name = found[1]
    public = name.removeprefix("mathbench.") in mathbench.__all__
    return f"[`{name}`][{mathbench_name(name)}]" if public else f"`{name}`"


def mathbench_name(name: str) -> str:
    """Return the full name of a public object, as the page of the reference has it."""
    thing = getattr(mathbench, name.removeprefix("mathbench."))
    return f"{thing.__module__}.{thing.__name__}"
