"""What a machine counts: energy and GPU stand-ins on disk, for most machines that test have neither."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.workers.meters import EnergyMeter, GpuMeter

PROJECT = Path(__file__).parents[2]


def counter(folder: Path, name: str, microjoules: int) -> Path:
    path = folder / name
    path.mkdir(exist_ok=True)
    (path / "energy_uj").write_text(str(microjoules))
    (path / "max_energy_range_uj").write_text("1000000000")
    return path


def test_energy_of_all_packages_is_added_up(tmp_path: Path) -> None:
    counter(tmp_path, "intel-rapl:0", 1_000_000)
    counter(tmp_path, "intel-rapl:1", 999_000_000)
    counter(tmp_path, "intel-rapl:0:0", 5)  # a part of the first package, which would count twice
    meter = EnergyMeter(tmp_path)
    meter.start()
    counter(tmp_path, "intel-rapl:0", 3_500_000)
    counter(tmp_path, "intel-rapl:1", 1_000_000)  # the counter has begun again
    meter.stop()
    assert meter.joules == pytest.approx(2.5 + 2.0)
    meter.start()
    counter(tmp_path, "intel-rapl:0", 4_500_000)
    meter.stop()
    assert meter.joules == pytest.approx(5.5)


def test_no_energy_without_counters(tmp_path: Path) -> None:
    meter = EnergyMeter(tmp_path)
    meter.start()
    meter.stop()
    assert meter.joules is None


def test_energy_that_can_no_longer_be_read_is_unknown(tmp_path: Path) -> None:
    path = counter(tmp_path, "intel-rapl:0", 1)
    meter = EnergyMeter(tmp_path)
    meter.start()
    (path / "energy_uj").unlink()
    meter.stop()
    assert meter.joules is None


def test_use_of_a_gpu_is_the_mean_of_what_its_driver_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = tmp_path / "nvidia-smi"
    command.write_text(f"#!/bin/sh\necho 90\necho 70\necho '[N/A]'\ntouch {tmp_path}/told\nexec sleep 60\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with GpuMeter(True) as meter:
        while not (tmp_path / "told").exists():
            time.sleep(0.01)
    assert meter.mean == 80.0
    with GpuMeter(False) as meter:
        pass
    assert meter.mean is None


def test_peak_memory_is_the_most_that_this_process_has_had() -> None:
    """Not what its parent had, which Linux's ``getrusage`` passes on; and what was given back again counts."""
    filled = np.ones(2**25)  # 256 MiB
    code = "import numpy; from engine.workers.meters import peak_rss_mib; print(peak_rss_mib()); numpy.ones(2**25); print(peak_rss_mib())"
    answer = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    before, after = map(float, answer.stdout.split())
    assert filled.all() and 10 < before < 200 and 250 < after - before < 270
