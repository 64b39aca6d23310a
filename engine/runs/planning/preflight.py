"""What can be known before a run starts: numbered checks that say what is ready, what is worth knowing and what stands in the way."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import psutil

from engine.encodings.foreign import MANY as MANY_FOREIGN
from engine.errors import ParityError
from engine.runs.experiment import Experiment
from engine.runs.folder import home
from engine.runs.index import run_rows
from engine.runs.planning.data_facts import (
    TokenFacts,
    data_sizes,
    find_encoder,
    foreign_to,
    texts_to_encode,
    token_facts,
    token_limit,
    weights_of_classes,
)
from engine.runs.planning.estimating import Estimate, estimate
from engine.shared.devices import computes_bfloat16, graphics_processors, physical_cores
from engine.shared.encoders.checkpoint import Checkpoint
from engine.shared.framework_defaults import DIFFERENCES
from engine.shared.text.foreign import trained_on, way_out
from engine.shared.text.tokens import MOST_WINDOWS
from engine.shared.values_used import matters
from engine.shared.weights.initial import CNN_WIDTHS

State = Literal["passed", "failed", "warning", "skipped"]
Line = tuple[str, State, str]

MANY = 0.1
"""The share of cut or unknown texts from which on a warning is due."""
FREE_MIB = 500
COMPILERS = {"linux": ("g++", "clang++"), "darwin": ("clang++", "g++"), "win32": ("cl",)}
"""C++ compilers by system; PyTorch looks for the first one, or for the one that ``CXX`` names."""
HOW_TO_INSTALL = {
    "linux": "with `sudo apt install g++`",
    "darwin": "with `xcode-select --install`",
    "win32": "as part of the Visual Studio Build Tools",
}


@dataclass(frozen=True)
class PreflightCheck:
    """One line of the list."""

    number: int
    title: str
    state: State
    sentence: str


@dataclass(frozen=True)
class Preflight:
    """What the Train page shows, and ``train`` on the command line goes by, before anything is queued."""

    checks: tuple[PreflightCheck, ...]
    """The checks in the order in which a run needs them."""
    estimate: Estimate

    @property
    def refusal(self) -> str:
        """The sentences of all that failed; empty where a run can start."""
        return " ".join(check.sentence for check in self.checks if check.state == "failed")

    @property
    def warnings(self) -> list[PreflightCheck]:
        """What stands in no run's way but should be known."""
        return [check for check in self.checks if check.state == "warning"]


def preflight(experiment: Experiment) -> Preflight:
    """Check everything at once and estimate what a run will take; it can start when nothing has ``failed``."""
    expected = estimate(experiment)
    checks = (PreflightCheck(number, *line) for number, line in enumerate(_lines(experiment, expected), start=1))
    return Preflight(tuple(checks), expected)


def _lines(experiment: Experiment, expected: Estimate) -> Iterator[Line]:
    data = _data(experiment)
    yield data
    if experiment.class_weights.strip() != "none" and data[1] == "passed":
        yield _class_weights(experiment)
    checkpoint = None
    if experiment.family_member.pretrained:
        encoder, checkpoint = _encoder(experiment)
        yield encoder
    if data[1] == "passed":
        yield from _texts(experiment, checkpoint)
    if len(experiment.frameworks) > 1:
        yield _mode(experiment)
    if experiment.compiled:
        yield _compiler(experiment)
    if experiment.precision == "mixed" and experiment.family_member.concerns("precision"):
        yield _precision(experiment)
    yield _device(experiment)
    needed, available = expected.memory_mib, psutil.virtual_memory().available / 2**20
    yield "Memory", "passed" if needed < available else "warning", f"About {needed:,.0f} MiB needed, {available:,.0f} MiB available."
    free = shutil.disk_usage(_existing(home())).free / 2**20
    shortage = "" if free > FREE_MIB else f"; at least {FREE_MIB} MiB are needed"
    yield "Disk", "failed" if shortage else "passed", f"{free:,.0f} MiB free where runs are kept{shortage}."
    yield _machine()


def _data(experiment: Experiment) -> Line:
    try:
        facts = data_sizes(experiment.data)
    except ParityError as error:
        return "Data", "failed", str(error)
    given = "" if facts.source.kind == "drawn" else f" {facts.source.origin} {facts.source.promise}"
    return "Data", "passed", f"{facts.rows:,} texts in {len(facts.classes)} classes, {facts.parts['train']:,} of them to train on.{given}"


def _class_weights(experiment: Experiment) -> Line:
    try:
        weights = weights_of_classes(experiment)
    except ParityError as error:
        return "Class weights", "failed", str(error)
    least, most = min(weights, key=weights.__getitem__), max(weights, key=weights.__getitem__)
    return (
        "Class weights",
        "passed",
        f"From {weights[least]:.3g} (“{least[:40]}”) to {weights[most]:.3g} (“{most[:40]}”), the same in both.",
    )


def _encoder(experiment: Experiment) -> tuple[Line, Checkpoint | None]:
    encoder = find_encoder(experiment.encoder, experiment.frameworks)
    checkpoint = encoder.checkpoint
    if checkpoint is None:
        return ("Encoder", "warning" if encoder.missing else "failed", encoder.sentence), None
    pooled = "mean of the token vectors" if checkpoint.pooling == "mean" else "vector of the first token"
    frozen = experiment.family_member.takes == "vectors"
    norm = ", scaled to length 1" if checkpoint.normalize and frozen else ""
    learning = "stays as it is" if frozen else "is trained along"
    return ("Encoder", "passed", f"{checkpoint.name} {learning}: vectors of {checkpoint.hidden_size} numbers ({pooled}{norm})."), checkpoint


def _texts(experiment: Experiment, checkpoint: Checkpoint | None) -> Iterator[Line]:
    """Say how the classifier will read the texts."""
    takes = experiment.family_member.takes
    title = {"terms": "Terms", "words": "Words", "vectors": "Vectors", "pieces": "Tokens"}[takes]
    if experiment.family_member.pretrained and checkpoint is None:
        yield title, "skipped", "Looked at after the encoder has been found."
        return
    try:
        texts = token_facts(experiment, checkpoint)
        if takes in ("terms", "words"):
            yield _vocabulary(experiment, texts)
        elif takes == "vectors":
            assert checkpoint is not None
            yield title, "passed", _vectors(data_sizes(experiment.data).rows, texts_to_encode(experiment, checkpoint), texts.lengths.mean())
            if experiment.encoding_precision == "bfloat16":
                yield _encoding_precision(experiment)
        if experiment.family_member.concerns("max_tokens"):
            yield long_texts(experiment, checkpoint, texts)
        if checkpoint is not None and (foreign := foreign_to(experiment, checkpoint)).share >= MANY_FOREIGN:
            yield "Language", "warning", f"{foreign.sentence(trained_on(checkpoint))} {way_out(checkpoint)}"
    except ParityError as error:
        yield title, "failed", str(error)


def _vectors(rows: int, missing: int, tokens: float) -> str:
    if not missing:
        return f"The vectors of all {rows:,} texts are kept from before."
    if missing == rows:
        return f"{rows:,} texts of about {tokens:.0f} tokens are turned into vectors once, which are kept."
    return (
        f"{missing:,} of {rows:,} texts (about {tokens:.0f} tokens) are turned into vectors; the others have theirs, or equal one of them."
    )


def _vocabulary(experiment: Experiment, texts: TokenFacts) -> Line:
    terms = experiment.family_member.takes == "terms"
    title, size = ("Terms", texts.vocabulary) if terms else ("Words", texts.vocabulary - 2)  # padding and unknown are no words
    least = "At least " if texts.sampled and texts.vocabulary < experiment.vocabulary_size else ""
    sentence = f"{least}{size:,} {title.lower()} of the training texts are known."
    if texts.unknown:
        holding = "holds" if texts.unknown == 1 else "hold"
        amount = f"{texts.unknown:,} of {texts.others:,} other texts {holding}"
        if texts.sampled:
            amount = f"About {_percent(texts.unknown / texts.others)} of the other texts hold"
        sentence += f" {amount} none of them and can only be guessed."
    widest = max(CNN_WIDTHS)
    if experiment.classifier == "text-cnn" and (short := texts.shorter_than(widest)):
        sentence += f" {_share(short, texts)} shorter than the widest filter ({widest} words) and filled up with padding."
    return title, "warning" if texts.unknown > MANY * texts.others else "passed", sentence


def long_texts(experiment: Experiment, checkpoint: Checkpoint | None, texts: TokenFacts) -> Line:
    """Say what happens to texts that are longer than the limit."""
    limit = token_limit(experiment, checkpoint)
    unit = "words" if experiment.family_member.takes == "words" else "tokens"
    own = " (the encoder’s own limit)" if limit < experiment.max_tokens else ""
    share = texts.longer_than(limit)
    if not share:
        none = f"None of {len(texts.lengths):,} texts that were looked at" if texts.sampled else "No text"
        return "Long texts", "passed", f"{none} is longer than {limit:,} {unit}{own}; the longest has {texts.lengths.max(initial=0):,}."
    longer = f"{_share(share, texts)} longer than {limit:,} {unit}{own}"
    if experiment.long_texts == "windows":
        beyond = texts.longer_than(limit * MOST_WINDOWS)
        cut = f"; of {_percent(beyond)} only the first {MOST_WINDOWS} windows are read" if beyond else ""
        return "Long texts", "passed", f"{longer} and read in windows{cut}."
    advice = " Raise the number of tokens, or read long texts in windows." if share >= MANY else ""
    return "Long texts", "warning" if share >= MANY else "passed", f"{longer} and cut there.{advice}"


def _mode(experiment: Experiment) -> Line:
    on_this_machine = experiment if graphics_processors() else replace(experiment, device="cpu")
    differing = [difference for difference in DIFFERENCES if matters(difference, on_this_machine)]
    if experiment.mode == "matched":
        return "Mode", "passed", f"Matched: {len(differing)} choices that the two frameworks make differently are made equal."
    left = sum(difference.aspect is not None for difference in differing)
    return "Mode", "passed", f"Framework defaults: {left} choices are left to each framework, so the curves may drift apart."


def _compiler(experiment: Experiment) -> Line:
    if experiment.long_texts == "windows" and experiment.family_member.sequences:
        return (
            "Compiler",
            "failed",
            "Compiling and reading in windows exclude each other: texts have different numbers of windows, so almost every batch has a "
            "shape of its own, and XLA compiles one program for each shape. Cut long texts, or train without compiling.",
        )
    if "pytorch" not in experiment.frameworks:
        return "Compiler", "passed", "XLA comes with TensorFlow; the first steps take longer."
    names = COMPILERS.get(sys.platform, COMPILERS["linux"])
    command = os.environ.get("CXX") or names[0]
    compiler = shutil.which(command)
    if compiler is None:
        other = next((name for name in names if shutil.which(name)), None)
        way = (
            f"{other} is there: start Parity with the variable CXX={other}"
            if other
            else f"Install one, for example {HOW_TO_INSTALL.get(sys.platform, HOW_TO_INSTALL['linux'])}"
        )
        return (
            "Compiler",
            "failed",
            f"torch.compile turns the model into C++, and this machine has no C++ compiler that it could use. Expected {command}, found "
            f"none. {way}, or train without compiling.",
        )
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        return (
            "Compiler",
            "warning",
            f"{compiler} is there, but Python.h was not found in {sysconfig.get_path('include')}, which torch.compile may need. If the run "
            "fails, install Python’s header files (python3-dev), or train without compiling.",
        )
    return "Compiler", "passed", f"torch.compile uses {compiler}, TensorFlow its own XLA; the first steps take longer."


def _precision(experiment: Experiment) -> Line:
    if computes_bfloat16():
        return "Precision", "passed", "bfloat16 where the framework deems it safe; weights stay float32."
    if experiment.device == "cpu" or not graphics_processors():
        return (
            "Precision",
            "warning",
            "Mixed precision needs a GPU, or a processor that is known to compute bfloat16 by itself: AVX512-BF16, AMX or ARM’s BF16. "
            "Found neither: both compute with float32.",
        )
    return "Precision", "passed", "bfloat16 where the framework deems it safe, as long as both use the GPU; weights stay float32."


def _encoding_precision(experiment: Experiment) -> Line:
    title = "Precision of the vectors"
    if experiment.device != "cpu" and graphics_processors():
        return title, "passed", "The encoder computes in bfloat16; vectors are kept in float32."
    native = computes_bfloat16()
    if native is False:
        return (
            title,
            "warning",
            "This processor does not compute bfloat16 by itself, so the encoder will be slower than in float32. Expected AVX512-BF16, AMX "
            "or ARM’s BF16. Choose “auto”, which tries both, or “float32”.",
        )
    unsure = "" if native else " Whether this processor computes that by itself is not known; “auto” tries it."
    return title, "passed", f"The encoder computes in bfloat16; vectors are kept in float32.{unsure}"


def _device(experiment: Experiment) -> Line:
    gpus = graphics_processors()
    threads = experiment.threads or physical_cores()
    if experiment.device == "cpu" or not gpus:
        reason = "" if gpus else " This machine has no GPU that the system knows of."
        if experiment.device == "gpu":
            return "Device", "warning", f"No GPU was found; both frameworks will use the CPU with {threads} threads each."
        return "Device", "passed", f"The CPU, {threads} threads for each framework.{reason}"
    rule = "used if both frameworks see it" if experiment.device == "auto" else "used by each framework that sees it"
    return "Device", "passed", f"{gpus[0]}, {rule}; decided when they have been loaded."


def _machine() -> Line:
    busy = sum(row.active for row in run_rows(50))
    if not busy:
        return "Machine", "passed", "No other run is using it."
    return "Machine", "warning", f"{busy} earlier {'run is' if busy == 1 else 'runs are'} not finished; this one waits its turn."


def _share(share: float, texts: TokenFacts) -> str:
    """``3 of 725 texts (0.4 %) are``, or ``About 0.4 % of the texts are`` where only a sample was looked at."""
    if texts.sampled:
        return f"About {_percent(share)} of the texts are"
    amount = round(share * len(texts.lengths))
    return f"{amount:,} of {len(texts.lengths):,} texts ({_percent(share)}) {'is' if amount == 1 else 'are'}"


def _percent(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path
