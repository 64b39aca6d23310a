"""What makes a comparison fair, as facts in words: the parity figures, the settings, what ran on each side, and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import FRAMEWORKS
from engine.display.formatting import MISSING, count, number, percent
from engine.results.tables import number_of_test_texts
from engine.runs.coordinator import ENCODER_BAR
from engine.runs.experiment import MODES, SCHEDULES
from engine.shared.classifiers import CLASSIFIERS, Classifier
from engine.shared.encoders.checkpoint import BUNDLED

Fact = tuple[str, str, str]
OWN_PACKAGES = {"pytorch": ("torch",), "tensorflow": ("tensorflow", "keras")}
END_REASONS = {
    "finished": "all epochs trained",
    "early": "validation loss stopped falling",
    "stopped": "stopped by hand",
    "diverged": "the loss was no longer a number",
}


def parity_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, value, sentence) for each parity figure; a figure that was not measured says so."""
    parity, member = results.get("parity", {}), member_of(results)
    bar = f"{ENCODER_BAR:.4f}"
    encoder, drift = parity.get("encoder_difference"), parity.get("max_epoch_loss_drift")
    met = (
        ""
        if encoder is None
        else " It is met."
        if encoder <= ENCODER_BAR
        else " It is not met, so part of any difference may come from here."
    )
    matched = results.get("run", {}).get("mode") == "matched"
    fine_tuned = member is not None and member.takes == "pieces"
    expected = "With matched starts it is rounding only." if matched else "In this mode the initial weights differ, so it is large."
    if fine_tuned and not matched:
        expected = "In this mode the last layer starts differently, so it is large."
    texts = number_of_test_texts(results)
    tested = "the test texts" if texts is None else count(texts, "test text")
    logits = number(parity.get("first_batch_logit_difference"))
    facts = [
        ("First-batch logit difference", logits, f"Before any training, both models score the same batch. {expected}"),
        (
            "Encoder difference",
            number(encoder),
            f"Largest difference of the two encoders' vectors of 32 texts. The bar is {bar}.{met}",
        ),
        ("Epoch-loss drift", percent_or_part(drift), "How far the two training losses ever came apart, as a part of the loss."),
        ("Test agreement", percent(parity.get("test_agreement")), f"Share of {tested} that both put into the same class."),
    ]
    # Only where the encoder stays frozen are there two of them to compare; else the first answers say it all.
    return [fact for fact in facts if fact[0] != "Encoder difference" or member is None or member.takes == "vectors"]


def setting_facts(results: Mapping[str, Any]) -> list[Fact]:
    """(name, value, sentence) for what was asked of both."""
    run, member = results.get("run", {}), member_of(results)
    asked = run.get("experiment") or {}
    split = results.get("data", {}).get("split", {})
    sizes = " / ".join(f"{split[part]:,}" for part in ("train", "validation", "test") if part in split)
    mode, schedule = str(run.get("mode", "")), str(run.get("schedule", ""))
    facts = [
        ("Mode", mode, MODES.get(mode, "")),
        ("Compiled", "yes" if run.get("compiled") else "no", "By torch.compile and by XLA, before training; either mode can be compiled."),
        ("Schedule", schedule.replace("-", " "), SCHEDULES.get(schedule, "")),
        ("Classifier", member.title if member else str(run.get("classifier", "")), member.summary if member else ""),
    ]
    if member is None or member.pretrained:
        frozen = member is None or member.takes == "vectors"
        role = "The frozen pre-trained model that turns a text into a vector." if frozen else "The pre-trained model that is trained along."
        encoder = str(run.get("encoder") or "")
        facts.append(("Encoder", "all-MiniLM-L6-v2, bundled" if encoder == BUNDLED else encoder, role))
    if asked:
        steps = f"{asked.get('epochs', MISSING)} / {asked.get('batch_size', MISSING)} / {asked.get('learning_rate', MISSING)}"
        facts.append(("Epochs at most, batch size, learning rate", steps, "The same for both."))
        if asked.get("weight_decay") or asked.get("clip_norm"):
            constants = f"{asked.get('weight_decay') or 'none'} / {asked.get('clip_norm') or 'none'}"
            facts.append(("Weight decay, longest gradient", constants, "The pull of weights towards zero; where gradients are cut."))
        if asked.get("class_weights", "none") != "none":
            facts.append(("Class weights", str(asked["class_weights"]), "How much a text counts in the loss, by its class."))
    facts.append(("Texts for training, validation, test", sizes, "The same texts in the same parts for both."))
    facts += text_facts(results)
    return [*facts, ("Seed", str(run.get("seed", "")), "Of the initial weights and of the order of the batches.")]


def text_facts(results: Mapping[str, Any]) -> list[Fact]:
    """How much of the texts the classifier could read; empty for results that did not count it."""
    data, member = results.get("data", {}), member_of(results)
    if member is None:
        return []
    facts, rows = [], data.get("rows")
    unit = "words" if member.takes == "words" else "tokens"
    if data.get("max_tokens") and data.get("truncated") is not None:
        windows = (results.get("run", {}).get("experiment") or {}).get("long_texts") == "windows"
        longer = (
            f"Longer than {data['max_tokens']:,} {unit}; {'read in windows and averaged' if windows else 'what comes after was not read'}."
        )
        facts.append(("Texts in windows" if windows else "Texts cut", _of(data["truncated"], rows), longer))
    if member.takes in ("words", "terms") and data.get("unknown") is not None:
        kind = "term" if member.takes == "terms" else "word"
        split = data.get("split", {})
        others = split["validation"] + split["test"] if {"validation", "test"} <= set(split) else None
        without = "Validation and test texts that hold nothing of the vocabulary, which is made of the training texts."
        facts.append((f"Texts without a known {kind}", _of(data["unknown"], others), without))
    return facts


def member_of(results: Mapping[str, Any]) -> Classifier | None:
    """What the run's classifier is; ``None`` for one that this version does not know."""
    return CLASSIFIERS.get(str(results.get("run", {}).get("classifier", "")))


def _of(amount: int, total: int | None) -> str:
    return f"{amount:,} of {total:,} ({percent(amount / total)})" if total and amount else f"{amount:,}"


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
