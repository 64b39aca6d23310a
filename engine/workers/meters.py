"""What the machine itself counts while something is measured: peak memory, energy of the processor, use of a GPU."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import psutil

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows the energy counters of Intel's and AMD's processors; most systems let only root read them."""


def peak_rss_mib() -> float:
    """Return the most memory that this process has had in use."""
    try:
        # Not from getrusage: there Linux lets a new program begin with the peak of the process that started it.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10  # they are KiB, whatever the line calls them
    except OSError:
        pass  # another system
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def reset_peak_rss() -> float:
    """Let the peak count anew from here; return the memory in use now, in MiB.

    What was freed is handed back to the system first, so that it is not used again without being counted. Where the system cannot begin
    anew (all but Linux), the peak remains that of the whole process.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)  # glibc alone has it
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return float(psutil.Process().memory_info().rss) / 2**20


class EnergyMeter:
    """Adds up the joules that the processor packages use between ``start`` and ``stop``, all programs together.

    Source: Linux kernel, Power capping framework.
    """

    def __init__(self, folder: Path = POWERCAP) -> None:
        self._counters = [path for path in sorted(folder.glob("intel-rapl:*")) if path.name.count(":") == 1 and _read(path) is not None]
        self.joules: float | None = 0.0 if self._counters else None
        """``None`` where the machine does not count, or does not let this process read."""
        self._before: list[int | None] = []

    def start(self) -> None:
        self._before = [_read(path) for path in self._counters]

    def stop(self) -> None:
        for path, before in zip(self._counters, self._before, strict=True):
            after = _read(path)
            if before is None or after is None or self.joules is None:
                self.joules = None
                return
            if after < before:  # the counter has begun again
                after += _read(path, "max_energy_range_uj") or 0
            self.joules += (after - before) / 1e6


def _read(path: Path, name: str = "energy_uj") -> int | None:
    try:
        return int((path / name).read_text())
    except (OSError, ValueError):
        return None


class GpuMeter:
    """Use of the first GPU in per cent while a block runs, as its driver reports it ten times a second."""

    def __init__(self, wanted: bool) -> None:
        self._command = shutil.which("nvidia-smi") if wanted else None
        self._process: subprocess.Popen[str] | None = None
        self.mean: float | None = None
        """``None`` without an NVIDIA GPU, or where the block was over too soon."""

    def __enter__(self) -> GpuMeter:
        if self._command:
            query = [self._command, "--id=0", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--loop-ms=100"]
            with contextlib.suppress(OSError):
                self._process = subprocess.Popen(query, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        answer, _ = self._process.communicate()
        used = [float(line) for line in answer.splitlines() if line.strip().isdigit()]
        self.mean = statistics.fmean(used) if used else None
