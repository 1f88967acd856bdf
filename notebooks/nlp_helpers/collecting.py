"""Collecting the rows of a study: its runs, and what an update of each arm costs.

Nothing here imports TensorFlow at the top: the tool needs this module before the
chapter's cells, and `course.begin`, which stands in them, has to come first.
"""

import contextlib
import hashlib
import json
import math
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nlp_helpers import course, settings
from nlp_helpers.settings import SettingError
from nlp_helpers.study_files import (
    StudyError,
    load,
    machine_and_versions,
    origins,
    place_of,
    to_begin_anew,
    write,
)

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"(\d\d)/[a-z][a-z0-9_]*")
ROUNDS = 2  # of a price: what else the machine does costs time, and never saves any
MOST_UPDATES = 2**20  # whose cost is tried: enough for any update that does something


@dataclass(frozen=True)
class Job:
    """What `make study` collects in this process.

    Attributes:
        name: the study, such as "07/length"; None wherever a chapter just runs.
        code: the hash of the code that makes its rows.
        elsewhere: rows of another machine, or of other versions, may stand beside new.
        folder: where the rows are stored.
        checkpoints: below it each run has a folder, until its row is written.
    """

    name: str | None = None
    code: str = ""
    elsewhere: bool = False
    folder: Path = ROOT / "studies"
    checkpoints: Path = ROOT / "build" / "studies"


job = Job()


@contextlib.contextmanager
def collecting(wanted):
    """Let `study` collect, while this lasts, the rows of the `Job` that is wanted."""
    global job
    before, job = job, wanted
    try:
        yield
    finally:
        job = before


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A function to run, for each arm and seed; the arguments are those of `study`."""

    name: str
    run: Callable
    arms: dict
    seeds: tuple
    n_updates: int | None
    cpu_seconds: float | None
    tiny: int
    edition: str

    def __post_init__(self):
        """Check what `study` was given.

        Raises:
            ValueError: one of its arguments does not make sense.
        """
        named = NAME.fullmatch(str(self.name))
        if not named or course.run.chapter not in (None, named[1]):
            chapter = course.run.chapter or "07"
            raise ValueError(
                f"{self.name!r} cannot name a study of this chapter: it must be like "
                f"{chapter}/length, in small letters."
            )
        if not self.arms or not self.seeds or len(self.seeds) > len(set(self.seeds)):
            raise ValueError(
                f"{self.name} needs at least one arm and one seed, and no seed twice: "
                f"arms {list(self.arms)}, seeds {list(self.seeds)}."
            )
        editions = settings.ALLOWED["NLP_DATA"]
        if self.edition not in editions:
            raise ValueError(
                f"edition={self.edition!r} of {self.name} must be one of "
                f"{', '.join(editions)}."
            )
        budgets = [b for b in (self.n_updates, self.cpu_seconds) if b is not None]
        if len(budgets) != 1:
            raise ValueError(
                f"{self.name} needs one of n_updates and cpu_seconds, not "
                f"n_updates={self.n_updates} and cpu_seconds={self.cpu_seconds}."
            )
        if not all(math.isfinite(b) and b > 0 for b in (*budgets, self.tiny)):
            raise ValueError(
                f"The budgets of {self.name} must be above 0: {budgets[0]}, and "
                f"tiny={self.tiny}."
            )
        own = {options.get("n_updates", 0) for options in self.arms.values()} - {0}
        if own:
            raise ValueError(
                f"An arm of {self.name} may have n_updates=0, when it is not trained "
                f"by updates, and no other number of its own: {sorted(own)}."
            )

    @property
    def trained(self):
        """The names of the arms that make updates."""
        return [arm for arm in self.arms if "n_updates" not in self.arms[arm]]

    @property
    def runs(self):
        """All (arm, seed), seeds outermost: what is interrupted has whole seeds."""
        return [(arm, seed) for seed in self.seeds for arm in self.arms]

    def load(self):
        """Return what is stored: a dict, without rows if nothing is.

        Raises:
            StudyError: the file is damaged.
        """
        new = {
            "study": self.name,
            "edition": self.edition,
            "scale": settings.scale(),
            "arms": list(self.arms),
            "prices": {},
            "rows": [],
        }
        return load(self.file) if self.file.exists() else new

    @property
    def command(self):
        """What to type to collect the study."""
        data = f" NLP_DATA={self.edition}" if self.edition != "packaged" else ""
        return f"make study NAME={self.name}{data}"

    @property
    def file(self):
        """Where its rows are stored."""
        return job.folder / f"{self.name.replace('/', '_')}.json"

    def missing(self, stored):
        """Return the (arm, seed) of which no row is stored."""
        there = {(row["arm"], row["seed"]) for row in stored["rows"]}
        return [run for run in self.runs if run not in there]

    def result(self, arm, seed, n_updates, folder):
        """Run once; return what comes out, and its CPU-seconds.

        What comes out is a dict of numbers, and a list of examples, which are strings.

        Raises:
            FloatingPointError: a number is not finite.
        """
        import tensorflow as tf

        tf.keras.backend.clear_session()
        tf.keras.utils.set_random_seed(seed)
        start = time.process_time()
        options = {"n_updates": n_updates} | self.arms[arm]
        given = self.run(seed=seed, folder=folder, **options)
        spent = time.process_time() - start
        named = dict(given) if isinstance(given, dict) else {"value": given}
        examples = list(map(str, named.pop("examples", [])))
        values = {name: float(value) for name, value in named.items()}
        if not values or not all(map(math.isfinite, values.values())):
            raise FloatingPointError(
                f"{self.name}, {arm}, seed {seed}: {values} after {n_updates} updates. "
                "A run has to return a finite number, or a dict of them."
            )
        return values, examples, spent

    def try_out(self, stored):
        """Run once with the tiny budget, and compare the names of what comes out.

        They are compared on the edition of the study only.

        Raises:
            StudyError: the stored rows have other names.
        """
        import tensorflow as tf

        arm, seed = self.runs[0]
        with tempfile.TemporaryDirectory() as folder:
            values, *_ = self.result(arm, seed, self.tiny, Path(folder))
        tf.keras.utils.set_random_seed(settings.seed())  # the chapter's again
        if settings.edition() == self.edition:  # a name may hold a number of examples
            self._check_names(values, stored)

    def _check_names(self, values, stored):
        for row in stored["rows"]:
            if row["values"].keys() != values.keys():
                raise StudyError(
                    f"{self.name} returns {', '.join(values)}; its stored rows have "
                    f"{', '.join(row['values'])}. {to_begin_anew(self.file)}"
                )

    def collect(self, stored):
        """Write the rows that are missing, each as it ends.

        Args:
            stored: what `load` has returned; the rows are added to it, and to the file.

        Raises:
            SettingError: the settings, the machine or the versions are not those of the
                study.
            StudyError: the code has changed since the first row.
        """
        self._check_settings(stored)
        if any(origin["code"] != job.code for origin in origins(stored)):
            raise StudyError(
                f"The code of {self.name} has changed since its stored rows were made. "
                f"{to_begin_anew(self.file)}"
            )
        missing = self.missing(stored)
        if not missing:
            _say(f"{self.name}: nothing to do, all {len(self.runs)} rows are stored.")
        else:
            here = {"code": job.code, **machine_and_versions()}
            self._check_place(here, stored)
            stored["arms"] = list(self.arms)
            if self.n_updates is None:  # prices are what the number is computed from
                self._ensure_prices(stored, here)
            for arm, seed in missing:
                self._add_row(stored, here, arm, seed)

    def _check_settings(self, stored):
        present = settings.edition(), settings.scale(), settings.seed()
        wanted = self.edition, stored["scale"], settings.DEFAULT_SEED
        if present != wanted:
            variables = ("NLP_DATA", "NLP_SCALE", "NLP_SEED")
            pairs = [f"{v}={w}" for v, w in zip(variables, wanted, strict=True)]
            raise SettingError(
                f"{self.name} is collected with {', '.join(pairs)}. Run: "
                f"make study NAME={self.name} {' '.join(pairs)}"
            )

    def _check_place(self, here, stored):
        others = {place_of(origin) for origin in origins(stored)} - {place_of(here)}
        if others and not job.elsewhere:
            raise SettingError(
                f"{self.name} was begun on {'; '.join(sorted(others))}. This is "
                f"{place_of(here)}. Rows of both do not compare to the last digit: "
                f"`{self.command} ELSEWHERE=1` lets them stand together."
            )

    def _ensure_prices(self, stored, here):
        if not self.arms.keys() <= stored["prices"].get("cpu_seconds", {}).keys():
            _say(f"{self.name}: measuring what an update of each arm costs")
            stored["prices"] = {"cpu_seconds": self.prices(), **here}
            write(self.file, stored)

    def prices(self):
        """Return what an update of each arm costs, in CPU-seconds.

        An update of an arm that makes none costs 0. The other arms take turns. What a
        run costs beside its updates (making the model, evaluating it) is the same for
        few and for many of them, and cancels out. There are so many that a run costs at
        least twice as much as with few.

        Raises:
            StudyError: more updates do not cost more.
        """
        few = dict.fromkeys(self.trained, self.tiny)
        self._costs(dict(list(few.items())[:1]))  # the first run fills what lasts
        low = self._costs(few)
        many, high = dict(few), dict(low)
        while cheap := [arm for arm in few if high[arm] < 2 * low[arm]]:
            more = {arm: 4 * many[arm] for arm in cheap}
            if max(more.values()) > MOST_UPDATES:
                raise StudyError(
                    f"{self.name}: {max(more.values())} updates cost hardly more than "
                    f"{self.tiny}. Does the function use n_updates?"
                )
            many |= more
            high |= self._costs(more)
        for _ in range(ROUNDS - 1):
            low = _cheaper(low, self._costs(few))
            high = _cheaper(high, self._costs(many))
        prices = {
            arm: (high[arm] - low[arm]) / max(many[arm] - few[arm], 1) for arm in few
        }
        if prices and min(prices.values()) <= 0:
            raise StudyError(
                f"What an update costs could not be measured: {prices}. Try again when "
                "the machine has less to do."
            )
        return dict.fromkeys(self.arms, 0.0) | prices

    def _costs(self, n_updates):
        """Return the CPU-seconds of a run of each arm, from its number of updates."""
        costs = {}
        for arm, n in n_updates.items():
            with tempfile.TemporaryDirectory() as folder:
                *_, costs[arm] = self.result(arm, self.seeds[0], n, Path(folder))
        return costs

    def _add_row(self, stored, here, arm, seed):
        n_updates = self.n_updates if arm in self.trained else 0
        if n_updates is None:
            price = stored["prices"]["cpu_seconds"][arm]
            n_updates = max(1, round(self.cpu_seconds / price))
        # A checkpoint of other code, or of another machine, is not gone on with.
        key = json.dumps([self.name, here, arm, seed, n_updates], sort_keys=True)
        folder = job.checkpoints / hashlib.sha256(key.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        resumed = any(folder.iterdir())
        values, examples, spent = self.result(arm, seed, n_updates, folder)
        self._check_names(values, stored)
        row = {
            "arm": arm,
            "seed": seed,
            "n_updates": n_updates,
            "values": values,
            "cpu_seconds": round(spent, 2),
            "resumed": resumed,
        }
        if examples and seed == self.seeds[0]:
            row["examples"] = examples
        stored["rows"].append(row | here)
        write(self.file, stored)
        shutil.rmtree(folder, ignore_errors=True)
        n_there = len(self.runs) - len(self.missing(stored))
        count = f"row {n_there} of {len(self.runs)}, {spent:,.0f} CPU-s"
        _say(f"{self.name}: {arm}, seed {seed}: {count}")


def _say(line):
    print(line, file=sys.stderr, flush=True)


def _cheaper(costs, others):
    return {arm: min(cost, others[arm]) for arm, cost in costs.items()}
