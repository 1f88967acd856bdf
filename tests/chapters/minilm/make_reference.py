"""Compute what Hugging Face's implementation makes of some sentences.

Needs an environment of its own with TensorFlow 2.15 and transformers 4.46.3:

python make_reference.py FOLDER

FOLDER holds config.json, model.safetensors, tokenizer.json and vocab.txt of the
package.
"""

import json
import sys
from pathlib import Path

from transformers import AutoTokenizer, TFBertModel

TEXTS = [
    "A wonderfully silly film.",
    "dull",
    "It's a naïve, unwatchable mess -- and I loved every minute of it!",
]


def main(folder):
    """Write ids of the texts and the first six numbers of each token's vector."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer(TEXTS, padding=True, return_tensors="tf")
    vectors = TFBertModel.from_pretrained(folder)(batch).last_hidden_state.numpy()
    n_tokens = batch["attention_mask"].numpy().sum(axis=1).tolist()
    rows = [
        {
            "text": text,
            "ids": batch["input_ids"][k, :n].numpy().tolist(),
            "first_numbers": vectors[k, :n, :6].astype(float).round(6).tolist(),
        }
        for k, (text, n) in enumerate(zip(TEXTS, n_tokens, strict=True))
    ]
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    place = Path(__file__).with_name("reference.json")
    place.write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
