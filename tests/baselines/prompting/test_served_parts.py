"""Parts of served models that need neither a server nor the extra: addresses, keys, reasoning, kinds of failures."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mathbench.baselines.prompted.credentials import Credentials, check_address
from mathbench.baselines.prompted.failures import (
    is_transient,
    message_of,
    refuses_question,
    seconds_to_wait,
    wants_other_limit,
)
from mathbench.baselines.prompted.model import ModelRequest
from mathbench.baselines.prompted.served_model import ServedModel, check_fields
from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings
from mathbench.errors import InputError

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1",
        "https://api.example.org/v1",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8000/v1",
        "http://host",
    ],
)
def test_addresses(url):
    assert check_address(url) == check_address(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://",
        "http:///v1",
        "http://host:port/v1",
        "http://host:0/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
        "http://host/\nv1",
        "/v1",
    ],
)
def test_what_is_no_address_is_shown(url):
    with pytest.raises(InputError) as refused:
        check_address(url)
    assert str(refused.value) == (
        f"the address of a server is like http://localhost:8000/v1. Received: {url!r}."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hidden@host/v1",
        "http://hidden@host/v1",
        "http://host/v1?key=hidden",
        "http://host/v1#hidden",
        "me:hidden@host:8000",
        "http://me:hidden@host:99999/v1",
        "http://[me:hidden@host",
    ],
)
def test_addresses_with_a_secret_are_refused_without_repeating_it(url):
    with pytest.raises(InputError) as refused:
        check_address(url)
    assert str(refused.value) == (
        "the address of a server must have no user, password, query or fragment. A key goes into OPENAI_API_KEY."
    )


def test_an_address_is_needed():
    request = ModelRequest("adder", PromptingSettings(), AskingOptions())
    with pytest.raises(
        InputError, match=r"^a served model needs the address of its server, such as --url http"
    ):
        ServedModel.open(request)


def credentials(monkeypatch, key="", headers=""):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", headers)
    return Credentials.from_environment()


@pytest.mark.parametrize(("key", "read"), [("", ""), ("  ", ""), ("sk-1", "sk-1"), (" sk-1\n", "sk-1")])
def test_keys(monkeypatch, key, read):
    assert credentials(monkeypatch, key).key == read


@pytest.mark.parametrize("key", ["sk hidden", "sk-hidden\nx", "sk-hidden\x7f", "hidd\xe9n"])
def test_keys_that_no_header_holds_are_refused_without_repeating_them(monkeypatch, key):
    with pytest.raises(InputError) as refused:
        credentials(monkeypatch, key)
    assert str(refused.value) == (
        "OPENAI_API_KEY must be printable ASCII without spaces. It is not shown here."
    )


def test_an_unset_key_is_none(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_CUSTOM_HEADERS", raising=False)
    assert Credentials.from_environment() == Credentials("", ("",))


def test_values_of_further_headers_are_hidden_too(monkeypatch):
    found = credentials(monkeypatch, "sk-12345678", "X-Team: us\nX-Token: token/0123456789\nbroken")
    assert (
        found.hide("token/0123456789, token%2F0123456789, sk-12345678 of us") == "[key], [key], [key] of us"
    )
    assert Credentials("token-0123456789", ("token-01",)).hide("token-0123456789") == "[key]"
    assert "0123" not in repr(found) and "sk-" not in repr(found)


def test_keys_that_protect_nothing_are_not_hidden():
    assert Credentials("EMPTY").hide("EMPTY") == "EMPTY" and Credentials("1").hide("11") == "11"


@given(key=st.text("abc/%+", min_size=8, max_size=20), before=st.text("abcx"), after=st.text("abcx"))
def test_a_hidden_key_is_gone(key, before, after):
    assert key not in Credentials(key).hide(before + key + after)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": " slow "}}, "slow"),
        ({"error": "slow"}, "slow"),
        ({"message": "slow"}, "slow"),
        ({"detail": "slow"}, "slow"),
        ({"detail": [{"msg": "slow"}]}, "[{'msg': 'slow'}]"),
        ({"error": {"error": {"error": {"message": "deep"}}}}, "{'message': 'deep'}"),
        ({}, "{}"),
        ("", "no message"),
        ("<html>", "<html>"),
        (None, "None"),
    ],
)
def test_messages_of_failures(body, message):
    assert message_of(body) == message


def test_kinds_of_failures():
    passing = [status for status in range(400, 600) if is_transient(status, {})]
    assert passing == [408, 409, 425, 429, 500, 502, 503, 504, *range(506, 600)]
    assert not is_transient(429, {"code": "insufficient_quota"}) and is_transient(429, {"code": "rate_limit"})
    refusing = [
        status
        for status in range(400, 600)
        if refuses_question(status, {"code": "content_filter", "message": "no"})
    ]
    assert refusing == [400, 413, 422]
    assert refuses_question(400, {"type": "exceed_context_size_error", "message": "no"})
    assert not refuses_question(400, {"code": "invalid_request", "message": "unknown field"})
    assert refuses_question(400, "maximum context length is 64 tokens")
    assert wants_other_limit({"message": "use max_completion_tokens"}) and not wants_other_limit(
        {"message": "no"}
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0.5", 0.5),
        ("Sun, 29 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 29 Nov 2026 12:01:30 -0000", 90),
        ("Sun, 29 Nov 2026 13:01:30 +0100", 90),
        ("Sun, 29 Nov 2026 11:59:59 GMT", 0),
        ("Sun, 99 Nov 2026 12:00:00 GMT", 0),
        ("1e999", 0),
        ("", 0),
    ],
)
def test_seconds_to_wait(value, seconds):
    assert seconds_to_wait({"retry-after": value}, NOW) == seconds


@pytest.mark.parametrize(("milliseconds", "seconds"), [("1500", 1.5), ("0", 0), ("-1", 9), ("soon", 9)])
def test_milliseconds_come_before_seconds(milliseconds, seconds):
    assert seconds_to_wait({"retry-after-ms": milliseconds, "retry-after": "9"}, NOW) == seconds


@given(st.text(), st.text())
def test_any_header_gives_seconds(after, milliseconds):
    assert seconds_to_wait({"retry-after": after, "retry-after-ms": milliseconds}, NOW) >= 0


@pytest.mark.parametrize("name", ["model", "messages", "prompt", "stream", "n", "max_completion_tokens"])
def test_fields_of_the_question_are_refused_even_as_null(name):
    with pytest.raises(InputError, match=f"extra cannot change the field '{name}'"):
        check_fields({"top_k": 1, name: None})


@pytest.mark.parametrize("name", ["max_tokens", "temperature", "top_p", "seed", "stream_options"])
def test_fields_with_a_setting_can_be_left_out_only(name):
    check_fields({name: None})
    with pytest.raises(InputError, match=f"extra can only leave out the field '{name}'"):
        check_fields({name: 0})
