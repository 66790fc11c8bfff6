"""The public interface as text: the signature of every name in `mathbench.__all__`, and the members of its classes.

`python -m tests.core.public_interface` writes the file beside it.
"""

import ast
import inspect
import textwrap
from pathlib import Path

import mathbench

FILE = Path(__file__).with_suffix(".txt")
# said elsewhere, or the same for every class
LEFT_OUT = {"__init__", "__post_init__", "__repr__", "__str__", "__getstate__", "__reduce__"}


def interface():
    """The text, from the source, so that it does not depend on the version of Python."""
    return "\n".join(line for name in mathbench.__all__ for line in described(name)) + "\n"


def described(name):
    """The lines of one name."""
    value = getattr(mathbench, name)
    if inspect.isfunction(value):
        return [signature(tree_of(value))]
    if not isinstance(value, type):
        return [f"{name}: {type(value).__name__}"]
    members = {}
    for base in reversed(value.__mro__):
        if base.__module__.startswith("mathbench."):
            members.update(members_of(tree_of(base)))
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    start = constructor(value)
    head = f"class {name}({bases})" if bases else f"class {name}"
    return [head, *start, *(f"    {line}" for lines in members.values() for line in lines)]


def tree_of(value):
    """The syntax tree of a function or a class."""
    return ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]


def signature(node):
    """A function with its arguments, as the source has them."""
    returns = f" -> {unquoted(node.returns)}" if node.returns else ""
    for argument in (*node.args.args, *node.args.kwonlyargs):
        if isinstance(argument.annotation, ast.Constant):
            argument.annotation = ast.Name(argument.annotation.value)
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def unquoted(node):
    """An annotation without the quotation marks around it."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ast.unparse(node)


def constructor(value):
    """How an object of a class is made, where the class says it itself; of a dataclass its fields say it."""
    made = [
        base
        for base in value.__mro__
        if "__init__" in vars(base) and "__dataclass_fields__" not in vars(base)
    ]
    if not made or not made[0].__module__.startswith("mathbench."):
        return []
    node = next(n for n in tree_of(made[0]).body if getattr(n, "name", "") == "__init__")
    return [f"    {signature(node)}"]


def members_of(node):
    """Lines by the name of each public member of a class."""
    found = {}
    for entry in node.body:
        if isinstance(entry, ast.AnnAssign):
            found[entry.target.id] = [attribute(entry.target.id, entry)]
        elif getattr(entry, "name", "") == "__init__":
            own = [n for n in ast.walk(entry) if isinstance(n, ast.AnnAssign) and n.target.value.id == "self"]
            found |= {n.target.attr: [attribute(n.target.attr, n)] for n in own}
        elif isinstance(entry, ast.FunctionDef):
            found.setdefault(entry.name, []).append(member(entry))
    return {name: lines for name, lines in found.items() if is_public(name)}


def attribute(name, node):
    """An attribute; that of a dataclass has its default."""
    in_class = isinstance(node.target, ast.Name)
    default = f" = {ast.unparse(node.value)}" if in_class and node.value else ""
    return f"{name}: {unquoted(node.annotation)}{default}"


def is_public(name):
    """Whether a method is part of the interface."""
    return name not in LEFT_OUT and (not name.startswith("_") or name.startswith("__"))


def member(node):
    """A method, or a property as an attribute."""
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    if decorators & {"property", "cached_property"}:
        return f"{node.name}: {unquoted(node.returns)}"
    return signature(node)


if __name__ == "__main__":
    FILE.write_text(interface(), encoding="utf-8")
