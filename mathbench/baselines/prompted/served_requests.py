"""The requests to a server of the OpenAI protocol: what is sent, how often, and what becomes of failures."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx2
from anyio import fail_after, sleep
from openai import APIError, APIStatusError, AsyncOpenAI
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from mathbench.baselines.prompted import failures
from mathbench.baselines.prompted.credentials import KEY_VARIABLE, NO_KEY, Credentials
from mathbench.baselines.prompted.failures import QuestionRefused, Transient
from mathbench.baselines.prompted.model import ModelRequest, Question, Reply
from mathbench.baselines.prompted.served_reply import read_reply
from mathbench.baselines.prompted.settings import PromptingSettings
from mathbench.errors import InputError, did_you_mean, shortened
from mathbench.hashing import key_of

LIST_TIMEOUT = 30.0  # seconds for the list of models
MAX_WAIT = 3600.0  # seconds that a server may ask to wait
MAX_BYTES = 1 << 26  # of a response
MAX_MODELS = 10_000  # models of a list that are read
SEEDS = 1 << 31  # all servers take seeds below

# full jitter: requests that failed together are not sent again together
_back_off = wait_random_exponential(multiplier=0.5, max=60)


@dataclass
class ServedRequests:
    """The requests to one model on one server.

    Args:
        request: the model, and how it is asked.
        address: of the server.
        credentials: sent with each request, and kept out of every message and reply.
        limit_field: the field that limits the tokens of a reply.
        works: whether the server has answered a question.
    """

    request: ModelRequest
    address: str
    credentials: Credentials
    limit_field: str = "max_tokens"
    works: bool = field(default=False, init=False)

    def client(self) -> AsyncOpenAI:
        """Return a client, whose connections belong to the event loop that uses them."""
        return AsyncOpenAI(
            api_key=self.credentials.key or NO_KEY,
            base_url=self.address,
            timeout=self.request.asking.timeout,
            max_retries=0,
            # compressed bytes say nothing of how much memory they need
            default_headers={"Accept-Encoding": "identity"},
            http_client=self._connections(),
        )

    def _connections(self) -> httpx2.AsyncClient:
        parallel = self.request.asking.parallel
        try:
            return httpx2.AsyncClient(
                base_url=self.address,
                limits=httpx2.Limits(max_connections=parallel, max_keepalive_connections=parallel),
                # another server would receive the credentials
                follow_redirects=False,
                event_hooks={"response": [_limit_size]},
            )
        except (httpx2.InvalidURL, ValueError, ImportError, OSError):
            # the reason may quote a proxy with its password
            raise self.error(
                "is no usable address, or one of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE is not."
            ) from None

    async def find_model(self) -> dict[str, Any]:
        """Return what the server says of the model; empty if it has no list of models.

        Raises:
            InputError: if no server answers, it refuses the key, or lists other models only.
        """
        models = {model["id"]: model for model in await self._models()}
        name = self.request.source
        # Ollama lists tags and takes names without them
        found = models.get(name) or models.get(f"{name}:latest")
        if models and found is None:
            raise self.error(f"has no model '{name}'. {did_you_mean(name, models)}")
        return found or {}

    async def _models(self) -> list[dict[str, Any]]:
        client = self.client()
        try:
            async with client:
                with fail_after(LIST_TIMEOUT):
                    async with client.models.with_streaming_response.list() as response:
                        return _models_of(json.loads(await response.read()))
        except APIStatusError as error:
            self._check_allowed(error)
            return []
        except TimeoutError:
            raise self.error(f"has not answered in {LIST_TIMEOUT:g} s.") from None
        except (APIError, httpx2.HTTPError) as error:
            raise self.error(f"does not answer: {self._word(_cause(error))}.") from None
        except (ValueError, RecursionError, Transient):
            return []

    async def answer(self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings) -> Reply:
        """Ask a question until there is a reply. One that the server refuses has the finish ``refused``.

        Raises:
            InputError: if the server does not answer, or refuses every question.
        """
        try:
            reply = await self._ask_repeatedly(client, question, prompting)
        except QuestionRefused as refusal:
            await self._check_works(client, question, prompting, refusal)
            return Reply("", finish="refused")
        self.works = True
        return reply

    async def _check_works(
        self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings, refusal: QuestionRefused
    ) -> None:
        """Check that the server answers other questions, so that a refusal is due to this one."""
        if self.works:
            return
        easy = "1+1="
        control = Question(turns=({"role": "user", "content": easy},)) if question.turns else Question(easy)
        try:
            await self._ask_repeatedly(client, control, prompting)
        except QuestionRefused:
            raise self.error(f"refuses every question: {self._word(str(refusal))}.") from None
        self.works = True

    async def _ask_repeatedly(
        self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings
    ) -> Reply:
        attempts = self.request.asking.retries + 1
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(Transient),
            stop=stop_after_attempt(attempts),
            wait=_seconds_before_retry,
            sleep=sleep,
            reraise=True,
        )
        try:
            return await retrying(self._ask, client, question, prompting)
        except Transient as failure:
            times = f"{attempts} times" if attempts > 1 else "once"
            word = self._word(str(failure))
            raise self.error(f"was asked a question {times} without a reply. Last: {word}.") from None

    async def _ask(self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings) -> Reply:
        timeout = self.request.asking.timeout
        try:
            with fail_after(timeout):
                return self._hidden(await self._send(client, question, prompting))
        except TimeoutError:
            raise Transient(f"no reply within {timeout:g} s") from None
        except APIStatusError as error:
            raise self._failure(error) from None
        except APIError as error:
            raise Transient(_cause(error)) from None
        except httpx2.HTTPError as error:
            raise Transient(_cause(error)) from None
        except (ValueError, RecursionError):
            raise Transient("a response that is no readable JSON") from None

    async def _send(self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings) -> Reply:
        """Send a question, and once more under the other name of the limit if the server asks for it."""
        limit_field = self.limit_field
        try:
            return await self._post(client, question, prompting)
        except APIStatusError as error:
            told = failures.wants_other_limit(error.body)
            refused = failures.refuses_question(error.status_code, error.body)
            if not told or refused or limit_field != "max_tokens" or not question.turns:
                raise
        self.limit_field = "max_completion_tokens"
        return await self._post(client, question, prompting)

    async def _post(self, client: AsyncOpenAI, question: Question, prompting: PromptingSettings) -> Reply:
        fields: dict[str, Any] = {"model": self.request.source, "extra_body": self._fields(prompting)}
        if question.turns:
            create: Any = client.chat.completions.with_streaming_response.create
            fields["messages"] = question.turns
        else:
            create = client.completions.with_streaming_response.create
            fields["prompt"] = question.text
        async with create(stream=self.request.asking.stream == "yes", **fields) as response:
            return await read_reply(client, response)

    def _fields(self, prompting: PromptingSettings) -> dict[str, Any]:
        """The fields of a request, where further fields that are null leave one out."""
        fields: dict[str, Any] = {
            self.limit_field: prompting.max_tokens,
            "temperature": prompting.temperature,
            "top_p": prompting.top_p,
            "seed": seed_number(self.request.seed),
        }
        if self.request.asking.stream == "yes":
            fields["stream_options"] = {"include_usage": True}
        further = prompting.fields_of_request
        if further.get("max_tokens", 0) is None:
            fields.pop(self.limit_field)
        return {name: value for name, value in (fields | further).items() if value is not None}

    def _failure(self, error: APIStatusError) -> Exception:
        """What follows from a failed request."""
        status, body = error.status_code, error.body
        self._check_allowed(error)
        if error.response.has_redirect_location:
            place = self._word(error.response.headers["location"].partition("?")[0])
            return self.error(f"redirects to {place}. Give the address that answers.")
        word = failures.message_of(body)
        if failures.is_transient(status, body):
            return self._transient(f"{status}: {word}", error.response.headers)
        if failures.refuses_question(status, body):
            return QuestionRefused(word)
        hint = " Most addresses end in /v1." if status == 404 and not self.address.endswith("/v1") else ""
        return self.error(f"refuses the request ({status}): {self._word(word)}.{hint}")

    def _transient(self, message: str, headers: httpx2.Headers) -> Exception:
        wait = failures.seconds_to_wait(headers, _now())
        if wait > MAX_WAIT:
            word = self._word(message)
            return self.error(f"asks to wait {wait:,.0f} s, more than {MAX_WAIT:,.0f} s: {word}.")
        return Transient(message, wait)

    def _check_allowed(self, error: APIStatusError) -> None:
        if error.status_code not in (401, 403):
            return
        given = f"{KEY_VARIABLE} is set" if self.credentials.key else f"{KEY_VARIABLE} is not set"
        word = self._word(failures.message_of(error.body))
        raise self.error(f"refuses access ({error.status_code}; {given}): {word}.") from None

    def _hidden(self, reply: Reply) -> Reply:
        """A reply without credentials, which a server may repeat."""
        hide = self.credentials.hide
        return reply._replace(
            text=hide(reply.text), reasoning=hide(reply.reasoning), finish=hide(reply.finish)
        )

    def _word(self, text: str) -> str:
        """What a server said, on one line without credentials. Cutting first could leave the half of a key."""
        return shortened(self.credentials.hide(text)).rstrip(".")

    def error(self, message: str) -> InputError:
        """An error of this server, on one line without credentials."""
        return InputError(self.credentials.hide(f"{self.address} {message}"))


def seed_number(seed: int | str) -> int:
    """Return a seed as an integer that every server takes.

    >>> seed_number(7), 0 <= seed_number("winter") < 2**31
    (7, True)
    """
    if isinstance(seed, int) and 0 <= seed < SEEDS:
        return seed
    return key_of("served", seed) % SEEDS


def _seconds_before_retry(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait if isinstance(failure, Transient) else 0.0
    return asked + _back_off(state)


def _now() -> datetime:
    return datetime.now(UTC)


def _cause(error: Exception) -> str:
    """Why a request failed. The client says "Connection error.", and its cause says more."""
    cause = error.__cause__ or error
    return str(cause) or type(cause).__name__


def _models_of(listed: Any) -> list[dict[str, Any]]:
    models = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(models, list):
        return []
    return [m for m in models[:MAX_MODELS] if isinstance(m, dict) and isinstance(m.get("id"), str)]


async def _limit_size(response: httpx2.Response) -> None:
    response.stream = _LimitedStream(response.stream)


class _LimitedStream(httpx2.AsyncByteStream):
    """The bytes of a response, which end in an error where they are too many."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._size += len(chunk)
            if self._size > MAX_BYTES:
                raise Transient(f"a response of more than {MAX_BYTES >> 20} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
