"""How the tests of the running room start runs, watch them, hurt them and look for processes that were left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from safetensors.numpy import save_file

from engine.data.choice import DataChoice
from engine.data.store import sample_choice
from engine.runs import coordinator
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run, home
from engine.runs.processes import turns
from engine.runs.processes.channel import WorkerProcess
from engine.runs.processes.identity import living_process
from engine.runs.status import Status
from engine.studies import study as studies
from tests.tiny_checkpoints import train_tokenizer, write_modules

PATIENCE = 170.0
"""Seconds; generous, for the machine may be busy."""


def small_data(rows: int = 90) -> DataChoice:
    """Some rows of the bundled sample."""
    return DataChoice(**{**vars(sample_choice()), "rows": rows})


SMALL_MODEL = {"epochs": 4, "max_tokens": 24, "embedding_size": 16, "filters": 8, "hidden_units": 12, "vocabulary_size": 300,
               "class_weights": "balanced"}  # fmt: skip


def small_experiment(encoder: Path | str, classifier: str = "embedding-mlp", **changes: Any) -> Experiment:
    """Matched, on the CPU, with few rows and epochs; a classifier that trains more than a head is small, too."""
    defaults = {"encoder": str(encoder), "batch_size": 16, "patience": 0, "device": "cpu", "threads": 1}
    if classifier == "embedding-mlp":
        return Experiment(**({"data": small_data(), "epochs": 12} | defaults | changes))
    return Experiment.recommended(small_data(), classifier, **(SMALL_MODEL | defaults | changes))


def fill(experiment: Experiment) -> Run:
    """A run from start to end with its coordinator in this process, so that a test can reach into it."""
    run = create_run(experiment)
    coordinator.main([str(run.path)])
    return run


def fill_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> Status:
    """Resume in this process."""
    from engine.runs import launching

    with monkeypatch.context() as patch:
        patch.setattr(launching, "launch", lambda run: coordinator.main([str(run.path)]))
        launching.resume(run)
    return run.read_status()


def wait_until(condition: Callable[[], Any], what: str) -> Any:
    """The first true answer. Fails after a generous time."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if answer := condition():
            return answer
        time.sleep(0.05)
    pytest.fail(f"Waited {PATIENCE:.0f} seconds in vain for {what}")


def wait_for_end(run: Run) -> Status:
    """The status of a run that has ended, once its coordinator has left."""

    def ended() -> Status | None:
        status = run.read_status()
        return status if not status.active and living_process(status.coordinator) is None else None

    return wait_until(ended, f"the end of run {run.identifier}: {run.read_status()}")


def processes_about(folder: Path) -> list[psutil.Process]:
    """Living processes, of this test or its descendants, that were started for something below ``folder``."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE and str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_in(monkeypatch: pytest.MonkeyPatch, framework: str, phase: str, job: str = "train", turn: int = 1) -> None:
    """SIGKILL a worker while it has its ``turn``-th turn in ``phase``."""
    before, heard = WorkerProcess.go, WorkerProcess.hear
    turns_seen = {"number": 0}

    def hurt(worker: WorkerProcess) -> None:
        if worker.framework == framework and worker.job == job:
            turns_seen["number"] += 1
            if turns_seen["number"] == turn:
                os.kill(worker.process.pid, signal.SIGKILL)

    def go(worker: WorkerProcess, **facts: Any) -> None:
        before(worker, **facts)
        if worker.phase == phase:
            hurt(worker)

    def hear(worker: WorkerProcess, timeout: float) -> Any:
        message = heard(worker, timeout)
        if message and message.get("phase") == phase == "import":  # it has the turn already, before it asks
            hurt(worker)
        return message

    monkeypatch.setattr(WorkerProcess, "go", go if phase != "import" else before)
    monkeypatch.setattr(WorkerProcess, "hear", hear)


def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """So short that every epoch ends one."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.001)


def studies_in_this_process(monkeypatch: pytest.MonkeyPatch, conduct: Callable[[list[str]], Any]) -> None:
    """A study is done before ``start_study`` returns; only its workers are processes. Sources may be edited meanwhile.

    ``conduct`` is the ``main`` of the module that would be started for it.
    """
    monkeypatch.setattr(studies, "code_version", lambda: "of this test")
    monkeypatch.setattr(studies, "detach", lambda module, folder: conduct([str(folder)]))


def copy_run(run: Run) -> Run:
    """A copy in this test's own home, to be damaged."""
    home().mkdir(parents=True, exist_ok=True)
    return Run(Path(shutil.copytree(run.path, home() / run.identifier)))


def weights(run: Run, framework: str) -> bytes:
    """The trained model's file."""
    return (run.framework_folder(framework) / "model.safetensors").read_bytes()


def kinds(run: Run, framework: str) -> list[str]:
    """The kinds of a framework's events, in order."""
    return [event["event"] for event in run.read_events(framework)[0]]


def write_tiny_encoder(folder: Path) -> Path:
    """A random BERT of one layer and 32 numbers a text, made with NumPy alone."""
    folder.mkdir(parents=True)
    tokenizer = train_tokenizer("bert")
    tokenizer.save(str(folder / "tokenizer.json"))
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 66}
    config = {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": tokenizer.get_vocab_size(), "type_vocab_size": 2,
              "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": tokenizer.token_to_id("[PAD]")}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config | size))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64}))
    write_modules(folder, "mean", normalize=True)
    generator = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], 32),
        "embeddings.position_embeddings.weight": (66, 32),
        "embeddings.token_type_embeddings.weight": (2, 32),
        "embeddings.LayerNorm.weight": (32,),
        "embeddings.LayerNorm.bias": (32,),
        "pooler.dense.weight": (32, 32),
        "pooler.dense.bias": (32,),
    }
    for layer in range(size["num_hidden_layers"]):
        parts = {"attention.self.query": (32, 32), "attention.self.key": (32, 32), "attention.self.value": (32, 32),
                 "attention.output.dense": (32, 32), "attention.output.LayerNorm": (32,), "intermediate.dense": (48, 32),
                 "output.dense": (32, 48), "output.LayerNorm": (32,)}  # fmt: skip
        for name, shape in parts.items():
            shapes[f"encoder.layer.{layer}.{name}.weight"], shapes[f"encoder.layer.{layer}.{name}.bias"] = shape, shape[:1]
    tensors = {
        name: generator.normal(1.0 if "LayerNorm.weight" in name else 0.0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()
    }
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder
