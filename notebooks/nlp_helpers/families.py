"""What this process and all that it has started cost together.

CPU time of a child counts once the child has ended. Memory is looked at again and again
while children run.
"""

import contextlib
import sys
import threading

import psutil


def cpu_seconds_of_children():
    """Return the CPU-seconds of all children that have ended, and of theirs."""
    times = psutil.Process().cpu_times()
    return times.children_user + times.children_system


def memory_mb():
    """Return the memory that this process and its children hold now, in megabytes.

    Pages that several of them share count once on Linux, and each time elsewhere.
    """
    ourselves = psutil.Process()
    with contextlib.suppress(psutil.Error):
        family = [ourselves, *ourselves.children(recursive=True)]
        return sum(map(_memory_of, family)) / 1e6
    return 0.0


def _memory_of(process):
    with contextlib.suppress(psutil.Error, OSError):  # it may have just ended
        if sys.platform == "linux":
            return process.memory_full_info().pss
        return process.memory_info().rss
    return 0


class PeakMemory:
    """Watch the memory of the whole family, in a thread.

    Attributes:
        of_all: the most that was seen so far in this process, in megabytes.
    """

    of_all = 0.0

    def __init__(self, every=0.2):
        """Look every so many seconds, until `stop` is called."""
        self._stopped = threading.Event()

        def watch():
            while not self._stopped.wait(every):
                PeakMemory.of_all = max(PeakMemory.of_all, memory_mb())

        self._thread = threading.Thread(target=watch, daemon=True)
        self._thread.start()

    def stop(self):
        """Look no more."""
        self._stopped.set()
        self._thread.join()
