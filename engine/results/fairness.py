"""What makes a comparison fair, as facts in words: the parity figures, the settings, what ran on each side, and the machine."""

from __future__ import annotations

from engine import FRAMEWORKS
from engine.display.formatting import MISSING, count, number, percent
from engine.results.tables import number_of_test_texts
from engine.runs.coordinator import ENCODER_BAR
from engine.runs.experiment import MODES, SCHEDULES
from engine.runs.records.results import FrameworkResults, Results
from engine.shared.devices import Machine
from engine.shared.encoders.checkpoint import BUNDLED

Fact = tuple[str, str, str]
OWN_PACKAGES = {"pytorch": ("torch",), "tensorflow": ("tensorflow", "keras")}
END_REASONS = {
    "finished": "all epochs trained",
    "early": "validation loss stopped falling",
    "stopped": "stopped by hand",
    "diverged": "the loss was no longer a number",
}


def parity_facts(results: Results) -> list[Fact]:
    """Return (name, value, sentence) for each parity figure; a figure that was not measured says so."""
    parity, member = results.parity, results.run.family_member
    bar = f"{ENCODER_BAR:.4f}"
    encoder, drift = parity.encoder_difference, parity.max_epoch_loss_drift
    met = (
        ""
        if encoder is None
        else " It is met."
        if encoder <= ENCODER_BAR
        else " It is not met, so part of any difference may come from here."
    )
    matched = results.run.mode == "matched"
    fine_tuned = member is not None and member.takes == "pieces"
    expected = "With matched starts it is rounding only." if matched else "In this mode the initial weights differ, so it is large."
    if fine_tuned and not matched:
        expected = "In this mode the last layer starts differently, so it is large."
    texts = number_of_test_texts(results)
    tested = "the test texts" if texts is None else count(texts, "test text")
    logits = number(parity.first_batch_logit_difference)
    facts = [
        ("First-batch logit difference", logits, f"Before any training, both models score the same batch. {expected}"),
        ("Encoder difference", number(encoder), f"Largest difference of the two encoders' vectors of 32 texts. The bar is {bar}.{met}"),
        ("Epoch-loss drift", percent_or_part(drift), "How far the two training losses ever came apart, as a part of the loss."),
        ("Test agreement", percent(parity.test_agreement), f"Share of {tested} that both put into the same class."),
    ]
    # Only where the encoder stays frozen are there two of them to compare; else the first answers say it all.
    return [fact for fact in facts if fact[0] != "Encoder difference" or member is None or member.takes == "vectors"]


def setting_facts(results: Results) -> list[Fact]:
    """Return (name, value, sentence) for what was asked of both."""
    run, member = results.run, results.run.family_member
    split = results.data.split
    sizes = " / ".join(f"{split[part]:,}" for part in ("train", "validation", "test") if part in split)
    facts = [
        ("Mode", run.mode, MODES.get(run.mode, "")),
        ("Compiled", "yes" if run.compiled else "no", "By torch.compile and by XLA, before training; either mode can be compiled."),
        ("Schedule", run.schedule.replace("-", " "), SCHEDULES.get(run.schedule, "")),
        ("Classifier", member.title if member else run.classifier, member.summary if member else ""),
    ]
    if member is None or member.pretrained:
        frozen = member is None or member.takes == "vectors"
        role = "The frozen pre-trained model that turns a text into a vector." if frozen else "The pre-trained model that is trained along."
        facts.append(("Encoder", "all-MiniLM-L6-v2, bundled" if run.encoder == BUNDLED else run.encoder or "", role))
    if experiment := run.experiment:
        steps = f"{experiment.epochs} / {experiment.batch_size} / {experiment.learning_rate}"
        facts.append(("Epochs at most, batch size, learning rate", steps, "The same for both."))
        if experiment.weight_decay or experiment.clip_norm:
            constants = f"{experiment.weight_decay or 'none'} / {experiment.clip_norm or 'none'}"
            facts.append(("Weight decay, longest gradient", constants, "The pull of weights towards zero; where gradients are cut."))
        if experiment.class_weights != "none":
            facts.append(("Class weights", experiment.class_weights, "How much a text counts in the loss, by its class."))
    facts.append(("Texts for training, validation, test", sizes, "The same texts in the same parts for both."))
    facts += text_facts(results)
    return [*facts, ("Seed", "" if run.seed is None else str(run.seed), "Of the initial weights and of the order of the batches.")]


def text_facts(results: Results) -> list[Fact]:
    """Return how much of the texts the classifier could read; empty for results that did not count it."""
    data, member = results.data, results.run.family_member
    if member is None:
        return []
    facts = []
    unit = "words" if member.takes == "words" else "tokens"
    if data.max_tokens and data.truncated is not None:
        fate = "read in windows and averaged" if results.run.windows else "what comes after was not read"
        longer = f"Longer than {data.max_tokens:,} {unit}; {fate}."
        facts.append(("Texts in windows" if results.run.windows else "Texts cut", _of(data.truncated, data.rows), longer))
    if encoding := results.encoding:
        kept, pace = encoding.from_cache or 0, encoding.texts_per_second
        speed = f"{number(pace)} texts a second" if pace else "none had to be computed"
        facts.append(("Vectors computed in", encoding.precision, f"Kept from before: {_of(kept, encoding.texts)} texts; {speed}."))
    if member.takes in ("words", "terms") and data.unknown is not None:
        kind = "term" if member.takes == "terms" else "word"
        split = data.split
        others = split["validation"] + split["test"] if {"validation", "test"} <= set(split) else None
        without = "Validation and test texts that hold nothing of the vocabulary, which is made of the training texts."
        facts.append((f"Texts without a known {kind}", _of(data.unknown, others), without))
    return facts


def _of(amount: int, total: int | None) -> str:
    return f"{amount:,} of {total:,} ({percent(amount / total)})" if total and amount else f"{amount:,}"


def side_facts(results: Results) -> list[Fact]:
    """Return (name, PyTorch's, TensorFlow's) for what ran on each side; empty where a framework has no result."""
    packages = (results.environment or Machine()).packages
    versions = {
        framework: ", ".join(f"{package} {packages[package]}" for package in own if package in packages)
        for framework, own in OWN_PACKAGES.items()
    }
    columns = [_side(results.frameworks.get(framework), versions[framework]) for framework in FRAMEWORKS]
    return [(name, columns[0][name], columns[1][name]) for name in columns[0]]


def _side(side: FrameworkResults | None, versions: str) -> dict[str, str]:
    side, versions = (side, versions) if side else (FrameworkResults(), "")
    return {
        "Version": versions,
        "Device": "CPU" if side.device == "cpu" else side.device,
        "Threads": str(side.threads or ""),
        "Epochs trained": f"{len(side.epoch_train_loss):,}" if side.epoch_train_loss else "",
        "Ended because": END_REASONS.get(side.stop_reason, side.stop_reason),
    }


def machine_facts(machine: Machine | None) -> list[Fact]:
    """Return (name, value, "") for the hardware and the software below; empty values where nothing was recorded."""
    machine = machine or Machine()
    facts = [
        ("Processor", machine.cpu, f"{machine.cores} cores" if machine.cores else ""),
        ("Memory", f"{number(float(machine.memory_gib))} GiB" if machine.memory_gib else "", ""),
        ("GPU", ", ".join(machine.gpu or ["none"]), ""),
        ("System", machine.platform, ""),
        ("Python", machine.python, ""),
    ]
    if machine.packages:
        facts.append(("Packages", ", ".join(f"{package} {version}" for package, version in machine.packages.items()), ""))
    return facts


def percent_or_part(share: float | None) -> str:
    """Write ``0.31 %``, or ``2 × 10⁻⁶ of the loss`` where a percentage would round to nothing."""
    if share is None:
        return MISSING
    return percent(share) if share >= 0.001 else f"{number(share)} of the loss"
