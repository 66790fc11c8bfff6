"""A random transformer of two layers with a tokenizer of single characters, made without a download."""

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, set_seed

CHARACTERS = "0123456789+-%()=:| "
TEMPLATE = "{% for turn in messages %}{{ turn['content'] }}|{% endfor %}"


def make_tokenizer():
    """A tokenizer of single characters, with a chat template that joins the turns."""
    vocabulary = {name: i for i, name in enumerate(["<pad>", "<eos>", "<unk>", *CHARACTERS])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer, made.decoder = pre_tokenizers.Split(Regex("."), "isolated"), decoders.Fuse()
    special = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>", "padding_side": "left"}
    return PreTrainedTokenizerFast(tokenizer_object=made, chat_template=TEMPLATE, **special)


def make_model(seed=0):
    """A random model."""
    set_seed(seed)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2}
    special = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1}
    return Qwen2ForCausalLM(Qwen2Config(vocab_size=3 + len(CHARACTERS), **sizes, **heads, **special))
