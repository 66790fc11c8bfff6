"""The form of the help: one sentence, a paragraph, examples; every option with a sentence or phrase of its own."""

import inspect

import pytest
from typer.main import get_command

from mathbench.cli import app

WIDTH = 78  # what a terminal of 80 columns shows without breaking lines again


def commands(command=None, path=("mathbench",)):
    """Yield the words and the click command of every command that is not a group."""
    command = command or get_command(app)
    below = getattr(command, "commands", {})
    if not below:
        yield pytest.param(" ".join(path), command, id=" ".join(path[1:]))
    for name, entry in below.items():
        yield from commands(entry, (*path, name))


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_help_is_one_sentence_a_paragraph_and_examples(words, command):
    first, *paragraphs = inspect.cleandoc(command.help).split("\n\n")
    assert first[0].isupper() and first.endswith(".") and first.count("\n") == 0
    before = paragraphs[: next(i for i, text in enumerate(paragraphs) if text.startswith("Examples:"))]
    assert before and all(text.endswith(".") for text in before)
    assert all(len(line) <= WIDTH for text in before for line in text.split("\n"))
    examples = [
        line for text in paragraphs[len(before) :] for line in text.split("\n") if "mathbench" in line
    ]
    # `mathbench study FILE` is short for `mathbench study run FILE`
    assert examples and all(line.startswith(f"  {words.removesuffix(' run')}") for line in examples)


@pytest.mark.parametrize(("words", "command"), list(commands()))
def test_every_option_has_a_sentence_or_phrase(words, command):
    for parameter in command.params:
        assert parameter.help and parameter.help[0].isupper() and parameter.help.endswith("."), parameter.name
        assert "default:" not in parameter.help
