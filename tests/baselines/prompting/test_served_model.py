"""Models behind servers, against a server that answers, streams, fails, garbles and hangs up as each test wants."""

import json
import re
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from mathbench.baselines.prompted.model import ModelRequest, Question, Reply
from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings
from mathbench.errors import InputError
from tests.baselines.prompting.language_server import USAGE, Exchange, add, running, total

pytest.importorskip("openai", reason="the extra openai")

from mathbench.baselines.prompted import served_model, served_requests
from mathbench.baselines.prompted.served_model import ServedModel
from mathbench.baselines.prompted.served_requests import seed_number

KEY = "sk-secret-0123456789"
LONG_WAIT = 30  # seconds after which a server that is never released gives up


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No key, and no proxies, unless a test sets them."""
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_CUSTOM_HEADERS",
        "OPENAI_BASE_URL",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with running() as found:
        yield found


@pytest.fixture
def waits(monkeypatch):
    """The seconds that were waited before retries, without waiting."""
    found = []

    async def remember(seconds):
        found.append(seconds)

    monkeypatch.setattr(served_requests, "sleep", remember)
    return found


@pytest.fixture
def exact_waits(waits, monkeypatch):
    """The seconds that servers asked to wait, without the back-off."""
    monkeypatch.setattr(served_requests, "_back_off", lambda state: 0.0)
    return waits


def request_to(server, *, source="adder", seed=0, prompting=None, **asking):
    settings = PromptingSettings(**{"max_tokens": 32, **(prompting or {})})
    return ModelRequest(source, settings, AskingOptions(**{"url": server.url, **asking}), seed)


def chat(*texts):
    return [Question(turns=({"role": "user", "content": text},)) for text in texts]


SUMS = [f"{a}+{a + 1}" for a in range(12)]
ANSWERS = [total(text) for text in SUMS]


def ask(server, questions=None, **settings):
    """The replies to questions, in the order of the questions."""
    questions = chat("5+8") if questions is None else questions
    request = request_to(server, **settings)
    found = dict(ServedModel.open(request).replies(questions, request.prompting))
    assert sorted(found) == list(range(len(questions)))
    return [found[place] for place in range(len(questions))]


# what is sent, and what comes back


def test_a_chat_is_sent_as_it_is_and_its_reply_has_counts(server):
    turns = ({"role": "system", "content": "Add."}, {"role": "user", "content": "5+8"})
    assert ask(server, [Question(turns=turns)], seed=7) == [Reply("13", "", "stop", 5, 2, 0)]
    (sent,) = server.bodies
    assert sent == {
        "model": "adder",
        "messages": [*turns],
        "stream": False,
        "max_tokens": 32,
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": 7,
    }
    assert server.requests[-1]["path"] == "/v1/chat/completions"
    assert server.requests[-1]["headers"]["authorization"] == "Bearer none"
    assert server.requests[-1]["headers"]["accept-encoding"] == "identity"


def test_plain_text_is_continued(server):
    assert (
        ask(server, [Question("1+1=2\n5+8=")], prompting={"template": "text", "stop": "\n"})[0].text == "13"
    )
    assert server.requests[-1]["path"] == "/v1/completions"
    (sent,) = server.bodies
    assert sent["prompt"] == "1+1=2\n5+8=" and "messages" not in sent and "stop" not in sent


def test_settings_and_further_fields_are_sent(server):
    further = '{"top_k": 3, "chat_template_kwargs": {"enable_thinking": false}}'
    ask(
        server,
        prompting={"temperature": 0.5, "top_p": 0.9, "max_tokens": 99, "extra": further},
        seed="winter",
    )
    (sent,) = server.bodies
    assert (sent["temperature"], sent["top_p"], sent["max_tokens"], sent["top_k"]) == (0.5, 0.9, 99, 3)
    assert sent["chat_template_kwargs"] == {"enable_thinking": False}
    assert sent["seed"] == seed_number("winter")


def test_a_null_leaves_a_field_out(server):
    ask(server, prompting={"extra": '{"temperature": null, "seed": null, "max_tokens": null, "top_p": null}'})
    assert server.bodies[0].keys() == {"model", "messages", "stream"}


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ('{"messages": []}', "settings: extra cannot change the field 'messages' of a request."),
        ('{"n": 2}', "settings: extra cannot change the field 'n' of a request."),
        (
            '{"temperature": 1}',
            "settings: extra can only leave out the field 'temperature', as null: it has a setting of its own.",
        ),
    ],
)
def test_fields_that_settings_state_are_refused(server, extra, message):
    with pytest.raises(InputError) as refused:
        ask(server, prompting={"extra": extra})
    assert str(refused.value) == message and not server.requests


def test_seeds_are_integers_below_two_to_the_31():
    assert [seed_number(seed) for seed in (0, 7, 2**31 - 1)] == [0, 7, 2**31 - 1]
    hashed = [seed_number(seed) for seed in (2**31, -1, 2**64 - 1, "winter", "7 ")]
    assert len(set(hashed)) == 5 and all(0 <= seed < 2**31 for seed in hashed)


def test_the_other_name_of_the_limit_is_used_once_the_server_asks_for_it(server):
    def react(exchange):
        if "max_tokens" in exchange.body:
            exchange.fail(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        else:
            add(exchange)

    server.react = react
    assert [reply.text for reply in ask(server, chat(*SUMS), parallel=1, retries=0)] == ANSWERS
    assert [sorted({"max_tokens", "max_completion_tokens"} & sent.keys()) for sent in server.bodies] == [
        ["max_tokens"],
        *[["max_completion_tokens"]] * 12,
    ]
    assert server.bodies[-1]["max_completion_tokens"] == 32


def test_a_server_that_refuses_both_names_of_the_limit_is_given_up(server):
    server.react = lambda exchange: exchange.fail(400, "use max_completion_tokens")
    with pytest.raises(InputError, match=r"refuses the request \(400\): use max_completion_tokens\.$"):
        ask(server)
    assert len(server.bodies) == 2


def test_the_limit_keeps_its_name_in_plain_text_where_the_other_is_unknown(server):
    server.react = lambda exchange: exchange.fail(400, "max_tokens or max_completion_tokens is too large")
    with pytest.raises(InputError, match=r"refuses the request \(400\)"):
        ask(server, [Question("5+8=")])
    assert len(server.bodies) == 1


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_a_field_of_its_own_is_kept_apart(server, field):
    usage = USAGE | {"completion_tokens_details": {"reasoning_tokens": 1}}
    server.react = lambda exchange: exchange.reply("13 <think>", usage=usage, **{field: "5 and 8"})
    assert ask(server) == [Reply("13 <think>", "5 and 8", "stop", 5, 2, 1)]


def test_reasoning_at_the_start_of_the_text_is_kept_apart(server):
    server.react = lambda exchange: exchange.reply("<think>\n5 and 8\n</think>\n\n13", finish="length")
    assert ask(server) == [Reply("13", "5 and 8", "length", 5, 2, 0)]


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (None, (0, 0, 0)),
        ({}, (0, 0, 0)),
        ([1], (0, 0, 0)),
        ({"prompt_tokens": -1, "completion_tokens": "2", "completion_tokens_details": 3}, (0, 0, 0)),
        ({"prompt_tokens": True, "completion_tokens": 1.5, "reasoning_tokens": 4}, (0, 0, 4)),
        ({"prompt_tokens": 2**53, "completion_tokens": 2**53 - 1}, (0, 2**53 - 1, 0)),
    ],
)
def test_counts_that_are_none_are_0(server, usage, counts):
    server.react = lambda exchange: exchange.reply("13", usage=usage)
    assert ask(server) == [Reply("13", "", "stop", *counts)]


def test_odd_texts_are_read(server):
    texts = iter(
        ["", None, "a\ud800b", "\ud83d\ude00", "0" * 10_000_000, [{"type": "text", "text": "1"}, {"x": 2}]]
    )
    server.react = lambda exchange: exchange.reply(next(texts))
    found = [reply.text for reply in ask(server, chat(*SUMS[:6]), parallel=1)]
    assert found[:4] == ["", "", "a\ufffdb", "\U0001f600"]
    assert found[4] == "0" * 10_000_000 and found[5] == "1"


def test_the_first_of_several_choices_counts_and_its_reason_to_end_is_short(server):
    texts = [{"message": {"content": text}, "finish_reason": "x" * 50} for text in ("13", "14")]
    server.react = lambda exchange: exchange.send(200, {"choices": texts})
    assert ask(server) == [Reply("13", "", "x" * 40)]


# streams


def stream_of(exchange, *texts, **fields):
    events = [exchange.delta(text, **fields) for text in texts]
    exchange.stream(*events, exchange.delta(finish="stop"), {"choices": [], "usage": USAGE})


@pytest.mark.parametrize("question", [*chat("5+8"), Question("5+8=")], ids=["chat", "text"])
def test_streams_are_asked_for_and_put_together(server, question):
    server.react = lambda exchange: stream_of(exchange, "1", "", "3")
    assert ask(server, [question], stream="yes") == [Reply("13", "", "stop", 5, 2, 0)]
    assert server.bodies[0]["stream"] is True and server.bodies[0]["stream_options"] == {
        "include_usage": True
    }


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_in_a_stream_is_kept_apart(server, field):
    def react(exchange):
        thoughts = [exchange.delta(**{field: text}) for text in ("5 and", " 8")]
        exchange.stream(*thoughts, exchange.delta("13", finish="length"))

    server.react = react
    assert ask(server, stream="yes") == [Reply("13", "5 and 8", "length", 0, 0, 0)]


def test_tags_and_characters_in_pieces_are_put_together(server):
    server.react = lambda exchange: stream_of(exchange, "<th", "ink>5\ud83d", "\ude00</thi", "nk> 13")
    assert ask(server, stream="yes")[0][:2] == ("13", "5\U0001f600")


def test_servers_that_stream_unasked_or_do_not_stream_are_read(server):
    server.react = lambda exchange: stream_of(exchange, "1", "3")
    assert ask(server, stream="no")[0].text == "13"
    server.react = add
    assert ask(server, stream="yes")[0].text == "13"


@pytest.mark.parametrize(
    "end",
    [
        lambda exchange: exchange.stream(exchange.delta("1"), end=()),
        lambda exchange: exchange.stream(exchange.delta("1"), '{"choices": [', end=()),
        lambda exchange: exchange.stream(
            exchange.delta("1"), {"error": {"message": "out of memory"}}, end=()
        ),
        lambda exchange: exchange.stream(exchange.delta("1"), "[" * 100_000),
        lambda exchange: exchange.stream(),
        lambda exchange: exchange.stream(exchange.delta(finish="stop") | {"choices": 3}),
    ],
    ids=["cut", "half an event", "error", "deep", "empty", "no choices"],
)
def test_streams_that_break_off_are_asked_for_again(server, waits, end):
    reactions = iter([end, lambda exchange: stream_of(exchange, "13")])
    server.react = lambda exchange: next(reactions)(exchange)
    assert ask(server, stream="yes")[0].text == "13"
    assert len(server.bodies) == 2 and len(waits) == 1


# failures that pass


def whole(data, **headers):
    return lambda exchange: exchange.send(200, data, **headers)


PASSING = {
    "500": lambda exchange: exchange.fail(500, "oops"),
    "502": lambda exchange: exchange.send(502, b"<html>Bad gateway</html>", content_type="text/html"),
    "503": lambda exchange: exchange.fail(503, "loading"),
    "429": lambda exchange: exchange.fail(429, "slow down"),
    "408": lambda exchange: exchange.fail(408, "too late"),
    "deep error": lambda exchange: exchange.send(500, b"[" * 100_000),
    "hang up": lambda exchange: exchange.hang_up(),
    "garbled": whole(b'{"choices": [{"mess'),
    "no text": whole(b"\xff\xfe\xfd"),
    "html": whole(b"<html>", content_type="text/html"),
    "empty": whole(b""),
    "deep": whole(b'{"choices":' + b"[" * 100_000),
    "a list": whole([1]),
    "no choices": whole({"choices": []}),
    "choices of another kind": whole({"choices": "13"}),
    "an empty choice": whole({"choices": [{}]}),
    "an empty message": whole({"choices": [{"message": {}}]}),
    "content of another kind": whole({"choices": [{"message": {"content": 13}}]}),
    "a part of another kind": whole({"choices": [{"message": {"content": ["1", 3]}}]}),
    "an error with status 200": whole({"error": {"message": "overloaded"}}),
    "endless digits": whole(b'{"choices": [], "usage": ' + b"9" * 10_000 + b"}"),
}


@pytest.mark.parametrize("failure", PASSING.values(), ids=PASSING)
def test_failures_that_may_pass_are_tried_again(server, waits, failure):
    reactions = iter([failure, failure, add])
    server.react = lambda exchange: next(reactions)(exchange)
    assert ask(server) == [Reply("13", "", "stop", 5, 2, 0)]
    assert len(server.bodies) == 3 and len(waits) == 2
    assert server.bodies[0] == server.bodies[2]


def test_a_response_cut_in_the_middle_is_asked_for_again(server, waits):
    def cut(exchange):
        exchange.send_response(200)
        exchange.send_header("content-length", "1000")
        exchange.end_headers()
        exchange.wfile.write(b'{"choices": [')
        exchange.hang_up()

    reactions = iter([cut, add])
    server.react = lambda exchange: next(reactions)(exchange)
    assert ask(server)[0].text == "13"


def test_a_reply_that_takes_too_long_is_asked_for_again(server, waits):
    release = threading.Event()
    reactions = iter([lambda exchange: release.wait(LONG_WAIT), add])
    server.react = lambda exchange: next(reactions)(exchange)
    assert ask(server, timeout=0.3)[0].text == "13"
    release.set()


def test_the_time_limit_holds_for_a_server_that_trickles(server, waits):
    release = threading.Event()

    def trickle(exchange):
        exchange.send_response(200)
        exchange.send_header("content-length", "1000")
        exchange.end_headers()
        while not release.wait(0.02):
            exchange.wfile.write(b" ")

    server.react = trickle
    with pytest.raises(
        InputError, match=r"asked a question 2 times without a reply\. Last: no reply within 0\.3 s\."
    ):
        ask(server, timeout=0.3, retries=1)
    release.set()


def test_a_response_without_end_is_cut(server, waits, monkeypatch):
    monkeypatch.setattr(served_requests, "MAX_BYTES", 1 << 20)
    server.react = lambda exchange: exchange.reply("0" * (1 << 20))
    with pytest.raises(InputError, match=r"Last: a response of more than 1 MiB\.$"):
        ask(server, retries=0)


@pytest.mark.parametrize(
    ("failure", "word"),
    [
        (lambda exchange: exchange.fail(500, "oops\nover two lines."), r"500: oops\\nover two lines"),
        (lambda exchange: exchange.send(503, b""), "503: no message"),
        (lambda exchange: exchange.send(500, {"detail": [{"msg": "no"}]}), r"500: \[{'msg': 'no'}\]"),
        (lambda exchange: exchange.hang_up(), "Server disconnected without sending a response"),
        (whole({"choices": []}), "a response without choices"),
        (whole({"error": {"message": "overloaded"}, "choices": []}), "overloaded"),
        (whole(b"{"), "a response that is no readable JSON"),
        (lambda exchange: exchange.fail(500, "x" * 100_000), r"500: x+ \.\.\. x+"),
    ],
)
def test_after_the_last_retry_the_last_word_of_the_server_is_shown(server, waits, failure, word):
    server.react = failure
    with pytest.raises(InputError) as given_up:
        ask(server, retries=2)
    pattern = rf"{server.url} was asked a question 3 times without a reply\. Last: {word}\."
    assert re.fullmatch(pattern, str(given_up.value)), given_up.value
    assert len(server.bodies) == 3 and len(str(given_up.value)) < 300


def test_replies_before_a_failure_count(server):
    def react(exchange):
        add(exchange) if exchange.question != "6+7" else exchange.fail(500)

    server.react, found = react, {}
    request = request_to(server, parallel=1, retries=0)
    with pytest.raises(InputError, match=r"asked a question once without a reply\. Last: 500: no\.$"):
        for place, reply in ServedModel.open(request).replies(chat(*SUMS), request.prompting):
            found[place] = reply.text
    assert found == dict(enumerate(ANSWERS[:6]))


def test_waits_grow_at_random(server, waits):
    server.react = lambda exchange: exchange.fail(500)
    with pytest.raises(InputError):
        ask(server, retries=200)
    assert len(waits) == 200 and len(set(waits)) == 200
    for attempt, seconds in enumerate(waits):
        assert 0 <= seconds <= min(60, 0.5 * 2**attempt)
    assert max(waits) > 30 and min(waits[20:]) < 15


def test_a_server_that_names_seconds_is_waited_for(server, exact_waits):
    asked = iter(["0", "1", "90", "3600", "1.5", "-5", "nan", "inf", "soon"])
    server.react = lambda exchange: exchange.fail(429, retry_after=next(asked))
    with pytest.raises(InputError, match="asked a question 9 times"):
        ask(server, retries=8)
    assert exact_waits == [0, 1, 90, 3600, 1.5, 0, 0, 0]


def test_a_server_that_names_milliseconds_is_waited_for(server, exact_waits):
    reactions = iter([lambda exchange: exchange.fail(429, retry_after="9", retry_after_ms="250"), add])
    server.react = lambda exchange: next(reactions)(exchange)
    assert ask(server)[0].text == "13" and exact_waits == [0.25]


def test_a_server_that_names_a_date_is_waited_for(server, exact_waits, monkeypatch):
    now = datetime(2026, 11, 29, 12, tzinfo=UTC)
    monkeypatch.setattr(served_requests, "_now", lambda: now)
    dates = iter([now + timedelta(minutes=5), now - timedelta(days=1), now + timedelta(hours=1)])
    server.react = lambda exchange: exchange.fail(503, retry_after=format_datetime(next(dates), usegmt=True))
    with pytest.raises(InputError):
        ask(server, retries=2)
    assert exact_waits == [300, 0]


def test_the_wait_that_a_server_names_is_added_to_the_jitter(server, waits):
    server.react = lambda exchange: exchange.fail(429, retry_after="100")
    with pytest.raises(InputError):
        ask(server, retries=50)
    assert all(100 <= seconds <= 160 for seconds in waits) and len(set(waits)) == 50


def test_a_server_that_asks_for_more_than_an_hour_is_given_up(server, waits):
    server.react = lambda exchange: exchange.fail(429, "come back tomorrow", retry_after="86400")
    with pytest.raises(InputError) as given_up:
        ask(server)
    assert str(given_up.value) == (
        f"{server.url} asks to wait 86,400 s, more than 3,600 s: 429: come back tomorrow."
    )
    assert not waits and len(server.bodies) == 1


# failures that stay


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "refuses access (401; OPENAI_API_KEY is not set): no."),
        (403, "refuses access (403; OPENAI_API_KEY is not set): no."),
        (404, "refuses the request (404): no."),
        (400, "refuses the request (400): no."),
        (405, "refuses the request (405): no."),
        (422, "refuses the request (422): no."),
        (501, "refuses the request (501): no."),
    ],
)
def test_failures_that_stay_end_at_once(server, waits, status, message):
    server.react = lambda exchange: exchange.fail(status, "no")
    with pytest.raises(InputError) as refused:
        ask(server, chat(*SUMS), parallel=1)
    assert str(refused.value) == f"{server.url} {message}"
    assert not waits and len(server.bodies) == 1


def test_a_used_up_quota_ends_at_once(server, waits):
    server.react = lambda exchange: exchange.fail(429, "pay first", code="insufficient_quota")
    with pytest.raises(InputError, match=r"refuses the request \(429\): pay first\.$"):
        ask(server)
    assert not waits


def test_an_address_without_v1_gets_a_hint(server, waits):
    server.react = lambda exchange: exchange.send(404, {"detail": "Not Found"})
    address = server.url.removesuffix("/v1")
    with pytest.raises(InputError) as refused:
        ask(server, url=address)
    assert str(refused.value) == (
        f"{address} refuses the request (404): Not Found. Most addresses end in /v1."
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed_since_another_server_would_get_the_key(server, monkeypatch, status):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with running() as other:
        place = f"{other.url}/chat/completions?key={KEY}"
        server.models = (status, b"")
        server.react = lambda exchange: exchange.send(status, b"", location=place)
        with pytest.raises(InputError) as refused:
            ask(server)
        assert not other.requests
    assert str(refused.value) == (
        f"{server.url} redirects to {other.url}/chat/completions. Give the address that answers."
    )


TOO_LONG = {
    "openai": (400, {"code": "context_length_exceeded", "message": "too long"}),
    "azure": (400, {"code": "content_filter", "message": "no"}),
    "vllm": (400, {"code": 400, "message": "This model's maximum context length is 64 tokens."}),
    "llama.cpp": (
        400,
        {"code": 400, "type": "exceed_context_size_error", "message": "the request exceeds it"},
    ),
    "sglang": (422, {"message": "The input is longer than the model's context length (64 tokens)."}),
}


@pytest.mark.parametrize(("status", "error"), TOO_LONG.values(), ids=TOO_LONG)
@pytest.mark.parametrize("refused_first", [False, True])
def test_refused_questions_count_as_replies_if_the_server_answers_others(
    server, status, error, refused_first
):
    def react(exchange):
        long = len(exchange.question) > 5
        exchange.send(status, {"error": error}) if long else add(exchange)

    server.react = react
    texts = ["11111111+1", "5+8"] if refused_first else ["5+8", "11111111+1"]
    refused, answered = sorted(ask(server, chat(*texts), parallel=1), key=lambda reply: reply.text)
    assert refused == Reply("", finish="refused") and answered.text == "13"
    # one more question finds out whether the server answers at all
    assert len(server.bodies) == 2 + refused_first


@pytest.mark.parametrize("question", [*chat("5+8"), Question("5+8=")], ids=["chat", "text"])
def test_a_server_that_refuses_every_question_is_given_up(server, question):
    server.react = lambda exchange: exchange.fail(400, "too long", code="context_length_exceeded")
    with pytest.raises(InputError) as refused:
        ask(server, [question] * 3, parallel=1)
    assert str(refused.value) == f"{server.url} refuses every question: too long."
    assert len(server.bodies) == 2 and "1+1=" in json.dumps(server.bodies[1])


# the list of models


def test_what_the_server_says_of_the_model_is_known(server):
    model = ServedModel.open(request_to(server, prompting={"revision": "2026-11"}))
    assert model.facts.details == {"owned_by": "us", "max_model_len": 64}
    assert (model.facts.revision, model.facts.device, model.has_template) == ("2026-11", "server", True)
    assert server.requests[0]["path"] == "/v1/models"
    model.close()


def test_a_model_that_the_server_lacks_is_named_with_the_nearest(server):
    with pytest.raises(InputError) as unknown:
        ServedModel.open(request_to(server, source="ader"))
    assert str(unknown.value) == (f"{server.url} has no model 'ader'. Did you mean 'adder'? Allowed: adder.")


def test_the_tag_latest_may_be_left_out(server):
    server.models = (200, {"data": [{"id": "adder:latest"}, {"id": 3}, None]})
    assert ask(server)[0].text == "13"
    assert server.bodies[0]["model"] == "adder"


@pytest.mark.parametrize(
    "models",
    [
        (404, {"error": "no"}),
        (500, b"oops"),
        (429, {}),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, {"data": []}),
        (200, {"data": 3}),
        (200, [1]),
    ],
)
def test_servers_without_a_list_of_models_are_asked_all_the_same(server, models):
    server.models = models
    assert ask(server)[0].text == "13"


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_access_to_its_list_is_given_up(server, status):
    server.models = (status, {"error": {"message": "who are you?"}})
    with pytest.raises(InputError) as refused:
        ServedModel.open(request_to(server))
    assert str(refused.value) == (
        f"{server.url} refuses access ({status}; OPENAI_API_KEY is not set): who are you?."
    )


def test_a_server_that_is_not_there():
    with running() as gone:
        pass
    with pytest.raises(InputError) as refused:
        ServedModel.open(request_to(gone))
    assert str(refused.value) == f"{gone.url} does not answer: All connection attempts failed."


def test_a_server_that_accepts_and_says_nothing(server, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(served_requests, "LIST_TIMEOUT", 0.2)
    monkeypatch.setattr(Exchange, "do_GET", lambda exchange: release.wait(LONG_WAIT))
    with pytest.raises(InputError) as refused:
        ServedModel.open(request_to(server))
    release.set()
    assert str(refused.value) == f"{server.url} has not answered in 0.2 s."


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "ftp://me:hidden-word@proxy:1"), ("SSL_CERT_FILE", "/nowhere/hidden-word.pem")],
)
def test_an_environment_that_no_connection_can_be_made_in(server, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match="is no usable address, or one of HTTP_PROXY") as refused:
        ServedModel.open(request_to(server))
    assert "hidden-word" not in str(refused.value)


def test_a_missing_extra_is_one_line(server, monkeypatch):
    def missing(module, extra):
        raise InputError(f"{module} is not installed: [{extra}]")

    monkeypatch.setattr(served_model, "require_extra", missing)
    with pytest.raises(InputError, match=r"openai is not installed: \[openai\]"):
        ServedModel.open(request_to(server))
    assert not server.requests


# keys


def test_the_key_of_the_environment_is_sent(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    ask(server)
    assert {request["headers"]["authorization"] for request in server.requests} == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", [400, 401, 404, 500, 429])
def test_an_error_that_repeats_the_key_is_shown_without_it(server, monkeypatch, waits, status):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.react = lambda exchange: exchange.fail(
        status, "x" * 35 + exchange.headers["authorization"] + "y" * 90
    )
    with pytest.raises(InputError) as refused:
        ask(server, retries=1)
    assert "x" * 35 + "Bearer" in str(refused.value) and not pieces_of_key(str(refused.value))
    assert refused.value.__cause__ is None and refused.value.__suppress_context__


def test_a_reply_that_repeats_the_key_is_kept_without_it(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.models = (200, {"data": [{"id": "adder", "owned_by": KEY}]})
    server.react = lambda exchange: exchange.stream(
        exchange.delta(f"13 {KEY[:9]}", reasoning=KEY), exchange.delta(KEY[9:], finish=KEY)
    )
    assert ask(server, stream="yes") == [Reply("13 [key]", "[key]", "[key]")]
    assert ServedModel.open(request_to(server)).facts.details == {"owned_by": "[key]"}


def test_a_list_of_models_that_repeats_the_key_is_shown_without_it(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.models = (200, {"data": [{"id": f"model-of-{KEY}"}]})
    with pytest.raises(InputError) as unknown:
        ServedModel.open(request_to(server))
    assert "model-of-[key]" in str(unknown.value) and not pieces_of_key(str(unknown.value))


def pieces_of_key(text):
    """The longest pieces of the key in a text, from 9 characters: "sk-secret" alone would do for a hint."""
    return [KEY[i : i + 9] for i in range(len(KEY) - 8) if KEY[i : i + 9] in text]


@pytest.mark.parametrize("where", ["url", "source", "extra"])
def test_a_key_among_what_is_recorded_is_refused(server, monkeypatch, where):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = {
        "url": {"url": f"{server.url}/{KEY}"},
        "source": {"source": KEY},
        "extra": {"prompting": {"extra": json.dumps({"key": KEY})}},
    }[where]
    with pytest.raises(InputError) as refused:
        ServedModel.open(request_to(server, **settings))
    assert str(refused.value) == (
        "the key of OPENAI_API_KEY is in the address, the name or a setting, which are recorded."
    )


# many at a time


def test_as_many_requests_as_allowed_are_in_flight(server):
    together = threading.Barrier(4, timeout=LONG_WAIT)

    def react(exchange):
        together.wait()
        add(exchange)

    server.react = react
    assert [reply.text for reply in ask(server, chat(*SUMS), parallel=4)] == ANSWERS
    assert server.most_in_flight == 4


def test_replies_are_yielded_as_they_come(server):
    release = threading.Event()

    def react(exchange):
        assert exchange.question != SUMS[0] or release.wait(LONG_WAIT)
        add(exchange)

    server.react = react
    request, order = request_to(server, parallel=2), []
    for place, reply in ServedModel.open(request).replies(chat(*SUMS), request.prompting):
        order.append(place)
        assert reply.text == ANSWERS[place]
        if len(order) == 11:
            release.set()
    assert order == [*range(1, 12), 0]


def test_questions_wait_for_whoever_takes_the_replies(server):
    request = request_to(server, parallel=2)
    replies = ServedModel.open(request).replies(chat(*SUMS * 20), request.prompting)
    next(replies)
    # one is taken, two wait to be taken, and two workers hold one each
    deadline = time.monotonic() + LONG_WAIT
    while len(server.bodies) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(server.bodies) == 5
    replies.close()


def test_closing_ends_all_requests_and_threads(server):
    before, release, begun = set(threading.enumerate()), threading.Event(), threading.Semaphore(0)
    ended = []

    def react(exchange):
        if exchange.number == 1:
            return add(exchange)
        begun.release()
        # the client hangs up: there is nothing to read any more
        exchange.connection.settimeout(LONG_WAIT)
        ended.append(exchange.connection.recv(1))
        return release.wait(LONG_WAIT)

    server.react = react
    request = request_to(server, parallel=3)
    replies = ServedModel.open(request).replies(chat(*SUMS), request.prompting)
    next(replies)
    for _ in range(3):
        assert begun.acquire(timeout=LONG_WAIT)
    replies.close()
    threads = {
        thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name
    }
    assert not threads and len(server.bodies) == 4
    release.set()
    deadline = time.monotonic() + LONG_WAIT
    while len(ended) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ended == [b""] * 3


def test_questions_that_cannot_be_made_end_all_requests(server):
    class Broken(list):
        def __getitem__(self, place):
            if place == 5:
                raise ZeroDivisionError("no question")
            return super().__getitem__(place)

    request = request_to(server, parallel=1)
    replies = ServedModel.open(request).replies(Broken(chat(*SUMS)), request.prompting)
    with pytest.raises(ZeroDivisionError, match="no question"):
        list(replies)
    assert len(server.bodies) == 5


def test_no_questions(server):
    assert ask(server, []) == [] and not server.bodies
