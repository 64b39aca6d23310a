"""What the figures of a run say, in sentences that never crown a winner from noise; pages, reports and model cards speak them.

Accuracy is judged by its 95 % interval; times and memory are stated as ratios "in this run", for one run is no proof.
"""

from __future__ import annotations

from collections.abc import Callable

from engine import FRAMEWORK_NAMES
from engine.display.formatting import count, memory, milliseconds, number, percent, seconds
from engine.results.tables import Measure, finished_frameworks, number_of_test_texts
from engine.runs.records.results import Results
from engine.runs.status import Status

WORTH_TELLING = 0.01
"""The share of cut or unknown texts from which on the page says so at its top."""

CLOSE = 1.02
"""Ratios below this are called equal: a rerun moves times by more."""

FORMATS: dict[str, Callable[[float], str]] = {
    "share": percent,
    "seconds": lambda value: seconds(value) if value >= 0.1 else milliseconds(1000 * value),
    "milliseconds": milliseconds,
    "MiB": memory,
    "bytes": lambda value: memory(value / 2**20) if value >= 2**20 else f"{number(value / 1024)} KiB",
    "parameters": lambda value: number(int(value)),
    "documents per second": lambda value: f"{number(float(value))} /s",
}
"""How a value of each unit of ``Measure`` is written, its unit included."""


GROUPS = {"speed": "Training", "size": "Size", "latency": "Answering", "memory": "Memory"}
"""The headings of the groups of ``Measure`` but quality, which needs none."""


def answer(results: Results) -> str:
    """Write the page's answer in one sentence: plain text without markup or user data."""
    frameworks = finished_frameworks(results)
    texts = number_of_test_texts(results)
    tested = count(texts, "test text") if texts is not None else "the test texts"
    scores = {framework: percent(results.frameworks[framework].test_accuracy) for framework in frameworks}
    if not frameworks:
        return "Neither framework finished, so there is nothing to compare."
    if len(frameworks) == 1:
        only = frameworks[0]
        other = next(name for key, name in FRAMEWORK_NAMES.items() if key != only)
        return f"{FRAMEWORK_NAMES[only]} reaches {scores[only]} on {tested}; {other} has no result in this run."
    agreement = results.parity.test_agreement
    agree = f"agree on {percent(agreement)} of {tested}" if agreement is not None else f"were tested on {tested}"
    if scores["pytorch"] == scores["tensorflow"]:
        return f"Both reach {scores['pytorch']} and {agree}."
    judged = results.parity.accuracy_difference is not None
    verdict = ", a difference beyond noise" if _beyond_noise(results) else ", equal within noise" if judged else ""
    return f"PyTorch reaches {scores['pytorch']} and TensorFlow {scores['tensorflow']}{verdict}; they {agree}."


def what_trained(results: Results) -> str:
    """Write ``Text CNN · matched · compiled``; it holds no user data."""
    run = results.run
    member = run.family_member
    mode = {"defaults": "framework defaults"}.get(run.mode, run.mode)
    return " · ".join(filter(None, [member.title if member else "", mode, "compiled" if run.compiled else ""]))


def reading_sentences(results: Results) -> list[str]:
    """Say what the classifier could not read of the texts, where that is more than a few; a reader of the accuracy should know."""
    data, member = results.data, results.run.family_member
    if member is None:
        return []
    sentences, unit, limit = [], "words" if member.takes == "words" else "tokens", data.max_tokens
    rows, truncated, unknown = data.rows or 0, data.truncated or 0, data.unknown or 0
    if rows and limit and truncated / rows >= WORTH_TELLING and not results.run.windows:
        sentences.append(f"{percent(truncated / rows)} of the texts are longer than {limit:,} {unit} and were cut there.")
    others = sum(data.split.get(part, 0) for part in ("validation", "test"))
    if others and member.takes in ("words", "terms") and unknown / others >= WORTH_TELLING:
        kind = "word" if member.takes == "words" else "term"
        sentences.append(f"{percent(unknown / others)} of the validation and test texts hold no {kind} of the vocabulary.")
    return sentences


def kept_weights_sentences(results: Results) -> list[str]:
    """Say after which epoch each framework's best weights were kept; nothing of a framework that has none."""
    best = {framework: results.frameworks[framework].best_epoch for framework in finished_frameworks(results)}
    return [
        f"{FRAMEWORK_NAMES[framework]} keeps the weights after epoch {epoch}, where its validation loss was lowest."
        for framework, epoch in best.items()
        if epoch
    ]


def progress_sentence(results: Results) -> str:
    """Write the answer of a run that has no results yet: how far each framework has come."""
    experiment = results.run.experiment
    parts = []
    for framework in experiment.frameworks if experiment else finished_frameworks(results):
        side = results.side(framework)
        done, reached = len(side.epoch_train_loss), side.epoch_validation_accuracy
        epochs = f"{done:,} of {experiment.epochs:,} epochs" if experiment else count(done, "epoch")
        parts.append(
            f"{FRAMEWORK_NAMES[framework]} has trained {epochs}" + (f" (validation accuracy {percent(reached[-1])})" if reached else "")
        )
    return f"Nothing is compared yet: {', '.join(parts)}." if parts else "Nothing is compared yet."


def unfinished_sentence(status: Status) -> str:
    """Say what a reader must know of a run without results."""
    happened = {"failed": "failed", "stopped": "was stopped", "queued": "waits for its turn"}.get(status.state, "is still going on")
    left = "what it had not reached is left out"
    return f"This run {happened} and has no results: here is what its folder holds, and {left}. {status.message}".strip()


def interval_sentence(results: Results) -> str:
    """Write the verdict on the accuracy difference and its interval, or an empty string without two results."""
    interval = results.parity.accuracy_difference
    if interval is None:
        return ""
    value, low, high = (points(share) for share in (interval.value, interval.low, interval.high))
    level = f"{100 * interval.confidence:.0f} %"
    return f"{interval.verdict.strip()} PyTorch minus TensorFlow: {value} points, {level} interval {low} to {high}.".strip()


def baseline_sentence(results: Results) -> str:
    """Say which accuracy takes no model at all."""
    majority = results.data.majority_accuracy
    return "" if majority is None else f"Always answering the most frequent class would reach {percent(majority)}: the baseline to beat."


def measure_sentence(measure: Measure, results: Results) -> str:
    """Write the plain sentence below a twin row; empty where a single framework leaves nothing to compare."""
    if not measure.both:
        return ""
    pytorch, tensorflow = float(measure.pytorch or 0), float(measure.tensorflow or 0)
    if measure.group == "quality":
        return _quality(measure, pytorch, tensorflow, results)
    if measure.unit == "parameters":
        return "The same number, as it should be" if pytorch == tensorflow else "Not the same model: the numbers should be equal"
    if results.run.schedule == "both-at-once" and measure.group in ("speed", "latency"):
        return "They competed for the machine, so this says little"
    if measure.group in ("memory", "size"):
        return _more(pytorch, tensorflow, "in this run" if measure.group == "memory" else "")
    sentence = _faster(measure, pytorch, tensorflow)
    # Early stopping may end the two after different numbers of epochs, which would make the bare times unfair.
    epochs = [len(results.frameworks[framework].epoch_train_loss) for framework in finished_frameworks(results)]
    if measure.key == "train_seconds" and all(epochs):
        same = epochs[0] == epochs[1]
        sentence += f", {count(epochs[0], 'epoch')} each" if same else f", but {epochs[0]:,} epochs against {epochs[1]:,}"
    return sentence


def times_sentence(results: Results) -> str:
    """Say how far the times may be trusted, once for all of them."""
    if results.run.schedule == "both-at-once":
        return "Both trained at once and competed for the machine: the times say little about either."
    return "Times and memory come from one run on one machine; running it again moves them by some percent."


def state_sentence(status: Status) -> str:
    """Say what a reader must know of a run that has not ended, or not as planned; empty for one that did."""
    if status.active and status.phase == "latency":
        return "How fast the models answer is still being measured; everything else is here."
    return {
        "stopped": "This run was stopped early. What is compared here are the best weights up to then.",
        "failed": f"This run failed, and what was finished before is kept. {status.message}",
        "queued": "This run waits to be resumed; these are its earlier results.",
        "preparing": "This run is being resumed; these are its earlier results.",
        "running": "This run is still going on; these are the results so far.",
    }.get(status.state, "")


def _quality(measure: Measure, pytorch: float, tensorflow: float, results: Results) -> str:
    gap = abs(pytorch - tensorflow)
    apart = "Equal to the last digit" if gap == 0 else f"{100 * gap:.1f} points apart" if gap >= 0.0005 else "Less than 0.1 points apart"
    if measure.key != "test_accuracy" or gap == 0 or results.parity.accuracy_difference is None:
        return apart
    judged = "beyond noise" if _beyond_noise(results) else "within noise"
    return f"{apart}, {judged} on {count(number_of_test_texts(results) or 0, 'test text')}"


def _faster(measure: Measure, pytorch: float, tensorflow: float) -> str:
    less_is_faster = measure.unit != "documents per second"
    if min(pytorch, tensorflow) <= 0:
        return ""
    ratio = max(pytorch, tensorflow) / min(pytorch, tensorflow)
    if ratio < CLOSE:
        return "Within 2 % of each other in this run"
    faster = "PyTorch" if (pytorch < tensorflow) == less_is_faster else "TensorFlow"
    return f"{faster} {_times(ratio)} faster in this run"


def _more(pytorch: float, tensorflow: float, where: str) -> str:
    if min(pytorch, tensorflow) <= 0:
        return ""
    ratio = max(pytorch, tensorflow) / min(pytorch, tensorflow)
    if ratio < CLOSE:
        return "The same" if pytorch == tensorflow else f"Within 2 % of each other {where}".rstrip()
    return f"{'PyTorch' if pytorch > tensorflow else 'TensorFlow'} {_times(ratio)} as much {where}".rstrip()


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if 1.1 <= ratio < 10 else f"{number(ratio)} ×"


def points(share: float) -> str:
    """Write a signed difference in percentage points, with a true minus."""
    return f"{100 * share:+.1f}".replace("-", "−") if round(1000 * share) else "0.0"


def _beyond_noise(results: Results) -> bool:
    interval = results.parity.accuracy_difference
    return interval is not None and (interval.low > 0 or interval.high < 0)
