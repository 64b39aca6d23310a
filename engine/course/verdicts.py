"""What the course makes of results: which prediction was right, and the figures in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.course.answers import Verdict
from engine.display.formatting import count, milliseconds, number, percent
from engine.errors import RunError
from engine.results.sentences import points
from engine.results.tables import number_of_test_texts
from engine.runs.folder import Run
from engine.runs.records.results import FrameworkResults, Results
from engine.shared.metrics import AccuracyDifference, accuracy_difference
from engine.studies.audit_results import AuditResults
from engine.studies.mistake_results import MistakeRow, MuseumResults
from engine.studies.mistakes import harm_words, outcome_words, outcomes_by_mistake

CLOSE = 1.1
"""Times less than this factor apart are called equal: another run of the same moves them by several percent."""


def accuracy_of_one(bounds: Sequence[float]) -> Callable[[Sequence[Run]], Verdict]:
    """Judges in which range the accuracy of a run lies: the key is the number of ``bounds`` that it reaches, as in ``"0"``, ``"1"``."""

    def judge(runs: Sequence[Run]) -> Verdict:
        results, reached = _results(runs[0]), _of_each(runs[0], lambda side: side.test_accuracy)
        mean = sum(reached.values()) / len(reached)
        texts = count(number_of_test_texts(results) or 0, "test text")
        sentence = (
            f"{_in_each(reached, percent)} of {texts} are put into the right class. "
            f"Always answering the most frequent class would reach {percent(results.data.majority_accuracy)}."
        )
        return Verdict(str(sum(mean >= bound for bound in bounds)), sentence, (("Accuracy", reached, "share"),))

    return judge


def more_accurate(first: str, second: str) -> Callable[[Sequence[Run]], Verdict]:
    """Judges whether the second of two runs is ``better`` or ``worse`` than the first beyond the noise, in both frameworks; or ``alike``.

    ``first`` and ``second`` name them in the sentence.
    """

    def judge(runs: Sequence[Run]) -> Verdict:
        gaps = {framework: _gap(runs[1], runs[0], framework) for framework in FRAMEWORKS}
        signs = {(gap.low > 0) - (gap.high < 0) for gap in gaps.values()}
        key = {1: "better", -1: "worse"}.get(signs.pop(), "alike") if len(signs) == 1 else "alike"
        accuracies = {name: _of_each(run, lambda side: side.test_accuracy) for name, run in zip((first, second), runs, strict=True)}
        reached = [f"{name}: {_in_each(values, percent)}" for name, values in accuracies.items()]
        intervals = [
            f"{points(gap.value)} points in {FRAMEWORK_NAMES[name]} (95 % interval {points(gap.low)} to {points(gap.high)})"
            for name, gap in gaps.items()
        ]
        noise = "" if key != "alike" else ". Where an interval holds 0, another choice of test texts could turn the difference round"
        texts = count(number_of_test_texts(_results(runs[0])) or 0, "test text")
        sentence = f"{'. '.join(reached)}. The difference on {texts} is {' and '.join(intervals)}{noise}."
        return Verdict(key, sentence, tuple((name, values, "share") for name, values in accuracies.items()))

    return judge


def faster_answer(runs: Sequence[Run]) -> Verdict:
    """Return which framework answers a single text sooner: ``pytorch``, ``tensorflow``, or ``equal`` within a tenth."""
    times = _of_each(runs[0], lambda side: side.latency_ms.single_p50)
    quick, slow = sorted(times, key=lambda name: times[name])
    ratio = times[slow] / times[quick]
    key = quick if ratio >= CLOSE else "equal"
    end = f"{FRAMEWORK_NAMES[quick]} is {number(ratio)} × as fast" if key == quick else "less than a tenth lies between them"
    sentence = f"From text to answer, half of all calls take less than {_in_each(times, milliseconds)}: {end}, in this run."
    return Verdict(key, sentence, (("One text, median", times, "milliseconds"),))


def became_of(mistake: str, framework: str) -> Callable[[MuseumResults], Verdict]:
    """Judges what becomes of one mistake in one framework: ``stopped``, ``warned``, ``silent`` or ``harmless``; tells of both."""

    def judge(results: MuseumResults) -> Verdict:
        pair = outcomes_by_mistake(results).get(mistake, {})
        if set(pair) != set(FRAMEWORKS):
            raise RunError(f"The museum has no result for the mistake “{mistake}”. Make the mistakes again on the Museum page.")
        outcome = pair[framework].outcome
        sides = [
            f"{FRAMEWORK_NAMES[name]}: {_told(pair[name])}" for name in (framework, *(name for name in FRAMEWORKS if name != framework))
        ]
        return Verdict("stopped" if outcome in ("crashed", "hung") else outcome, " ".join(sides))

    return judge


def size_of_difference(classifier: str) -> Callable[[AuditResults], Verdict]:
    """Judges how far two losses in float64 drift apart: ``zero``, ``last-digits``, ``single`` (as float32 would) or ``visible``."""

    def judge(results: AuditResults) -> Verdict:
        rows = {row.level: row for row in results.rows if row.classifier == classifier}
        try:
            apart, equal, rounded = (rows[level].max_relative_loss_difference for level in ("as-they-come", "exact-constants", "float32"))
        except KeyError as error:
            raise RunError(f"The audit holds no result for {classifier} at the level {error}. Run the audit again.") from error
        steps = rows["exact-constants"].steps
        key = "zero" if equal == 0 else "last-digits" if equal < 1e-12 else "single" if equal < 1e-5 else "visible"
        return Verdict(
            key,
            f"In {count(steps, 'step')} the two losses differ by at most {number(equal)} of the loss; float64 keeps about 16 digits. "
            f"The same in float32: {number(rounded)}. As the frameworks come: {number(apart)}.",
        )

    return judge


def _results(run: Run) -> Results:
    results = run.read_results()
    if results is None:
        raise RunError(f"The results of run {run.identifier} are gone from its folder. Start the run again.")
    return results


def _of_each(run: Run, read: Callable[[FrameworkResults], float | None]) -> dict[str, float]:
    """Return one figure of both frameworks. Raises ``RunError`` where one of them lacks it."""
    figures = {name: value for name in FRAMEWORKS if (value := read(_results(run).side(name))) is not None}
    if len(figures) < len(FRAMEWORKS):
        raise RunError(f"The results of run {run.identifier} lack a figure that this question needs. Start the run again.")
    return figures


def _in_each(values: Mapping[str, float], write: Callable[[float], str]) -> str:
    return " and ".join(f"{write(value)} in {FRAMEWORK_NAMES[name]}" for name, value in values.items())


def _gap(run: Run, other: Run, framework: str) -> AccuracyDifference:
    """Return the accuracy of one run minus that of another on the same test rows."""
    left, right = (each.read_predictions(framework) for each in (run, other))
    if left is None or right is None or not left["row"].equals(right["row"]):
        raise RunError(
            f"The predictions of the runs {run.identifier} and {other.identifier} cannot be compared: expected the same test rows in both, "
            "but some are missing or differ. Start both runs again."
        )
    return accuracy_difference(left["label"].to_numpy(), left["prediction"].to_numpy(), right["prediction"].to_numpy())


def _told(row: MistakeRow) -> str:
    """Return what became of a mistake, and what it did."""
    words = outcome_words(row)
    if row.outcome in ("crashed", "hung"):
        return f"{words}."
    if error := row.mistaken.error:
        return f"{words}, with {error.type}."
    return f"{words}; {harm_words(row)}."
