"""Language models behind a server of the OpenAI protocol, such as vLLM, llama.cpp, Ollama and SGLang."""

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from mathbench.baselines.prompted.credentials import KEY_VARIABLE, Credentials, check_address
from mathbench.baselines.prompted.model import ModelFacts, ModelRequest, Question, Reply
from mathbench.baselines.prompted.settings import PromptingSettings
from mathbench.errors import InputError, require_extra, shortened

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream

    from mathbench.baselines.prompted.served_requests import ServedRequests

Answered = tuple[int, "Reply | Exception"]

# further fields that would change the question, or what a setting says
_OWN_FIELDS = ("model", "messages", "prompt", "stream", "n", "max_completion_tokens")
# fields with a setting: null leaves them out, for servers that refuse them
_SETTING_FIELDS = ("max_tokens", "temperature", "top_p", "seed", "stream_options")
_NUMBERS = ("created", "max_model_len")


class ServedModel:
    """A language model that a server answers for.

    Args:
        requests: to the server.
        facts: what the server says of the model.
    """

    has_template = True

    def __init__(self, requests: "ServedRequests", facts: ModelFacts) -> None:
        self._requests = requests
        self.facts = facts

    @classmethod
    def open(cls, request: ModelRequest) -> "ServedModel":
        """Find a model on its server.

        Raises:
            InputError: if the extra ``openai`` is missing, no server answers, it refuses the key or lacks the model, or
                the request contains the key, which would be recorded.
        """
        address, credentials = check_address(request.asking.url), Credentials.from_environment()
        check_fields(request.prompting.fields_of_request)
        _check_no_key(request, credentials)
        for module in ("openai", "tenacity"):
            require_extra(module, "openai")
        from anyio.from_thread import start_blocking_portal

        from mathbench.baselines.prompted.served_requests import ServedRequests

        requests = ServedRequests(request, address, credentials)
        with start_blocking_portal() as portal:
            known = portal.call(requests.find_model)
        details = _details(known, credentials)
        return cls(requests, ModelFacts(request.prompting.revision, device="server", details=details))

    def replies(
        self, questions: Sequence[Question], prompting: PromptingSettings
    ) -> Generator[tuple[int, Reply], None, None]:
        """Answer questions, and yield the place of each question with its reply, in any order, as they come.

        The event loop runs in a thread, which ends with the iterator. As many replies as requests in flight may wait to
        be taken.

        Raises:
            InputError: when the server does not answer, or refuses; those yielded before count.
        """
        from anyio import EndOfStream, create_memory_object_stream
        from anyio.from_thread import start_blocking_portal

        send, receive = create_memory_object_stream[Answered](self._requests.request.asking.parallel)
        with receive, start_blocking_portal() as portal:
            asking = portal.start_task_soon(self._ask_all, questions, prompting, send)
            try:
                while True:
                    place, reply = portal.call(receive.receive)
                    if isinstance(reply, Exception):
                        raise reply
                    yield place, reply
            except EndOfStream:
                asking.result()
            finally:
                asking.cancel()

    async def _ask_all(
        self,
        questions: Sequence[Question],
        prompting: PromptingSettings,
        send: "MemoryObjectSendStream[Answered]",
    ) -> None:
        from anyio import create_task_group

        places = (place for place in range(len(questions)))
        workers = min(self._requests.request.asking.parallel, len(questions))

        async def ask_in_turn() -> None:
            for place in places:
                try:
                    await send.send((place, await self._requests.answer(client, questions[place], prompting)))
                except Exception as error:
                    # nobody asks another question
                    places.close()
                    await send.send((place, error))

        async with send, self._requests.client() as client, create_task_group() as group:
            for _ in range(workers):
                group.start_soon(ask_in_turn)

    def close(self) -> None:
        """Do nothing: connections end with the iterator of replies."""


def check_fields(fields: dict[str, Any]) -> None:
    """Check that further fields of requests are none of ours.

    >>> check_fields({"top_k": 1, "temperature": None})

    Raises:
        InputError: for the question itself, or the value of a setting.
    """
    for name, value in fields.items():
        if name in _OWN_FIELDS:
            raise InputError(f"settings: extra cannot change the field '{name}' of a request.")
        if name in _SETTING_FIELDS and value is not None:
            raise InputError(
                f"settings: extra can only leave out the field '{name}', as null: it has a setting of its own."
            )


def _check_no_key(request: ModelRequest, credentials: Credentials) -> None:
    recorded = repr(request)
    if credentials.hide(recorded) != recorded:
        raise InputError(
            f"the key of {KEY_VARIABLE} is in the address, the name or a setting, which are recorded."
        )


def _details(known: dict[str, Any], credentials: Credentials) -> dict[str, Any]:
    """What a server says of a model, as far as it is short."""
    numbers = {name: known[name] for name in _NUMBERS if isinstance(known.get(name), int)}
    owner = known.get("owned_by")
    return numbers | ({"owned_by": shortened(credentials.hide(owner))} if isinstance(owner, str) else {})
