"""Language models of transformers: their replies, and what is refused."""

import hashlib
import json
import shutil
import socket
from collections import Counter

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tiny_models import (  # noqa: E402
    ANSWER,
    CHAT,
    START,
    SYMBOLS,
    THINK,
    byte_tokenizer,
    random_model,
    saved,
    token,
    writing_model,
)

from mathbench.baselines.prompted import hub, local_model  # noqa: E402
from mathbench.baselines.prompted.local_model import LocalModel  # noqa: E402
from mathbench.baselines.prompted.local_prompts import PromptWriter  # noqa: E402
from mathbench.baselines.prompted.model import ModelRequest, Question, Reply  # noqa: E402
from mathbench.baselines.prompted.settings import AskingOptions, PromptingSettings  # noqa: E402
from mathbench.errors import InputError  # noqa: E402

SUMS = [Question(f"{7**i}+{i}=") for i in range(20)]


def chat(*contents, system=None):
    roles = ("user", "assistant")
    turns = [{"role": roles[i % 2], "content": content} for i, content in enumerate(contents)]
    return Question(turns=(*([{"role": "system", "content": system}] if system else []), *turns))


def opened(folder, seed=0, batch=16, **prompting):
    asking = AskingOptions(source=str(folder), batch=batch)
    return LocalModel.open(ModelRequest(str(folder), PromptingSettings(**prompting), asking, seed))


def ask(model, questions, **prompting):
    found = list(model.replies(questions, PromptingSettings(**{"max_tokens": 8, **prompting})))
    assert sorted(place for place, _ in found) == list(range(len(questions)))
    return [reply for _, reply in sorted(found)]


def texts(replies):
    return [reply.text for reply in replies]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of random models by kind, made when used."""
    made = {}

    def folder(kind, template=None):
        if (kind, template) not in made:
            path = tmp_path_factory.mktemp(kind)
            made[kind, template] = saved(path, random_model(kind), byte_tokenizer(template))
        return made[kind, template]

    return folder


@pytest.fixture
def writer(tmp_path):
    """The opened model that writes a text."""

    def make(*parts, tokenizer=None, **request):
        return opened(saved(tmp_path, writing_model(*parts), tokenizer or byte_tokenizer()), **request)

    return make


def likeliest(network, tokens, count):
    """Greedy decoding of one row without padding or cache."""
    start = len(tokens)
    for _ in range(count):
        logits = network(torch.tensor([tokens])).logits[0, -1]
        tokens = [*tokens, int(logits.argmax())]
        if tokens[-1] == 2:
            break
    return tokens[start:]


@pytest.mark.parametrize("kind", ["llama", "gpt2", "qwen2"])
def test_replies_are_the_likeliest_tokens_whatever_the_batch(folders, kind):
    """In float32, token for token."""
    folder = folders(kind)
    network = transformers.AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    expected = []
    for question in SUMS:
        tokens = tokenizer(question.text)["input_ids"]
        reply = likeliest(network, tokens, 8)
        finish = "stop" if reply[-1] == 2 else "length"
        text = tokenizer.decode(reply, skip_special_tokens=True)
        expected.append(Reply(text, "", finish, len(tokens), len(reply)))
    assert len(set(texts(expected))) > 10
    for batch in (1, 7, 16):
        assert ask(opened(folder, batch=batch), SUMS) == expected


def test_penalties_that_a_model_brings_are_left_out(folders, tmp_path):
    shutil.copytree(folders("llama"), tmp_path, dirs_exist_ok=True)
    expected = ask(opened(tmp_path), SUMS)
    config = {
        "do_sample": True,
        "temperature": 5.0,
        "repetition_penalty": 9.0,
        "min_new_tokens": 8,
        "eos_token_id": 2,
    }
    (tmp_path / "generation_config.json").write_text(json.dumps(config))
    assert ask(opened(tmp_path), SUMS) == expected


def test_bfloat16_is_stated_and_answers(folders):
    model = opened(folders("llama"), dtype="bfloat16")
    assert model.facts.details["dtype"] == "bfloat16"
    assert len(ask(model, SUMS)) == len(SUMS)


def test_samples_depend_on_seed_and_question_alone(folders):
    folder, drawn = folders("llama"), {"temperature": 1.5, "top_p": 0.9}
    first = ask(opened(folder), SUMS, **drawn)
    assert ask(opened(folder, batch=3), SUMS, **drawn) == first
    # a resumed run asks fewer questions
    assert ask(opened(folder), SUMS[5:][::-1], **drawn) == first[5:][::-1]
    other = ask(opened(folder, seed=1), SUMS, **drawn)
    assert sum(a != b for a, b in zip(first, other, strict=True)) > 15


def test_a_small_share_is_greedy(folders):
    model = opened(folders("llama"))
    assert ask(model, SUMS, temperature=1.0, top_p=0.001) == ask(model, SUMS)


def test_samples_follow_the_probabilities(tmp_path):
    # after "=", "6" has the score 2 and "5" 1; the others have none and little weight beside them
    model = writing_model("=6")
    with torch.no_grad():
        scale = model.lm_head.weight[token("6"), token("=")].item() / 50
        model.lm_head.weight[:, token("=")] = -1000 * scale
        model.lm_head.weight[token("6"), token("=")] = 2 * scale
        model.lm_head.weight[token("5"), token("=")] = 1 * scale
    model = opened(saved(tmp_path, model, byte_tokenizer()), batch=500)
    questions = [Question(f"{i}=") for i in range(2000)]
    for temperature, share in ((1.0, 0.7311), (0.5, 0.8808)):
        counts = Counter(texts(ask(model, questions, max_tokens=1, temperature=temperature)))
        assert set(counts) == {"5", "6"}
        assert abs(counts["6"] / 2000 - share) < 0.04
    assert set(texts(ask(model, questions, max_tokens=1, temperature=1.0, top_p=0.7))) == {"6"}


def test_a_reply_ends_at_the_end_token(writer):
    model = writer("=65")
    assert ask(model, [Question("57+8="), Question("1=")]) == [
        Reply("65", "", "stop", 5, 3),
        Reply("65", "", "stop", 2, 3),
    ]
    assert ask(model, [Question("57+8=")], max_tokens=2) == [Reply("65", "", "length", 5, 2)]
    assert ask(model, [Question("57+8=")], max_tokens=1) == [Reply("6", "", "length", 5, 1)]


def test_the_end_token_of_the_tokenizer_ends_a_reply_too(tmp_path):
    """Where the model states another one, as many do after they were tuned to chats."""
    model = writing_model("=65")
    model.generation_config.eos_token_id = 0
    model = opened(saved(tmp_path, model, byte_tokenizer()))
    assert ask(model, [Question("57+8=")]) == [Reply("65", "", "stop", 5, 3)]


def test_a_reply_ends_at_the_stop_text_after_leading_white_space(writer):
    model = writer("=\n 65\n"[:-1] + "\t!?abcdef")
    questions = [Question("57+8="), Question("a")]
    long, short = ask(model, questions, max_tokens=50, stop="\t")
    assert (long.text, long.finish, long.reply_tokens) == ("\n 65\t", "stop", 5)
    # the other row goes on
    assert (short.text, short.finish) == ("bcdef", "stop")
    (whole,) = ask(model, questions[:1], max_tokens=50, stop="\n")
    assert whole.text == "\n 65\t!?abcdef"
    (two,) = ask(model, questions[:1], max_tokens=50, stop="!?")
    assert (two.text, two.reply_tokens) == ("\n 65\t!?", 7)


@pytest.mark.parametrize("special", [False, True])
def test_reasoning_is_kept_apart(writer, special):
    tokenizer = byte_tokenizer(CHAT, tags_are_special=special)
    model = writer("]", THINK, "7+8;", ANSWER, "65;"[:-1], tokenizer=tokenizer)
    (reply,) = ask(model, [chat("57+8")], max_tokens=50)
    assert reply == Reply("65", "7+8;", "stop", 23, 9, 4)
    # the stop text ends no reasoning
    assert ask(model, [chat("57+8")], max_tokens=50, stop=";") == [reply]
    # what is cut while it thinks has no answer
    assert ask(model, [chat("57+8")], max_tokens=4) == [Reply("", "7+8", "length", 23, 4, 3)]


def test_plain_text_has_no_reasoning(writer):
    model = writer("=6", ANSWER, "5")
    assert texts(ask(model, [Question("57+8=")])) == [f"6{ANSWER}5"]


def test_a_template_that_opens_reasoning(writer):
    model = writer(">7+8", tokenizer=byte_tokenizer(CHAT.replace("[assistant]", f"[assistant]{THINK}\n>")))
    assert ask(model, [chat("1")])[0][:2] == ("7+8", "")
    model = writer("\n7+8", tokenizer=byte_tokenizer(CHAT.replace("[assistant]", f"[assistant]{THINK}\n")))
    assert ask(model, [chat("1")])[0][:2] == ("", "7+8")


def test_the_context_of_a_model_ends_replies(folders):
    """GPT-2 has 64 positions, and no more can be computed."""
    model = opened(folders("gpt2"), batch=4)
    questions = [Question("1" * n) for n in (50, 60, 64, 65, 61, 60, 63, 10)]
    found = ask(model, questions, max_tokens=12)
    rooms = [12, 4, 0, 0, 3, 4, 1, 12]
    assert all(reply.reply_tokens <= room for reply, room in zip(found, rooms, strict=True))
    assert [reply.reply_tokens for reply in found[1:7]] == rooms[1:7]
    assert found[2] == Reply("", "", "length", 64)
    assert ask(model, questions[:1], max_tokens=12) == found[:1]


def test_replies_come_window_by_window(folders, monkeypatch):
    """Memory does not grow with the number of questions."""
    monkeypatch.setattr(local_model, "WINDOW", 6)
    model, written = opened(folders("llama"), batch=2), []
    write = model._prompts.write
    monkeypatch.setattr(model._prompts, "write", lambda question: written.append(question) or write(question))
    replies = model.replies(SUMS, PromptingSettings(max_tokens=2))
    first = [next(replies) for _ in range(6)]
    assert written == SUMS[:6] and sorted(place for place, _ in first) == list(range(6))
    # the longest first
    assert [place for place, _ in first] == [5, 4, 3, 2, 0, 1]
    replies.close()
    assert len(written) == 6


def test_windows_keep_the_places_of_questions(folders, monkeypatch):
    model = opened(folders("llama"), batch=2)
    expected = ask(model, SUMS)
    monkeypatch.setattr(local_model, "WINDOW", 6)
    assert ask(model, SUMS) == expected


def test_texts_start_with_the_tokens_of_the_tokenizer_and_do_not_end():
    tokenizer = byte_tokenizer(CHAT, starts=True, ends=True)
    assert tokenizer("7")["input_ids"] == [1, token("7"), 2]
    writer = PromptWriter(tokenizer, {})
    assert writer.write(Question("7+8=")).tokens == [1, *(token(c) for c in "7+8=")]
    # the template writes the start itself
    prompt = writer.write(chat("7"))
    assert prompt.text == f"{START}[user]7\n[assistant]"
    assert prompt.tokens == [1, *(token(c) for c in "[user]7\n[assistant]")]
    assert PromptWriter(byte_tokenizer(), {}).write(Question("7")).tokens == [token("7")]
    assert PromptWriter(byte_tokenizer(), {}).write(Question("")).tokens == [2]


def test_turns_are_written_by_the_template():
    question = chat("1+2", "3", "57+8", system="Add.")
    written = PromptWriter(byte_tokenizer(CHAT), {})
    assert (
        written.write(question).text
        == f"{START}[system]Add.\n[user]1+2\n[assistant]3\n[user]57+8\n[assistant]"
    )
    assert written.details["system"] == "own turn"


REFUSING = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}" + CHAT
OMITTING = CHAT.replace("[{{ turn", "{% if turn['role'] == 'system' %}{% continue %}{% endif %}[{{ turn")


@pytest.mark.parametrize("template", [REFUSING, OMITTING])
def test_a_template_without_a_system(template):
    writer = PromptWriter(byte_tokenizer(template), {})
    assert writer.write(chat("57+8", system="Add.")).text == f"{START}[user]Add.\n\n57+8\n[assistant]"
    assert writer.write(chat("57+8")).text == f"{START}[user]57+8\n[assistant]"
    assert writer.details["system"] == "in the first turn of the user"


def test_a_template_that_takes_nothing_is_refused_in_one_line():
    writer = PromptWriter(byte_tokenizer("{{ raise_exception('no\nchat') }}"), {})
    with pytest.raises(
        InputError, match=r"^the chat template of the model does not take this chat: no\\nchat\.$"
    ):
        writer.write(chat("57+8"))


def test_the_day_is_not_part_of_a_question():
    template = CHAT.replace("[assistant]", "{{ strftime_now('%d %b %Y') }}{{ more }}")
    writer = PromptWriter(byte_tokenizer(template), {"chat_template_kwargs": {"more": "!"}})
    assert writer.write(chat("7")).text == f"{START}[user]7\n26 Jul 2024!"
    assert writer.details["template_date"] == "2024-07-26"


def test_facts_of_a_folder(folders):
    folder = folders("llama", CHAT)
    model = opened(folder)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder).backend_tokenizer.to_str()
    assert model.facts.revision == f"sha256:{digest}"
    assert model.facts.parameters == sum(p.numel() for p in random_model("llama").parameters())
    assert model.facts.device == "cpu"
    assert model.facts.details == {
        "architecture": "LlamaForCausalLM",
        "dtype": "float32",
        "context": 64,
        "tokenizer": "TokenizersBackend",
        "tokenizer_sha256": hashlib.sha256(tokenizer.encode()).hexdigest(),
        "template_sha256": hashlib.sha256(CHAT.encode()).hexdigest(),
        "system": "own turn",
    }
    assert model.has_template and not opened(folders("llama")).has_template


def test_weights_in_parts_have_one_digest(tmp_path):
    model = random_model("llama")
    model.save_pretrained(tmp_path, max_shard_size="40KB")
    byte_tokenizer().save_pretrained(tmp_path)
    parts = sorted(tmp_path.glob("model-*.safetensors"))
    assert len(parts) > 1
    # transformers does not load this file
    shutil.copy(parts[0], tmp_path / "consolidated.safetensors")
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()
    assert opened(tmp_path).facts.revision == f"sha256:{digest}"


def test_a_model_opens_again_by_its_revision_alone(folders, tmp_path):
    first = opened(folders("llama")).facts.revision
    assert opened(folders("llama"), revision=first).facts.revision == first
    other = saved(tmp_path, random_model("llama", seed=1), byte_tokenizer())
    with pytest.raises(
        InputError, match=f"has other weights than expected. Received: sha256:[0-9a-f]+, expected: {first}"
    ):
        opened(other, revision=first)


def test_a_closed_model_is_free(folders):
    model = opened(folders("llama"))
    model.close()
    model.close()
    with pytest.raises(ValueError, match="closed"):
        list(model.replies(SUMS[:1], PromptingSettings(max_tokens=2)))


def without_config(folder):
    (folder / "config.json").unlink()


def config_of(**changes):
    def change(folder):
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        (folder / "own.py").write_text(f"open({str(folder / 'executed')!r}, 'w')")

    return change


def broken_config(folder):
    (folder / "config.json").write_text("{")


def broken_weights(folder):
    (folder / "model.safetensors").write_bytes(b"no weights" * 100)


def cut_weights(folder):
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])


def without_weights(folder):
    (folder / "model.safetensors").unlink()


def without_one_weight(folder):
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def pickled_weights(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")


def broken_index(folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text("[]")


def without_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()


def broken_tokenizer(folder):
    (folder / "tokenizer.json").write_text("{}")


def masked(folder):
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    transformers.BertForMaskedLM(transformers.BertConfig(vocab_size=SYMBOLS, **sizes)).save_pretrained(folder)


def translating(folder):
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    transformers.T5ForConditionalGeneration(
        transformers.T5Config(vocab_size=SYMBOLS, **sizes)
    ).save_pretrained(folder)


OWN_CODE = {
    "model_type": "own",
    "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"},
}
DAMAGE = [
    (without_config, "has no config.json, so it is not a model of transformers."),
    (broken_config, "is not a valid JSON file."),
    (
        config_of(model_type="unheard_of"),
        "cannot be loaded: The checkpoint you are trying to load has model type",
    ),
    (config_of(**OWN_CODE), "cannot be loaded: it comes with Python code of its own, which is not executed."),
    (config_of(vocab_size=SYMBOLS - 1), "cannot be loaded: "),
    (broken_weights, "cannot be loaded: "),
    (cut_weights, "cannot be loaded: "),
    (pickled_weights, "cannot be loaded: "),
    (broken_index, "model.safetensors.index.json is damaged."),
    (without_weights, "has no weights. Allowed: model.safetensors or pytorch_model.bin, or their parts."),
    (without_one_weight, "lacks weights of the model: model.norm.weight."),
    (without_tokenizer, "tokenizer"),
    (broken_tokenizer, "cannot be loaded: "),
    (masked, "does not continue text: only causal language models do. Received: bert."),
    (translating, "does not continue text: only causal language models do. Received: t5."),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=lambda value: getattr(value, "__name__", ""))
def test_a_damaged_folder_is_refused_in_one_line(folders, tmp_path, capfd, damage, message):
    folder = shutil.copytree(folders("llama"), tmp_path / "model")
    damage(folder)
    capfd.readouterr()
    with pytest.raises(InputError) as refused:
        opened(folder)
    assert message in str(refused.value) and "\n" not in str(refused.value) and len(str(refused.value)) < 500
    assert not (folder / "executed").exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("./nowhere", "there is no folder './nowhere', and it is not a name on the Hub."),
        ("/no/where", "there is no folder '/no/where', and it is not a name on the Hub."),
        ("a/b/c", "there is no folder 'a/b/c', and it is not a name on the Hub."),
        ("s3://bucket/model", "there is no folder 's3://bucket/model', and it is not a name on the Hub."),
        ("..", ".. has no config.json, so it is not a model of transformers."),
        (__file__, f"hf: takes a folder or a name on the Hub. Received: {__file__}, a file."),
        (
            "nobody/nothing",
            "hf:nobody/nothing cannot be loaded: "
            "HF_HUB_OFFLINE is set, and the model is neither a folder here nor in the Hub's cache. Give a folder, "
            "such as hf:models/mine, or copy the cache of a machine that has loaded the model (HF_HOME).",
        ),
    ],
)
def test_what_is_not_there(tmp_path, monkeypatch, source, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError) as refused:
        opened(source)
    assert str(refused.value) == message


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "Name or service not known"), TimeoutError()])
def test_without_a_network_the_error_comes_at_once(monkeypatch, failure):
    """The Hub's own client would ask again and again, with pauses."""
    asked = []

    def connect(place, timeout):
        asked.append((place, timeout))
        raise failure

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.invalid")
    monkeypatch.setattr("mathbench.baselines.prompted.hub.getproxies", dict)
    monkeypatch.setattr("mathbench.baselines.prompted.hub.socket.create_connection", connect)
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail(f"waits for {seconds} s"))
    with pytest.raises(
        InputError, match=r"the Hub cannot be reached \(https://hub.invalid\), and .* Give a folder"
    ):
        opened("nobody/nothing")
    assert asked == [(("hub.invalid", 443), 10)]


def test_a_hub_that_answers_is_asked(monkeypatch):
    """Behind a proxy too, which only the client knows how to use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setattr("mathbench.baselines.prompted.hub.getproxies", dict)
        assert hub.is_reachable()
    assert not hub.is_reachable()
    monkeypatch.setattr("mathbench.baselines.prompted.hub.getproxies", lambda: {"https": "proxy:80"})
    assert hub.is_reachable()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert not hub.is_reachable()


def test_a_field_of_servers_is_refused(folders):
    with pytest.raises(InputError, match=r"no field 'top_k' in extra. Allowed: chat_template_kwargs\."):
        opened(folders("llama"), extra='{"top_k": 1}')
    with pytest.raises(InputError, match=r"chat_template_kwargs must be an object. Received: 1\."):
        opened(folders("llama"), extra='{"chat_template_kwargs": 1}')


def test_values_that_are_no_numbers_are_refused(tmp_path):
    model = writing_model("=6")
    with torch.no_grad():
        model.lm_head.weight[0, 0] = torch.nan
    model = opened(saved(tmp_path, model, byte_tokenizer()))
    with pytest.raises(InputError, match=r"computes values that are no numbers; try --set dtype=float32\."):
        ask(model, SUMS)


def test_a_tokenizer_of_another_model_is_refused(tmp_path):
    model = random_model("llama")
    model.resize_token_embeddings(60)
    model = opened(saved(tmp_path, model, byte_tokenizer()))
    with pytest.raises(
        InputError, match=r"does not belong to the model. Received: token \d+, where the model has 60\."
    ):
        ask(model, [Question("z")])


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_too_little_memory_is_one_line(folders, monkeypatch, error):
    model = opened(folders("llama"), batch=8)

    def generate(**options):
        raise error

    monkeypatch.setattr(model._decoder._network, "generate", generate)
    with pytest.raises(
        InputError, match=r"does not suffice for 8 questions of up to \d+ tokens .* --set batch=4\.$"
    ):
        ask(model, SUMS)


@pytest.mark.parametrize("module", ["torch", "transformers"])
def test_a_missing_extra_is_named(monkeypatch, module):
    monkeypatch.setattr("mathbench.errors.find_spec", lambda name: None if name == module else object())
    with pytest.raises(
        InputError, match=rf"^{module} is not installed: pip install 'mathbench-toolkit\[hf\]'\.$"
    ):
        opened("anything")
