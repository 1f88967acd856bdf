"""What a training is to do, in a file that all its workers read.

Nothing here needs TensorFlow: a wrong file is found before it is imported.
"""

import dataclasses
import json
import shutil

from nlp_helpers.course import check_folder


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """The training of a Transformer on shards.

    Attributes:
        data: the folder of the shards.
        n_examples: number of examples in all the shards together.
        source_steps: length of a source in the shards, in ids, padding included.
        target_steps: the same for a target.
        source_size: number of source ids.
        target_size: number of target ids.
        transformer: a dict of the other sizes, named as in `TransformerConfig`.
        learning_rate: that of Adam.
        epsilon: that of Adam.
        batch_size: number of examples in a batch, over all workers.
        steps_per_epoch: number of updates in an epoch.
        epochs: number of epochs.
        seed: decides the first weights and the order of the examples.
        save_every: number of updates from one backup to the next; 0 makes none.
        backup: the folder of the backups.
        skip_seen: a training that goes on leaves out the data it was trained on before.
        pause: seconds to wait after each update.
        all_reduce_sizes: a worker times all-reduces of so many numbers in the end.
    """

    data: str
    n_examples: int
    source_steps: int
    target_steps: int
    source_size: int
    target_size: int
    transformer: dict
    learning_rate: float
    epsilon: float
    batch_size: int
    steps_per_epoch: int
    epochs: int
    seed: int
    save_every: int = 0
    backup: str = ""
    skip_seen: bool = True
    pause: float = 0.0
    all_reduce_sizes: list = dataclasses.field(default_factory=list)

    def __post_init__(self):
        """Check what no worker could read.

        Raises:
            SettingError: TensorFlow cannot read below a folder.
        """
        check_folder(self.data, "data")
        check_folder(self.backup, "backup")

    def to_json(self):
        """Return the text of a job file."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    def delete_backups(self):
        """Delete the backups, once the results are written."""
        if self.save_every:
            shutil.rmtree(self.backup, ignore_errors=True)

    @classmethod
    def from_json(cls, text):
        """Return the job that the text of a job file describes.

        Raises:
            ValueError: it is no JSON object, or a key is unknown or missing.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            keys = ", ".join(field.name for field in dataclasses.fields(cls))
            raise ValueError(
                f"A job file must be a JSON object with the keys {keys}: {error}"
            ) from None
