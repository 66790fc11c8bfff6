"""Tiny language models for tests: random ones, and ones that write a text that is known in advance."""

from itertools import pairwise

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

PAD, START, END, THINK, ANSWER = "<pad>", "<s>", "<end>", "<think>", "</think>"
SPECIAL = (PAD, START, END, THINK, ANSWER)
CHAT = (
    "{{ bos_token }}{% for turn in messages %}[{{ turn['role'] }}]{{ turn['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
SMALL = {"num_hidden_layers": 2, "num_attention_heads": 2}


def byte_tokenizer(template=None, pad=PAD, starts=False, ends=False, tags_are_special=False):
    """A tokenizer whose tokens are bytes, beside a few special ones."""
    names = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    inner = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_tokens([AddedToken(tag, special=tags_are_special) for tag in (THINK, ANSWER)])
    around = (f"{START} " * starts + "$A" + f" {END}" * ends, [(START, 1), (END, 2)])
    inner.post_processor = processors.TemplateProcessing(single=around[0], special_tokens=around[1])
    more = {"extra_special_tokens": [THINK, ANSWER]} if tags_are_special else {}
    found = PreTrainedTokenizerFast(tokenizer_object=inner, bos_token=START, eos_token=END, **more)
    if pad:
        found.pad_token = pad
    found.chat_template = template
    return found


def token(text):
    """The number of a token."""
    return (
        byte_tokenizer().convert_tokens_to_ids(text)
        if text in SPECIAL
        else byte_tokenizer()(text)["input_ids"][0]
    )


SYMBOLS = len(byte_tokenizer())


def random_model(kind="llama", seed=0, **more):
    """A model with random weights, large enough that its choices are clear."""
    torch.manual_seed(seed)
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None, "initializer_range": 0.3}
    if kind == "gpt2":
        sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64}
        model = GPT2LMHeadModel(GPT2Config(vocab_size=SYMBOLS, **{**sizes, **ids, **more}))
    else:
        sizes = {**SMALL, "hidden_size": 32, "intermediate_size": 64, "num_key_value_heads": 1}
        classes = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM)}
        config, model_class = classes[kind]
        model = model_class(
            config(vocab_size=SYMBOLS, max_position_embeddings=64, **{**sizes, **ids, **more})
        )
    return model.eval()


def writing_model(*parts, certainty=50.0):
    """A model that continues each token of a text by the next one, whatever came before; then it ends.

    Args:
        parts: texts, or special tokens. No character occurs twice.
        certainty: the score of the next token; that of the others is 0.
    """
    tokens = [token(c) for part in parts for c in ([part] if part in SPECIAL else part)] + [2]
    size = SYMBOLS + SYMBOLS % 2
    config = LlamaConfig(
        vocab_size=SYMBOLS, hidden_size=size, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1,
        num_key_value_heads=1, max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=None,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.model.embed_tokens.weight.copy_(torch.eye(SYMBOLS, size))
        model.model.norm.weight.fill_(1.0)
        for before, after in pairwise(tokens):
            # a unit vector has this length after the normalisation
            model.lm_head.weight[after, before] = certainty / size**0.5
    return model.eval()


def saved(folder, model, tokenizer):
    """Save a model and its tokenizer, and return the folder."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
