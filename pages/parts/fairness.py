"""What makes a comparison fair, as facts in words: the parity figures, the settings, what ran on each side, and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import FRAMEWORKS
from engine.evidence.tables import number_of_test_texts
from engine.running.experiment import CLASSIFIERS, MODES, SCHEDULES
from pages.parts.wording import MISSING, count, number, percent

Fact = tuple[str, str, str]
ENCODER_BAR = 1e-4
"""Vectors of the two encoders may differ by this much in any component."""

OWN_PACKAGES = {"pytorch": ("torch",), "tensorflow": ("tensorflow", "keras")}
END_REASONS = {
    "finished": "all epochs trained",
    "early": "validation loss stopped falling",
    "stopped": "stopped by hand",
    "diverged": "the loss was no longer a number",
}


def parity_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, value, sentence) for each parity figure; a figure that was not measured says so."""
    parity = results.get("parity", {})
    encoder, drift = parity.get("encoder_difference"), parity.get("max_epoch_loss_drift")
    met = (
        ""
        if encoder is None
        else " It is met."
        if encoder <= ENCODER_BAR
        else " It is not met, so part of any difference may come from here."
    )
    matched = results.get("run", {}).get("mode") == "matched"
    expected = "With matched starts it is rounding only." if matched else "In this mode the initial weights differ, so it is large."
    texts = number_of_test_texts(results)
    tested = "the test texts" if texts is None else count(texts, "test text")
    logits = number(parity.get("first_batch_logit_difference"))
    return [
        ("First-batch logit difference", logits, f"Before any training, both models score the same batch. {expected}"),
        ("Encoder difference", number(encoder), f"Largest difference of the two encoders' vectors of 32 texts. The bar is 0.0001.{met}"),
        ("Epoch-loss drift", percent_or_part(drift), "How far the two training losses ever came apart, as a part of the loss."),
        ("Test agreement", percent(parity.get("test_agreement")), f"Share of {tested} that both put into the same class."),
    ]


def setting_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, value, sentence) for what was asked of both."""
    run = results.get("run", {})
    asked = run.get("experiment") or {}
    split = results.get("data", {}).get("split", {})
    sizes = " / ".join(f"{split[part]:,}" for part in ("train", "validation", "test") if part in split)
    mode, schedule = str(run.get("mode", "")), str(run.get("schedule", ""))
    facts = [
        ("Mode", mode, MODES.get(mode, "")),
        ("Schedule", schedule.replace("-", " "), SCHEDULES.get(schedule, "")),
        ("Classifier", str(run.get("classifier", "")), CLASSIFIERS.get(str(run.get("classifier", "")), "")),
        ("Encoder", str(run.get("encoder", "")), "The frozen pre-trained model that turns a text into a vector."),
        ("Texts for training, validation, test", sizes, "The same texts in the same parts for both."),
        ("Seed", str(run.get("seed", "")), "Of the initial weights and of the order of the batches."),
    ]
    if asked:
        steps = f"{asked.get('epochs', MISSING)} / {asked.get('batch_size', MISSING)} / {asked.get('learning_rate', MISSING)}"
        facts.insert(4, ("Epochs at most, batch size, learning rate", steps, "The same for both."))
    return facts


def side_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, PyTorch's, TensorFlow's) for what ran on each side; empty where a framework has no result."""
    packages = results.get("environment", {}).get("packages") or {}
    columns = [_side(results.get("frameworks", {}).get(framework) or {}, OWN_PACKAGES[framework], packages) for framework in FRAMEWORKS]
    return [(name, columns[0][name], columns[1][name]) for name in columns[0]]


def _side(side: Mapping[str, Any], own_packages: tuple[str, ...], packages: Mapping[str, str]) -> dict[str, str]:
    versions = side.get("versions") or {name: packages[name] for name in own_packages if name in packages}
    device, reason, losses = str(side.get("device") or ""), str(side.get("stop_reason") or ""), side.get("epoch_train_loss")
    return {
        "Version": ", ".join(f"{package} {version}" for package, version in versions.items()) if side else "",
        "Device": "CPU" if device == "cpu" else device,
        "Threads": str(side.get("threads") or ""),
        "Epochs trained": f"{len(losses):,}" if losses else "",
        "Ended because": END_REASONS.get(reason, reason),
    }


def machine_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, value, "") for the hardware and the software below."""
    machine = results.get("environment", {})
    memory, gpu = machine.get("memory_gib"), machine.get("gpu")
    facts = [
        ("Processor", str(machine.get("cpu") or ""), f"{machine['cores']} cores" if machine.get("cores") else ""),
        ("Memory", f"{number(float(memory))} GiB" if memory else "", ""),
        ("GPU", ", ".join(gpu) if isinstance(gpu, list) else str(gpu or "none"), ""),
        ("System", str(machine.get("platform") or ""), ""),
        ("Python", str(machine.get("python") or ""), ""),
    ]
    packages = machine.get("packages") or {}
    if packages:
        facts.append(("Packages", ", ".join(f"{package} {version}" for package, version in packages.items()), ""))
    return facts


def percent_or_part(share: float | None) -> str:
    """``0.31 %``, or ``2 × 10⁻⁶ of the loss`` where a percentage would round to nothing."""
    if share is None:
        return MISSING
    return percent(share) if share >= 0.001 else f"{number(share)} of the loss"
