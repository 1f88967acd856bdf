"""What the live figure "writing" needs of chapters 1 and 9."""

import json

import numpy as np
from nlp_helpers import sampling

from tools.live_weights import listed, rounded_weights, uncounted

# The weights of layers, in the order of Keras.
DENSE = ("kernel", "bias")
GRU = ("kernel", "recurrent_kernel", "bias")
NORM = ("gamma", "beta")
SIZES = ("vocab_size", "n_steps", "d_model", "n_heads", "n_blocks")
N_INPUTS, N_STEPS = 50, 12
PROMPTS = ["First Citizen:\n", "The ", "ROMEO:\nO, ", "What is thy name?\n", "I "]
TEXTS = [*PROMPTS, "To be, or not to be: naïve e\u0301\n\n\t 한글 🎭 I'll_go 12 ½!"]


@uncounted()
def char_rnn(model, characters):
    """Return chapter 1's network, its alphabet, and what it computes.

    Args:
        model: a `keras.Sequential` of an Embedding, GRUs and a Dense layer.
        characters: its `vocabulary.Characters`.
    """
    embedding, *grus, dense = model.layers
    tensors = {"embedding": embedding.get_weights()[0]}
    for k, gru in enumerate(grus):
        tensors |= _named(f"gru_{k}", GRU, gru)
    tensors |= _named("dense", DENSE, dense)
    rng = np.random.default_rng(0)  # apart from the chapter's own draws
    inputs = rng.integers(1, characters.size, [N_INPUTS, N_STEPS])
    with rounded_weights(model):
        logits = model(inputs).numpy()[:, -1]
        texts = sampling.generate(model, characters, PROMPTS, 80, top_k=1)
        example = sampling.generate(model, characters, PROMPTS[0], 200, temperature=0.5)
    page = {
        "alphabet": characters.alphabet,
        "n_layers": len(grus),
        "example": {"prompt": PROMPTS[0], "written": example[len(PROMPTS[0]) :]},
        "tensors": tensors,
    }
    tests = {
        "inputs": inputs.tolist(),
        "logits": listed(logits),
        "prompts": PROMPTS,
        "greedy": texts,
    }
    return page, tests


@uncounted()
def gpt(model, tokenizer):
    """Return chapter 9's network, its tokenizer, and what both compute.

    Args:
        model: the chapter's `GPT`.
        tokenizer: a byte-level BPE of the library `tokenizers`.
    """
    config, bpe = model.config, json.loads(tokenizer.to_str())["model"]
    pairs = [[bpe["vocab"][part] for part in pair] for pair in bpe["merges"]]
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, config.vocab_size, [N_INPUTS, N_STEPS])
    with rounded_weights(model):
        logits = model(inputs).numpy()[:, -1]
        greedy = [_continued(model, tokenizer, prompt, 40) for prompt in PROMPTS[:3]]
        example = _continued(model, tokenizer, PROMPTS[0], 60, temperature=0.5)
    page = {
        "config": {name: getattr(config, name) for name in SIZES},
        "merges": pairs,
        "example": {"prompt": PROMPTS[0], "written": example[len(PROMPTS[0]) :]},
        "tensors": _tensors_of(model),
    }
    tests = {
        "inputs": inputs.tolist(),
        "logits": listed(logits),
        "encoded": [[text, tokenizer.encode(text).ids] for text in TEXTS],
        "prompts": PROMPTS[:3],
        "greedy": greedy,
    }
    return page, tests


def _tensors_of(model):
    """Return the weights of a GPT by names such as "block_0/inner/kernel"."""
    tensors = {
        "tokens": model.tokens.get_weights()[0],
        "positions": model.positions.get_weights()[0],
        **_named("norm", NORM, model.norm),
    }
    for k, block in enumerate(model.blocks):
        for n, norm in enumerate(block.norms):
            tensors |= _named(f"block_{k}/norm_{n}", NORM, norm)
        dense = {
            "project": block.attention.project,
            "join": block.attention.join,
            "inner": block.inner,
            "outer": block.outer,
        }
        for name, layer in dense.items():
            tensors |= _named(f"block_{k}/{name}", DENSE, layer)
    return tensors


def _named(prefix, names, layer):
    weights = zip(names, layer.get_weights(), strict=True)
    return {f"{prefix}/{name}": array for name, array in weights}


def _continued(model, tokenizer, prompt, n_tokens, temperature=0):
    """Return a prompt with tokens of the model, past the end of the window.

    At a temperature of 0 they are the most likely ones.
    """
    ids, rng = tokenizer.encode(prompt).ids, np.random.default_rng(0)
    for _ in range(n_tokens):
        logits = model(np.array([ids[-model.config.n_steps :]]))[0, -1].numpy()
        # The largest of logits with Gumbel noise is a draw from their softmax.
        noise = rng.gumbel(size=logits.shape) * temperature
        ids.append(int((logits + noise).argmax()))
    return tokenizer.decode(ids)
