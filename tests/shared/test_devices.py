"""Which device both use, and what the reader is told."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.shared import devices
from engine.shared.devices import choose_device, describe_machine, graphics_processors, physical_cores, why_no_gpu

BOTH = {"pytorch": "H200", "tensorflow": "H200"}
ONE = {"pytorch": "H200", "tensorflow": None}
NONE = {"pytorch": None, "tensorflow": None}


@pytest.mark.parametrize(
    ("wanted", "seen", "chosen", "notes"),
    [
        ("auto", BOTH, ("gpu", "gpu"), 0),
        ("auto", ONE, ("cpu", "cpu"), 1),
        ("auto", NONE, ("cpu", "cpu"), 0),
        ("cpu", BOTH, ("cpu", "cpu"), 0),
        ("gpu", BOTH, ("gpu", "gpu"), 0),
        ("gpu", ONE, ("gpu", "cpu"), 1),
        ("gpu", NONE, ("cpu", "cpu"), 2),
    ],
)
def test_the_gpu_if_both_see_one(wanted: str, seen: dict[str, str | None], chosen: tuple[str, str], notes: int) -> None:
    found, said = choose_device(wanted, seen)
    assert tuple(found.values()) == chosen and len(said) == notes


@pytest.mark.parametrize(
    ("told", "native"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 sse", True),
        ("flags : fpu amx_bf16 amx_tile", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags : fpu avx2 avx512f", False),
        ("Features : fp asimd", False),
        ("model name : a processor with bf16 in its name", None),
    ],
)
def test_whether_the_processor_computes_bfloat16(monkeypatch: pytest.MonkeyPatch, told: str, native: bool | None) -> None:
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: f"processor : 0\n{told}\n")
    assert devices.computes_bfloat16() is native


def test_what_is_said_when_only_one_sees_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.platform, "system", lambda: "Linux")
    (note,) = choose_device("auto", ONE)[1]
    assert note.startswith("PyTorch sees a GPU, TensorFlow does not: its CUDA libraries are not installed")
    assert "Both used the CPU so that the comparison is fair" in note and "choose the device “gpu”" in note
    (note,) = choose_device("gpu", ONE)[1]
    assert "TensorFlow sees no GPU and used the CPU" in note and "not comparable" in note
    assert "without CUDA" in why_no_gpu("pytorch")


def test_one_framework_only() -> None:
    assert choose_device("auto", {"tensorflow": "H200"}) == ({"tensorflow": "gpu"}, [])


def test_cores() -> None:
    assert physical_cores() >= 1


def test_a_graphics_tool_that_fails_means_no_gpu_and_one_that_answers_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    devices._told_by.cache_clear()
    monkeypatch.setattr(devices.platform, "system", lambda: "Linux")
    monkeypatch.setattr(devices.shutil, "which", lambda name: "/bin/nvidia-smi")

    def times_out(*arguments: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("nvidia-smi", 10)

    monkeypatch.setattr(devices.subprocess, "run", times_out)
    assert graphics_processors() == []
    done = subprocess.CompletedProcess([], 0, "NVIDIA H200\n\n", "")
    monkeypatch.setattr(devices.subprocess, "run", lambda *arguments, **options: done)
    assert graphics_processors() == ["NVIDIA H200"]
    monkeypatch.setattr(devices.subprocess, "run", times_out)
    assert graphics_processors() == ["NVIDIA H200"], "a page does not wait for the tool whenever it is drawn"
    devices._told_by.cache_clear()
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    assert graphics_processors() == []


def test_the_report_is_plain_and_names_the_packages() -> None:
    machine = describe_machine()
    assert machine.python and machine.platform and machine.cpu and machine.cores and machine.memory_gib
    assert {"torch", "tensorflow", "numpy"} <= set(machine.packages)
    assert str(Path.home()) not in json.dumps(asdict(machine))
