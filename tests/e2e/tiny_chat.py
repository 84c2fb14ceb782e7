"""A chat model for tests: a Qwen3 checkpoint with random weights and one token a byte. It says nothing, but really."""
import json
import math
import pathlib
import random
import struct
import sys
from typing import NamedTuple

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TEMPLATE = ("{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}"
            "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")

TOOLS = ("{%- if tools %}{{- '<|im_start|>system\\n' }}{%- for tool in tools %}{{- tool | tojson + '\\n' }}{%- endfor %}"
         "{{- '<|im_end|>\\n' }}{%- endif %}" + TEMPLATE)


class Shape(NamedTuple):
    layers: int
    hidden: int
    forward: int
    heads: int
    kv_heads: int
    head: int
    rows: int  # Of the vocabulary; those without a token are never written.


TINY = Shape(2, 64, 128, 4, 2, 16, 288)
WIDE = TINY._replace(head=32)  # Heads that q8_0 and q4_0 can hold.
LARGE = Shape(28, 1024, 3072, 16, 8, 128, 151936)  # Qwen3-0.6B


def byte_letters():
    """The letter that stands for each byte in a byte-level vocabulary."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(b) if b in plain else chr(next(others)) for b in range(256)]


def tensors(of):
    """(name, rows and columns) of each."""
    yield "model.embed_tokens.weight", (of.rows, of.hidden)
    for i in range(of.layers):
        for name, shape in (("self_attn.q_proj", (of.heads * of.head, of.hidden)),
                            ("self_attn.k_proj", (of.kv_heads * of.head, of.hidden)),
                            ("self_attn.v_proj", (of.kv_heads * of.head, of.hidden)),
                            ("self_attn.o_proj", (of.hidden, of.heads * of.head)),
                            ("mlp.gate_proj", (of.forward, of.hidden)), ("mlp.up_proj", (of.forward, of.hidden)),
                            ("mlp.down_proj", (of.hidden, of.forward)), ("self_attn.q_norm", (of.head,)),
                            ("self_attn.k_norm", (of.head,)), ("input_layernorm", (of.hidden,)),
                            ("post_attention_layernorm", (of.hidden,))):
            yield f"model.layers.{i}.{name}.weight", shape
    yield "model.norm.weight", (of.hidden,)


BLOCK = 1 << 16  # Numbers drawn; a larger tensor repeats them.


def weights(shape, rng):
    count = math.prod(shape)
    if len(shape) == 1:
        return struct.pack("<H", 0x3F80) * count
    drawn = b"".join(struct.pack("<f", rng.gauss(0, 0.3))[2:] for _ in range(min(count, BLOCK)))
    return (drawn * -(-count // BLOCK))[: 2 * count]


def write_checkpoint(folder, of=TINY, template=TEMPLATE):
    folder.mkdir(parents=True)
    rng = random.Random(7)
    header, at = {}, 0
    for name, shape in tensors(of):
        end = at + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, end]}
        at = end
    head = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as out:
        out.write(struct.pack("<Q", len(head)) + head)
        for _, shape in tensors(of):
            out.write(weights(shape, rng))
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": of.hidden,
        "intermediate_size": of.forward, "num_hidden_layers": of.layers, "num_attention_heads": of.heads,
        "num_key_value_heads": of.kv_heads, "head_dim": of.head, "hidden_act": "silu", "rms_norm_eps": 1e-6,
        "rope_theta": 1000000, "max_position_embeddings": 32768, "tie_word_embeddings": True, "vocab_size": of.rows,
        "torch_dtype": "bfloat16", "attention_bias": False, "use_sliding_window": False, "eos_token_id": 258}))
    added = [dict(id=256 + i, content=token, single_word=False, lstrip=False, rstrip=False, normalized=False,
                  special=token.startswith("<|")) for i, token in enumerate(SPECIAL)]
    plain = dict(add_prefix_space=False, trim_offsets=False, use_regex=False)
    (folder / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", **plain}]},
        "post_processor": {"type": "ByteLevel", **plain}, "decoder": {"type": "ByteLevel", **plain},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": {letter: i for i, letter in enumerate(byte_letters())}, "merges": ["! !"]}}))
    (folder / "chat_template.jinja").write_text(template)
    return folder


if __name__ == "__main__":
    write_checkpoint(pathlib.Path(sys.argv[1]), WIDE)
