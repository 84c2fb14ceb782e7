"""A chat model for tests: a Qwen3 checkpoint with random weights and one token a byte. It says nothing, but really."""
import json
import random
import struct

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>", "</think>"]
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TEMPLATE = ("{%- for m in messages %}{{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{%- endfor %}"
            "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}")
LAYERS, HIDDEN, FORWARD, HEADS, KV_HEADS, HEAD, ROWS = 2, 64, 128, 4, 2, 16, 288


def byte_letters():
    """The letter that stands for each byte in a byte-level vocabulary."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(b) if b in plain else chr(next(others)) for b in range(256)]


def shapes():
    yield "model.embed_tokens.weight", (ROWS, HIDDEN)
    for i in range(LAYERS):
        for name, shape in (("self_attn.q_proj", (HEADS * HEAD, HIDDEN)), ("self_attn.k_proj", (KV_HEADS * HEAD, HIDDEN)),
                            ("self_attn.v_proj", (KV_HEADS * HEAD, HIDDEN)), ("self_attn.o_proj", (HIDDEN, HEADS * HEAD)),
                            ("mlp.gate_proj", (FORWARD, HIDDEN)), ("mlp.up_proj", (FORWARD, HIDDEN)),
                            ("mlp.down_proj", (HIDDEN, FORWARD)), ("self_attn.q_norm", (HEAD,)),
                            ("self_attn.k_norm", (HEAD,)), ("input_layernorm", (HIDDEN,)),
                            ("post_attention_layernorm", (HIDDEN,))):
            yield f"model.layers.{i}.{name}.weight", shape
    yield "model.norm.weight", (HIDDEN,)


def weights(shape, rng):
    if len(shape) == 1:
        return struct.pack("<H", 0x3F80) * shape[0]
    bf16 = (struct.pack("<f", rng.gauss(0, 0.3))[2:] for _ in range(shape[0] * shape[1]))
    return b"".join(bf16)


def write_checkpoint(folder):
    folder.mkdir(parents=True)
    rng = random.Random(7)
    header, data = {}, b""
    for name, shape in shapes():
        bytes_ = weights(shape, rng)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    head = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + data)
    (folder / "config.json").write_text(json.dumps({
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": HIDDEN, "intermediate_size": FORWARD,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "head_dim": HEAD,
        "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 1000000, "max_position_embeddings": 32768,
        "tie_word_embeddings": True, "vocab_size": ROWS, "torch_dtype": "bfloat16", "attention_bias": False,
        "use_sliding_window": False, "eos_token_id": 258}))
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
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    return folder
