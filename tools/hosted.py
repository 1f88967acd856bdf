"""Make a hosted notebook ready for a chapter: what the first cell from Colab runs.

The host's TensorFlow stays if the course was tried with it. What else the chapters
import and the host lacks is installed, in the versions of the lock; its Keras and NumPy
stay, too. Then the chapter goes on in the folder of the chapters.
"""

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Every host with Matplotlib has it.
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements-current.txt"
# The oldest and the newest TensorFlow with Keras 3 on which the chapters were tried.
OLDEST, NEWEST = (2, 18), (2, 21)
# What the chapters import, and the package that brings it.
NEEDED = {
    "importlib_resources": "importlib-resources",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "pip": "pip",
    "pkg_resources": "setuptools",
    "pooch": "pooch",
    "psutil": "psutil",
    "pyarrow": "pyarrow",
    "sacrebleu": "sacrebleu",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "sentencepiece": "sentencepiece",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_hub": "tensorflow-hub",
    "tokenizers": "tokenizers",
    "tqdm": "tqdm",
}


def version_of(package):
    """Return the version of an installed package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def was_tried(version):
    """Tell whether the chapters were tried with a version of TensorFlow."""
    release = tuple(int(part) for part in re.findall(r"\d+", version or "")[:2])
    return OLDEST <= release <= NEWEST


def pinned(package):
    """Return what the lock has for a package on this Python, such as "pooch==1.8.2".

    Raises:
        LookupError: the lock has nothing.
    """
    lock = LOCK.read_text(encoding="utf-8")
    for line in re.findall(rf"^{re.escape(package)}==[^\\\n]+", lock, re.MULTILINE):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            return f"{requirement.name}{requirement.specifier}"
    raise LookupError(f"{LOCK.name} does not pin {package} for this Python.")


def lacking():
    """Return the requirements of what is to be installed."""
    packages = [
        p for module, p in NEEDED.items() if not importlib.util.find_spec(module)
    ]
    if not was_tried(version_of("tensorflow")):
        packages.append("tensorflow")
    return [pinned(package) for package in packages]


def for_older_protobuf():
    """Return constraints for a host whose TensorFlow needs a protobuf before 6.

    tensorflow-metadata, which tensorflow-datasets needs, holds code that an older
    protobuf refuses when it is imported; pip does not know.
    """
    major = (version_of("protobuf") or "6").partition(".")[0]
    return ["tensorflow-metadata<1.18\n"] if int(major) < 6 else []


def install(requirements):
    """Install requirements, and keep the host's TensorFlow, Keras and NumPy.

    Raises:
        SystemExit: they cannot be installed.
    """
    named = {requirement.partition("==")[0] for requirement in requirements}
    kept = [p for p in ("tensorflow", "keras", "numpy") if p not in named]
    if "tensorflow" in named:  # it may need another version of both
        kept = []
    versions = {package: version_of(package) for package in kept}
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        pins = [f"{package}=={v}\n" for package, v in versions.items() if v]
        pins += for_older_protobuf() if kept else []
        constraints.write_text("".join(pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet"]
        command += ["--constraint", str(constraints), *requirements]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(
            f"pip could not install {', '.join(requirements)}. On Kaggle switch the "
            f"internet on, among the notebook's settings.\n{done.stderr}"
        )


def main():
    """Install what is lacking, and go to the folder of the chapters."""
    if requirements := lacking():
        print("Installing", ", ".join(requirements), flush=True)
        install(requirements)
        importlib.invalidate_caches()
    os.chdir(ROOT / "notebooks")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    print(f"Ready, with TensorFlow {version_of('tensorflow')}")


if __name__ == "__main__":
    main()
