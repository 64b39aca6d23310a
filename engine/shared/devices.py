"""What this machine is, as far as it can be told without loading a framework, and which device both frameworks should use."""

from __future__ import annotations

import platform
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import psutil

from engine import FRAMEWORK_NAMES
from engine.units import GiB

REPORTED_PACKAGES = ("torch", "tensorflow", "keras", "keras-hub", "transformers", "tokenizers", "safetensors", "numpy", "streamlit")


@dataclass(frozen=True)
class Machine:
    """Hardware and versions, as every result and the ``env`` command say them."""

    python: str = ""
    """The version of Python."""
    platform: str = ""
    """The operating system, its version and the kind of processor, as Python names them."""
    cpu: str = ""
    """The processor's own name."""
    cores: int | None = None
    """Physical cores that the processes may use."""
    memory_gib: GiB | None = None
    """Memory of the whole machine."""
    gpu: tuple[str, ...] | None = None
    """Names of the GPUs that the system knows of; none where there is no GPU."""
    packages: dict[str, str] = field(default_factory=dict)
    """Versions of the installed packages that decide a result, by name."""


def physical_cores() -> int:
    """Cores that this process may use; one thread for each is the default of both frameworks here."""
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    allowed = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else physical
    return max(1, min(physical, allowed))


def processor_name() -> str:
    """Return the processor's own name, where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def computes_bfloat16() -> bool | None:
    """Whether the processor multiplies in bfloat16 by itself, as Linux and macOS tell; ``None`` where nobody says so.

    Without that, frameworks convert every number to float32 and back, which is slower than float32.
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        flags = {flag for line in lines if line.lower().startswith(("flags", "features")) for flag in line.split()}
        return bool(flags & {"avx512_bf16", "amx_bf16", "bf16"}) if flags else None
    except OSError:
        return _apple_feature("FEAT_BF16")


def _apple_feature(name: str) -> bool | None:
    if platform.system() != "Darwin":
        return None
    try:
        answer = subprocess.run(["sysctl", "-n", f"hw.optional.arm.{name}"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() == "1" if answer.returncode == 0 else None


def graphics_processors() -> list[str]:
    """Names of the GPUs that the system knows of, whether or not a framework can use them."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return ["Apple GPU (Metal)"]
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    try:
        return list(_told_by(command))
    except (OSError, subprocess.SubprocessError):
        return []


@lru_cache(maxsize=1)
def _told_by(command: str) -> tuple[str, ...]:
    """Ask once in a process, for it takes up to a second and pages ask whenever they are drawn; after a failure it is asked again."""
    query = [command, "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=True)
    return tuple(line.strip() for line in answer.stdout.splitlines() if line.strip())


def choose_device(wanted: str, seen: dict[str, str | None]) -> tuple[dict[str, str], list[str]]:
    """Return the device of each framework (``cpu`` or ``gpu``) and sentences on what the reader of the result should know.

    ``wanted`` is ``auto``, ``cpu`` or ``gpu``; ``seen`` gives the GPU that each framework reports, or ``None``.
    """
    with_gpu = [name for name, gpu in seen.items() if gpu]
    without = [name for name, gpu in seen.items() if not gpu]
    notes = []
    if wanted == "gpu":
        for name in without:
            notes.append(f"{FRAMEWORK_NAMES[name]} sees no GPU and used the CPU, {why_no_gpu(name)}; times of the two are not comparable.")
        return {name: "gpu" if gpu else "cpu" for name, gpu in seen.items()}, notes
    if wanted == "auto" and with_gpu and not without:
        return dict.fromkeys(seen, "gpu"), notes
    if wanted == "auto" and with_gpu:
        left = " and ".join(FRAMEWORK_NAMES[name] for name in without)
        notes.append(
            f"{' and '.join(FRAMEWORK_NAMES[name] for name in with_gpu)} sees a GPU, {left} does not: {why_no_gpu(without[0])}. "
            "Both used the CPU so that the comparison is fair; choose the device “gpu” to let each use what it sees."
        )
    return dict.fromkeys(seen, "cpu"), notes


def why_no_gpu(framework: str) -> str:
    """Return the most likely reason, in words that say what to do."""
    if platform.system() == "Darwin":
        return "TensorFlow has no maintained Metal support" if framework == "tensorflow" else "this PyTorch has no Metal support"
    if framework == "tensorflow":
        return "its CUDA libraries are not installed (`pip install -r requirements-gpu.txt`; Linux or WSL only)"
    return "this PyTorch is a build without CUDA, or the driver is missing"


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide a result; absent ones are left out."""
    versions = {}
    for name in REPORTED_PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def describe_machine() -> Machine:
    """Return this machine's hardware and the versions that are installed on it."""
    return Machine(
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=processor_name(),
        cores=physical_cores(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        gpu=tuple(graphics_processors()) or None,
        packages=package_versions(),
    )
