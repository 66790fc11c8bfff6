"""Reasoning that replies start with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.prompted.reasoning import TAGS, split_reasoning

CASES = {
    "": ("", ""),
    "65": ("65", ""),
    " \n65 \n": (" \n65 \n", ""),
    "<think>7+8 is 15</think>65": ("65", "7+8 is 15"),
    "\n <think>\n7+8\n</think>\n\n 65\n": ("65\n", "7+8"),
    "<think></think>65": ("65", ""),
    "<think>\n\n</think>\n\n65": ("65", ""),
    "<think>a</think> <think>b</think>65": ("65", "a\nb"),
    "<think>a <think>b</think>65": ("65", "a <think>b"),
    "7+8</think>65": ("65", "7+8"),
    "</think>65": ("65", ""),
    "<think>7+8": ("", "7+8"),
    "<think>7+8</think>": ("", "7+8"),
    "<think>7+8</think>65 </think> 66": ("65 </think> 66", "7+8"),
    "It is 65 <think>or</think> 66": ("It is 65 <think>or</think> 66", ""),
    "<thinking>7+8</thinking>65": ("65", "7+8"),
    "[THINK]7+8[/THINK]65": ("65", "7+8"),
    "<|channel|>analysis<|message|>7+8<|end|><|start|>assistant<|channel|>final<|message|>65": (
        "65",
        "7+8<|end|><|start|>assistant",
    ),
    "<|channel|>final<|message|>65": ("65", ""),
    "<think>7+8</thinking>65": ("", "7+8</thinking>65"),
    "think>7+8": ("think>7+8", ""),
}


@pytest.mark.parametrize("text", CASES)
def test_reasoning_is_separated_from_the_answer(text):
    assert split_reasoning(text) == CASES[text]


def test_a_prompt_that_opens_reasoning():
    assert split_reasoning("7+8", opened=True) == ("", "7+8")
    assert split_reasoning("7+8</think>\n65", opened=True) == ("65", "7+8")
    # the text of the reasoning may name its tag
    assert split_reasoning("after <think> comes</think>65", opened=True) == ("65", "after <think> comes")
    assert split_reasoning("<think>7+8</think>65", opened=True) == ("65", "7+8")


@given(st.sampled_from(TAGS), st.text("ab \n"), st.text("ab \n"))
def test_what_is_put_between_tags_comes_back(tags, reasoning, answer):
    opening, closing = tags
    assert split_reasoning(opening + reasoning + closing + answer) == (answer.lstrip(), reasoning.strip())
    assert split_reasoning(answer) == (answer, "")


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "6", " ", "[THINK]", "[/THINK]"])).map("".join),
    st.booleans(),
)
def test_every_answer_ends_the_text(text, opened):
    answer, _ = split_reasoning(text, opened)
    assert text.endswith(answer)


def test_many_blocks_and_long_texts():
    assert split_reasoning("<think>a</think>" * 100_000 + "65").answer == "65"
    assert split_reasoning(" " * 10_000_000 + "65") == (" " * 10_000_000 + "65", "")
