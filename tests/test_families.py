"""The costs of a process with all that it has started."""

import subprocess
import sys
import time

from nlp_helpers import families

WORK = "x = bytearray(80_000_000); x[::4096] = b'x' * len(x[::4096]); print('there')"
LARGE = f"{WORK}; import sys; sys.stdout.flush(); input()"


def test_memory_of_children_counts_as_long_as_they_live():
    alone = families.memory_mb()
    with subprocess.Popen(
        [sys.executable, "-c", LARGE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        child.stdout.readline()
        together = families.memory_mb()
        child.communicate(b"\n")
    assert 75 < together - alone < 120
    assert abs(families.memory_mb() - alone) < 20


def test_the_peak_is_kept_when_it_is_over(monkeypatch):
    monkeypatch.setattr(families.PeakMemory, "of_all", 0.0)
    values = iter([10.0, 30.0, 20.0])
    monkeypatch.setattr(families, "memory_mb", lambda: next(values, 20.0))
    peak = families.PeakMemory(every=0.01)
    while families.PeakMemory.of_all < 30:
        time.sleep(0.01)
    time.sleep(0.05)
    peak.stop()
    assert families.PeakMemory.of_all == 30


def test_cpu_time_of_children_counts_when_they_have_ended():
    before = families.cpu_seconds_of_children()
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert 0.4 < families.cpu_seconds_of_children() - before < 3
