"""What is known about each claim of the usual comparison: from the newest finished studies, from the code, from the installed libraries.

Nothing is measured here. A claim whose study has not been run yet says so; one that cannot be tested here says that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine import FRAMEWORK_NAMES, FRAMEWORKS
from engine.display.formatting import count, number
from engine.guide.claims import CLAIMS, Conclusion
from engine.guide.ecosystem import library_version, model_families
from engine.runs.folder import Run
from engine.runs.index import run_rows
from engine.shared.devices import graphics_processors
from engine.source.syntax_counts import Counts, SyntaxCounts, syntax_counts
from engine.studies.audit import TRANSFER_BAR
from engine.studies.audit_results import AuditResults, TransferRow
from engine.studies.benchmark.results import BenchmarkResults, VerdictRow
from engine.studies.benchmark.summary import count_verdicts, counts_in_brief, row_title, verdict_counts_sentence, winner_of
from engine.studies.migration.results import MigrationResults
from engine.studies.mistake_results import MuseumResults
from engine.studies.mistakes import museum_answer, outcomes_by_mistake
from engine.studies.results import read_results
from engine.studies.study import Study, list_studies

ROWS_OF = {
    "training-speed": ("training-speed", "time-to-accuracy"),
    "inference-speed": ("inference-speed", "single-answer"),
    "memory": ("memory",),
    "gpu-utilisation": ("gpu-utilisation",),
}
"""The rows of a benchmark from which a claim is concluded."""

BESIDE = {"training-speed": ("first-step",), "gpu-utilisation": ("energy",), "production": ("import-time", "single-answer")}
"""Rows that bear on a claim without deciding it."""

NOTICED = ("stopped", "warned")
"""Outcomes of the museum in which the framework says something."""

NOT_YET = "Not measured on this machine yet."
NO_GPU = "No GPU on this machine, so there is nothing to measure."
STATED = "Stated, not measured here"
ALIKE = 0.15
"""Two counts that differ by no more than this share are “about as much”: another author’s list of concepts would move them by as much."""


@dataclass(frozen=True)
class Evidence:
    """What there is to conclude from. Every part is read once, when it is first asked for."""

    studies: Mapping[str, Study | None] = field(default_factory=dict)
    run: Run | None = None
    """The newest finished run, whose code is counted."""

    @cached_property
    def audit(self) -> AuditResults:
        """The results of the newest finished audit; empty before there is one."""
        return read_results(self.studies.get("audit"), AuditResults)

    @cached_property
    def museum(self) -> MuseumResults:
        """The results of the newest finished museum; empty before there is one."""
        return read_results(self.studies.get("museum"), MuseumResults)

    @cached_property
    def migration(self) -> MigrationResults | None:
        """The results of the newest finished migration, or ``None``."""
        study = self.studies.get("migration")
        return read_results(study, MigrationResults) if study else None

    @cached_property
    def counts(self) -> SyntaxCounts:
        """Lines, statements, names and concepts."""
        return syntax_counts(self.run)

    @cached_property
    def benchmark(self) -> BenchmarkResults:
        """The results of the newest finished benchmark; empty before there is one."""
        return read_results(self.studies.get("benchmark"), BenchmarkResults)

    def rows(self, *subjects: str) -> list[VerdictRow]:
        """Return the benchmark's rows on these subjects; all of them without any."""
        return [row for row in self.benchmark.rows if not subjects or row.claim in subjects]


def gather() -> Evidence:
    """Return the newest finished study of each kind, and the newest finished run."""
    run = next((row.run for row in run_rows() if row.state == "done"), None)
    return Evidence({kind: newest_finished(kind) for kind in ("benchmark", "museum", "audit", "migration")}, run)


def newest_finished(kind: str) -> Study | None:
    """Return the study of a kind that was started last among those that came to their end and compared the two frameworks."""
    for study in list_studies(kind):
        results = study.read_results() if study.read_status().state == "done" else None
        if results and not results.get("against_itself"):
            return study
    return None


def conclusions(evidence: Evidence | None = None) -> dict[str, Conclusion]:
    """Return what is known about every claim, in the order of ``CLAIMS``."""
    evidence = evidence or gather()
    return {claim: CONCLUDERS[claim](evidence) for claim in CLAIMS}


# --- How fast, how large -------------------------------------------------------------------------------------------------------------


def _timed(claim: str, word: str) -> Callable[[Evidence], Conclusion]:
    def find(evidence: Evidence) -> Conclusion:
        rows = evidence.rows(*ROWS_OF[claim])
        if not rows:
            return Conclusion(claim, "measured", NOT_YET, "")
        counts = count_verdicts(rows)
        return Conclusion(
            claim,
            "measured",
            verdict_counts_sentence(counts, evidence.benchmark.margin, word),
            counts_in_brief(counts, word),
            counts.favours,
        )

    return find


def machine_has_gpu() -> bool:
    """Whether the system knows of a GPU."""
    return bool(graphics_processors())


def _gpu(evidence: Evidence) -> Conclusion:
    claim = "gpu-utilisation"
    rows = evidence.rows(*ROWS_OF[claim])
    if rows:
        shares = [share for row in rows for name in FRAMEWORKS if (share := row.median(name)) is not None]
        busy = f" The GPU is busy {number(min(shares))} to {number(max(shares))} % of the time." if shares else ""
        counts = count_verdicts(rows)
        return Conclusion(
            claim,
            "measured",
            verdict_counts_sentence(counts, evidence.benchmark.margin, "higher") + busy,
            counts_in_brief(counts, "higher"),
        )
    if not machine_has_gpu():
        return Conclusion(claim, "measured", NO_GPU, "")
    return Conclusion(claim, "measured", NOT_YET, "")


def _negligible(evidence: Evidence) -> Conclusion:
    claim, rows = "negligible-difference", evidence.rows()
    if not rows:
        return Conclusion(claim, "measured", NOT_YET, "")
    counts = count_verdicts(rows)
    figure = verdict_counts_sentence(counts, evidence.benchmark.margin, "better")
    if counts.largest > 1:
        widest = max((row for row in rows if _factor(row) == counts.largest), key=_factor)
        figure += f" The largest difference, {number(counts.largest)} ×: “{row_title(widest)}”."
    verdict = counts_in_brief(counts, "better")
    if verdict.startswith("It depends"):
        verdict = "Not negligible everywhere"
    return Conclusion(claim, "measured", figure, verdict, counts.favours)


def _factor(row: VerdictRow) -> float:
    ratio = row.ratio or 0.0
    return max(ratio, 1 / ratio) if winner_of(row) and ratio > 0 else 0.0


# --- What it asks of you -------------------------------------------------------------------------------------------------------------


def _learning(evidence: Evidence) -> Conclusion:
    counts = evidence.counts
    scopes = counts.plain, counts.everything
    first, all_of_it = (_less(scope, lambda counted: len(counted.names) + len(counted.concepts)) for scope in scopes)
    figure = (
        f"To know, in the least code: {_pair(counts.plain, _knowledge)}. In five classifiers under control: "
        f"{_pair(counts.everything, _knowledge)}."
    )
    if first == all_of_it:
        verdict = f"{FRAMEWORK_NAMES[first]} asks for less" if first else "About as much to know in both"
    else:
        begin = f"{FRAMEWORK_NAMES[first]} asks for less to begin" if first else "As much to begin"
        later = f"{FRAMEWORK_NAMES[all_of_it]} for less under control" if all_of_it else "as much under control"
        verdict = f"{begin}, {later}"
    return Conclusion("learning-curve", "counted", figure, verdict, first if all_of_it in (first, None) else None)


def _knowledge(counted: Counts) -> str:
    return f"{count(len(counted.names), 'name')} and {count(len(counted.concepts), 'concept')}"


def _syntax(evidence: Evidence) -> Conclusion:
    counts = evidence.counts
    short, controlled = (_less(scope, lambda counted: counted.statements) for scope in (counts.plain, counts.everything))
    figure = f"The least code: {_pair(counts.plain, _length)}. Five classifiers under control: {_pair(counts.everything, _length)}."
    if short == "tensorflow":
        verdict = "Holds here" if controlled == "tensorflow" else "Holds for short code, not under control"
    else:
        verdict = "Does not hold here"
    return Conclusion("syntax", "counted", figure, verdict, short)


def _length(counted: Counts) -> str:
    return f"{count(counted.lines, 'line')}, {count(counted.statements, 'statement')}"


def _pair(scope: Mapping[str, Counts], words: Callable[[Counts], str]) -> str:
    return ", ".join(f"{FRAMEWORK_NAMES[name]} {words(scope[name])}" for name in FRAMEWORKS)


def _less(scope: Mapping[str, Counts], size: Callable[[Counts], int]) -> str | None:
    """Return the framework with clearly less, or ``None`` where the two are about alike."""
    sizes = {name: size(scope[name]) for name in FRAMEWORKS}
    smaller = min(sizes, key=lambda name: sizes[name])
    return smaller if sizes[smaller] < (1 - ALIKE) * max(sizes.values()) else None


def _debugging(evidence: Evidence) -> Conclusion:
    results, outcomes = evidence.museum, outcomes_by_mistake(evidence.museum)
    if not outcomes:
        return Conclusion("debugging", "tried", "Not tried on this machine yet.", "")
    noticed = {name: sum(pair[name].outcome in NOTICED for pair in outcomes.values() if name in pair) for name in FRAMEWORKS}
    led = {name: leads_to_mistake(results, name) for name in FRAMEWORKS}
    more = _more(noticed) if abs(noticed[FRAMEWORKS[0]] - noticed[FRAMEWORKS[1]]) > 1 else None  # a single one decides nothing
    alike = "As many noticed in both" if len(set(noticed.values())) == 1 else "About as many noticed in both"
    lines = " and ".join(f"{FRAMEWORK_NAMES[name]} in {led[name]}" for name in FRAMEWORKS)
    figure = f"{museum_answer(results)} The message leads to the mistaken line itself: {lines}."
    return Conclusion("debugging", "tried", figure, f"{FRAMEWORK_NAMES[more]} notices more of them" if more else alike, more)


def leads_to_mistake(results: MuseumResults, framework: str) -> int:
    """Return in how many mistakes the traceback leads to the very line that is wrong."""
    rows = [pair[framework] for pair in outcomes_by_mistake(results).values() if framework in pair]
    return sum(row.mistaken.error is not None and row.mistaken.error.at_mistake for row in rows)


def _more(amounts: Mapping[str, int]) -> str | None:
    return None if len(set(amounts.values())) == 1 else max(amounts, key=lambda name: amounts[name])


# --- What stands around it -----------------------------------------------------------------------------------------------------------


def _stated(claim: str, words: str, favours: str | None = None) -> Callable[[Evidence], Conclusion]:
    return lambda evidence: Conclusion(claim, "stated", words, STATED, favours)


def _research(evidence: Evidence) -> Conclusion:
    families = model_families()
    if len(families) < len(FRAMEWORKS):
        return Conclusion("research", "counted", "A library of pre-trained models is not installed, so there is nothing to count.", "")
    words = [f"{library_version(name)} holds {count(families[name], 'family', 'families')} of models" for name in FRAMEWORKS]
    figure = f"{words[0]}, all for PyTorch; {words[1]}, for any backend of Keras."
    more = _more(families)
    verdict = f"{FRAMEWORK_NAMES[more]} has more to build on" if more else "As much to build on in both"
    return Conclusion("research", "counted", figure, verdict, more)


def _migration(evidence: Evidence) -> Conclusion:
    transfers: Sequence[TransferRow | MigrationResults] = evidence.audit.transfers
    if not transfers and evidence.migration:  # a run's own model, of which the audit knows nothing
        transfers = [evidence.migration]
    if not transfers:
        return Conclusion("migration", "shown", "Not shown on this machine yet. The way over onnx-tf is closed.", "")
    largest = max(row.max_logit_difference for row in transfers)
    classifiers = len({row.classifier for row in transfers})
    figure = (
        f"{count(classifiers, 'classifier')} carried across, {count(len(transfers), 'transfer')}: logits differ by at most "
        f"{number(largest)}. The way over onnx-tf is closed."
    )
    holds = "Holds here, both ways" if len({row.source for row in transfers}) > 1 else "Holds here, one way"
    return Conclusion("migration", "shown", figure, holds if largest <= TRANSFER_BAR else "The answers differ")


CONCLUDERS: dict[str, Callable[[Evidence], Conclusion]] = {
    "training-speed": _timed("training-speed", "faster"),
    "inference-speed": _timed("inference-speed", "faster"),
    "memory": _timed("memory", "smaller"),
    "gpu-utilisation": _gpu,
    "negligible-difference": _negligible,
    "learning-curve": _learning,
    "syntax": _syntax,
    "debugging": _debugging,
    "production": _stated(
        "production", "TorchServe was archived in 2025; TensorFlow Serving goes on. The Export page packs a run’s models for either."
    ),
    "mobile": _stated("mobile", "PyTorch Mobile became ExecuTorch, TF Lite became LiteRT. The Export page writes a file for each."),
    "research": _research,
    "community": _stated(
        "community", "A foundation stands behind PyTorch, Google behind TensorFlow. How many people help is not known here."
    ),
    "real-world-use": _stated("real-world-use", "Amazon’s deep learning containers and transformers 5 name PyTorch, and no TensorFlow."),
    "migration": _migration,
}
"""How each claim is concluded."""


def by_state(conclusions: Mapping[str, Conclusion]) -> tuple[Sequence[Conclusion], Sequence[Conclusion], Sequence[Conclusion]]:
    """Return claims with a verdict of this machine, those that wait for a run, and those that are not testable here."""
    untestable = [conclusion for conclusion in conclusions.values() if conclusion.source == "stated" or conclusion.figure == NO_GPU]
    testable = [conclusion for conclusion in conclusions.values() if conclusion not in untestable]
    waiting = [conclusion for conclusion in testable if not conclusion.verdict]
    return [conclusion for conclusion in testable if conclusion.verdict], waiting, untestable


def guide_answer(conclusions: Mapping[str, Conclusion]) -> str:
    """Return the page's answer in one sentence."""
    here, waiting, untestable = map(len, by_state(conclusions))
    parts = [f"{here:,} {'is' if here == 1 else 'are'} put to the test on this machine"]
    parts += [f"{waiting:,} {'waits' if waiting == 1 else 'wait'} for a run"] if waiting else []
    parts += [f"{untestable:,} cannot be tested here"] if untestable else []
    joined = f"{', '.join(parts[:-1])}{' and ' if len(parts) > 1 else ''}{parts[-1]}"
    return f"Of the {len(conclusions)} claims of the usual comparison, {joined}."
