"""Write shards and a job file: `python -m scaling.prepare FOLDER`.

The folder then holds `data/`, the shards, and `job.json`, which describes the training
with paths below the folder, as all the workers see it.
"""

import argparse
from pathlib import Path

from nlp_helpers import seq2seq, settings
from nlp_helpers.data import sentence_pairs
from nlp_helpers.vocabulary import Words

from scaling import shards
from scaling.job import TrainingJob


def prepare(folder, *, n_examples, n_shards, batch_size, epochs, save_every, d_model):
    """Write the shards and the job file, and return the job.

    Args:
        folder: where they go; it is made if it is not there.
        n_examples: number of pairs of sentences.
        n_shards: number of files.
        batch_size: number of examples in a batch, over all workers.
        epochs: number of epochs.
        save_every: number of updates from one backup to the next.
        d_model: width of the Transformer, a multiple of 8.
    """
    folder = Path(folder).resolve()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    pairs = sentence_pairs.load()["train"]
    sentences = seq2seq.shuffled_pairs(pairs, max_words=12)
    english, spanish = (side[:n_examples] for side in sentences)
    english_words, spanish_words = Words(english, 10_000), Words(spanish, 10_000)
    source, target = english_words.encode(english), spanish_words.encode(spanish)
    shards.write(folder / "data", n_shards, source, target)
    job = TrainingJob(
        data=str(folder / "data"),
        n_examples=len(source),
        source_steps=source.shape[1],
        target_steps=target.shape[1],
        source_size=english_words.size,
        target_size=spanish_words.size,
        transformer={
            "d_model": d_model,
            "n_heads": 8,
            "d_ff": 4 * d_model,
            "n_blocks": 2,
            "max_steps": max(source.shape[1], target.shape[1]),
        },
        learning_rate=1e-3,
        epsilon=1e-7,
        batch_size=batch_size,
        steps_per_epoch=len(source) // batch_size,
        epochs=epochs,
        seed=settings.seed(),
        save_every=save_every,
        backup=str(folder / "backup"),
    )
    (folder / "job.json").write_text(job.to_json(), "utf-8")
    return job


def main(arguments=None):
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    sizes = {
        "n_examples": 20_000,
        "n_shards": 32,
        "batch_size": 256,
        "epochs": 10,
        "save_every": 100,
        "d_model": 256,
    }
    for name, default in sizes.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    prepare(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
