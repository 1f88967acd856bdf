"""Studies: experiments with more seeds or hours than a chapter has, shown in it.

The experiment's code stands in the chapter, in cells tagged `study`. `make study` runs
it and stores one row for each arm and seed; the chapter shows what is stored.
"""

import math
import operator
from dataclasses import dataclass

import numpy as np

from nlp_helpers import collecting
from nlp_helpers.collecting import Experiment
from nlp_helpers.intervals import SEEDS_OF_A_VERDICT, interval
from nlp_helpers.study_files import place_of


def study(
    name,
    run,
    *,
    arms,
    seeds,
    n_updates=None,
    cpu_seconds=None,
    tiny,
    edition="packaged",
    unit="",
):
    """Return a `Study` of what was stored, and run it once with a tiny budget.

    Under `make study NAME=07/length` the rows that are missing are collected instead.
    A row is that of one arm and one seed. More seeds add rows to those that are stored;
    rows of a seed that is not asked for any more stay in the file, and do not count.
    All other changes of the code, of the arms too, mean to begin anew.

    Args:
        name: chapter and word, such as "07/length".
        run: a function that trains, `run(*, seed, n_updates, folder, **arm)`, and
            returns a number, or a dict from names to numbers; besides, the dict may
            have "examples", a list of strings, of which those of the first seed are
            stored. What it puts into `folder`, as
            `keras.callbacks.BackupAndRestore(folder)` does, is still there when it is
            called again because the process was killed.
        arms: a dict from the name of each arm to the arguments with which it differs.
            An arm that is not trained by updates, such as one that counts, has
            `n_updates=0` among them.
        seeds: whole numbers; five for a verdict. As a list or a `range` in the call:
            then more of them do not count as a change of the code.
        n_updates: number of updates of each run; this or `cpu_seconds` is given.
        cpu_seconds: cost of the updates of each run. How many it buys is computed from
            the price of an update of each arm, which is measured once, side by side.
            With `n_updates` no price is needed, and none is measured.
        tiny: number of updates of the tiny run.
        edition: that of the data, "packaged" or "original".
        unit: unit of the values, such as "BLEU".

    Raises:
        TypeError: a number of updates or a seed is not whole.
        ValueError: an argument does not make sense.
        FloatingPointError: a run has returned something that is no finite number.
        StudyError: the stored rows are damaged, or come from other code.
        SettingError: rows are to be collected at another edition, scale or seed, or on
            another machine, than those which are stored.
    """
    experiment = Experiment(
        name=name,
        run=run,
        arms=dict(arms),
        seeds=tuple(map(operator.index, seeds)),
        n_updates=None if n_updates is None else operator.index(n_updates),
        cpu_seconds=cpu_seconds,
        tiny=operator.index(tiny),
        edition=edition,
    )
    stored = experiment.load()
    if collecting.job.name == name:
        experiment.collect(stored)
    else:
        experiment.try_out(stored)
        if missing := experiment.missing(stored):
            n_runs = len(experiment.runs)
            print(
                f"Of the study {name}, {len(missing)} of {n_runs} rows are missing. "
                f"Run: {experiment.command}"
            )
    return Study(name, tuple(arms), experiment.seeds, unit, stored)


@dataclass(frozen=True, repr=False)
class Study:
    """The stored rows of a study. A cell that ends in one shows its table.

    Attributes:
        name: such as "07/length".
        arms: the names of its arms.
        seeds: the seeds that count.
        unit: unit of the values, or "".
        stored: what is stored, as a dict: "edition", "scale", "prices", "rows".
    """

    name: str
    arms: tuple
    seeds: tuple
    unit: str
    stored: dict

    def __repr__(self):
        """Show the table."""
        return self.table()

    @property
    def names(self):
        """The names of the values that a run returns."""
        return list(self._all_rows()[0]["values"]) if self._all_rows() else []

    @property
    def cpu_seconds(self):
        """CPU-seconds of all runs together."""
        return sum(row["cpu_seconds"] for row in self._all_rows())

    def values(self, arm, name=None):
        """Return the values of an arm as an array, in the order of the seeds.

        Args:
            arm: name of the arm.
            name: which value, if a run returns several.

        Raises:
            ValueError: there is no such arm or value.
        """
        name = self._name(name)
        return np.array([row["values"][name] for row in self._by_seed(arm).values()])

    def examples(self, arm):
        """Return the strings that the first seed of an arm has stored: none, or a list.

        Raises:
            ValueError: there is no such arm.
        """
        rows = self._by_seed(arm).values()
        return next((row["examples"] for row in rows if "examples" in row), [])

    def difference(self, arm, other, name=None):
        """Return by how much an arm is above another, for each seed that both have.

        What a seed does to both of them cancels out.

        Args:
            arm: name of an arm.
            other: name of the arm that is subtracted.
            name: which value, if a run returns several.

        Raises:
            ValueError: there is no such arm or value.
        """
        name, rows, others = self._name(name), self._by_seed(arm), self._by_seed(other)
        pairs = [(rows[seed], others[seed]) for seed in rows if seed in others]
        return np.array([a["values"][name] - b["values"][name] for a, b in pairs])

    def verdict(self, arm, other, name=None):
        """Return a sentence on how an arm differs from another, with the interval.

        Args:
            arm: name of an arm.
            other: name of the arm that it is compared with.
            name: which value, if a run returns several.

        Raises:
            ValueError: there is no such arm or value, or there are too few seeds.
        """
        values = self.difference(arm, other, name)
        if len(values) < SEEDS_OF_A_VERDICT:
            raise ValueError(
                f"A verdict takes {SEEDS_OF_A_VERDICT} seeds: {self.name} has "
                f"{len(values)} of both {arm!r} and {other!r}."
            )
        low, high = interval(values)
        sign = -1 if high < 0 else 1
        mean, between = _rounded(sign * values)
        shown = f"{mean} ({between}) {self.unit}".strip()
        if low <= 0 <= high:
            sentence = f"no difference between {arm} and {other} is shown: {shown}"
        else:
            sentence = f"{arm} is {shown} {'below' if sign < 0 else 'above'} {other}"
        return f"{name}: {sentence}" if name else sentence

    def table(self, name=None):
        """Return a table of means with their 95 % intervals, and what they cost.

        Args:
            name: which value, if a run returns several; None shows all of them.

        Raises:
            ValueError: there is no such value.
        """
        title = f"Study {self.name}" + f", in {self.unit}" * bool(self.unit)
        if not self._all_rows():
            return f"{title}: nothing is stored yet"
        head = ["", "mean", "95 % interval", "seeds", "updates", "CPU-s"]
        names = self.names if name is None else [self._name(name)]
        title += f": {name}" * (name is not None)
        lines = [
            self._line(arm, name, alone=len(names) == 1)
            for arm in self.arms
            for name in names
        ]
        return "\n".join([title, "", *_aligned([head, *lines]), "", *self._footer()])

    def _line(self, arm, name, alone):
        rows = list(self._by_seed(arm).values())
        label = arm if alone else f"{arm}: {name}"
        if not rows:
            return [label, "-", "-", "0", "-", "-"]
        values = self.values(arm, name)
        mean, between = f"{values[0]:.4g}", "-"
        if len(values) > 1:
            mean, between = _rounded(values)
        # What a run that was killed had cost before is not known.
        costs = [row["cpu_seconds"] for row in rows if not row["resumed"]]
        cost = f"{np.mean(costs):,.0f}" if costs else "-"
        return [label, mean, between, f"{len(rows)}", f"{rows[0]['n_updates']:,}", cost]

    def _footer(self):
        rows = self._all_rows()
        stored = f"{self.stored['edition']} data, {self.stored['scale']} scale"
        lines = [f"{stored}; {_duration(self.cpu_seconds)} together"]
        if n_resumed := sum(row["resumed"] for row in rows):
            lines.append(f"Killed and gone on with: {n_resumed} runs; cost since then.")
        places = list(dict.fromkeys(map(place_of, rows)))
        if len(places) > 1:
            lines.append(f"Made on {len(places)} machines, or with other versions:")
        return lines + places

    def _all_rows(self):
        return [row for arm in self.arms for row in self._by_seed(arm).values()]

    def _by_seed(self, arm):
        if arm not in self.arms:
            there = ", ".join(map(repr, self.arms))
            raise ValueError(f"{self.name} has no arm {arm!r}. It has {there}.")
        rows = {row["seed"]: row for row in self.stored["rows"] if row["arm"] == arm}
        return {seed: rows[seed] for seed in self.seeds if seed in rows}

    def _name(self, name):
        if name is None and len(self.names) == 1:
            return self.names[0]
        if name not in self.names:
            there = ", ".join(map(repr, self.names)) or "no rows yet"
            raise ValueError(f"{self.name} has no value {name!r}. It has {there}.")
        return name


def _rounded(values):
    """Return a mean and its interval as texts, with the digits that mean a thing."""
    low, high = interval(values)
    reach = (high - low) / 2
    decimals = max(0, -math.floor(math.log10(reach / 3))) if reach else 2
    return (
        f"{np.mean(values):z.{decimals}f}",
        f"{low:z.{decimals}f} to {high:z.{decimals}f}",
    )


def _duration(seconds):
    hours = seconds / 3600
    return f"{hours:.1f} CPU-hours" if hours >= 1 else f"{seconds:,.0f} CPU-seconds"


def _aligned(lines):
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    first, *others = widths
    return [
        "  ".join([f"{line[0]:<{first}}", *map(str.rjust, line[1:], others)]).rstrip()
        for line in lines
    ]
