"""Every block of the documentation runs, or says why not; the commands of the others are at least spelled right."""

import re
import shlex

import pytest
from typer.main import get_command

from mathbench import families
from mathbench.cli import app
from mathbench.formats.words.options import OPTIONS
from tests.docs.pages import TREE_PAGES
from tests.docs.test_docs import PAGES, by_name

LANGUAGES = {"console", "python", "sh", "bash", "toml", "diff", "nginx"}
BLOCK = re.compile(r"^([^\n]*)\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (run|file: \S+|tree(?:: \S+)?|not run: \S.{9,}) -->")
SHELLS = {"console", "sh", "bash"}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_block_runs_or_says_why_not(page):
    for above, language, code in BLOCK.findall(page.read_text()):
        if language in LANGUAGES:
            mark = MARK.fullmatch(above)
            assert mark, (
                f"a block without `<!-- run -->` or `<!-- not run: REASON -->` above it:\n{above}\n{code}"
            )
            # only these pages have a test that changes a copy of the tree
            assert not mark[1].startswith("tree") or page.name in TREE_PAGES, code


def words(line):
    """The words of a line of a shell; what ends a command is a word of its own."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.commenters = "#"
    return list(lexer)


def commands(line):
    """Yield the words after each `mathbench` of a line, of quoted commands too."""
    found = words(line)
    for i, word in enumerate(found):
        if word.rpartition("/")[2] == "mathbench":
            rest = found[i + 1 :]
            end = next((k for k, one in enumerate(rest) if set(one) <= set("&|;<>()")), len(rest))
            if end and re.match(r"[a-z]", rest[0]):
                yield rest[:end]
        elif word.startswith("mathbench "):
            yield from commands(word)


def not_run():
    """Yield page and words of each command that no test runs."""
    for page in PAGES:
        for above, language, code in BLOCK.findall(page.read_text()):
            if language in SHELLS and above.startswith("<!-- not run"):
                lines = code.replace("\\\n", " ").splitlines()
                for line in lines:
                    if language != "console" or line.startswith("$ "):
                        yield from ((page, command) for command in commands(line.removeprefix("$ ")))


def check_spelling(given):
    """Check the names of a command, and those of its options; options of tasks are parameters of any family."""
    command, rest = get_command(app), list(given)
    while below := getattr(command, "commands", None):
        # `mathbench study FILE` is short for `mathbench study run FILE`
        name = rest.pop(0) if rest[0] in below or "run" not in below else "run"
        assert name in below, f"no command {name!r} in: mathbench {' '.join(given)}"
        command = below[name]
    known = {option for parameter in command.params for option in parameter.opts + parameter.secondary_opts}
    if command.context_settings.get("allow_extra_args"):
        known |= {f"--{name}".replace("_", "-") for name in task_parameters()}
    options = {word.partition("=")[0] for word in rest if word.startswith("--")}
    assert options <= known, f"no option {options - known} in: mathbench {' '.join(given)}"


def task_parameters():
    """The names of the parameters of all families, of school mathematics, and of words around questions."""
    known = [*families.tasks().values(), families.family("deepmind/all")]
    return {*OPTIONS, *(name for one in known for name in one.__dataclass_fields__)}


def test_commands_that_are_not_run_are_spelled_right():
    found = list(not_run())
    assert len(found) > 30
    for _, command in found:
        check_spelling(command)


@pytest.mark.parametrize(
    "line", ["mathbench generat --task gcd", "mathbench submit run --bord x", "mathbench generate --digts 3"]
)
def test_a_wrong_name_is_found(line):
    (command,) = commands(line)
    with pytest.raises(AssertionError, match=r"^no (command|option)"):
        check_spelling(command)


def test_commands_inside_of_other_commands():
    line = """docker run -v mathbench:/data mathbench tasks && sbatch --wrap "mathbench merge /shared" # mathbench no"""
    assert list(commands(line)) == [["tasks"], ["merge", "/shared"]]
