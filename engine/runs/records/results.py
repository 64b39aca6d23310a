"""The comparison of a run: ``results.json``. Of a run that has not finished, the same record holds what is known of it so far."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.reading.options import ReadingOptions
from engine.runs.experiment import Experiment
from engine.runs.records.outcome import Outcome
from engine.runs.records.split_facts import SplitFacts
from engine.runs.records.stages import StageTimes
from engine.shared.classifiers import CLASSIFIERS, Classifier
from engine.shared.devices import Machine
from engine.shared.metrics import AccuracyDifference, Scores
from engine.units import DocumentsPerSecond, Logits, Rows, Seconds, Share, Timestamp, Tokens

MEASURING = "measuring"
"""The state of a run whose models are tested, while it is measured how fast they answer."""


@dataclass(frozen=True)
class RunFacts:
    """The run and what was asked of it: all of it in ``experiment``, and beside that what is looked up most."""

    identifier: str = ""
    """The name of the run and of its folder."""
    created: Timestamp | None = None
    """When the run was asked for."""
    finished: Timestamp | None = None
    """When the results were written."""
    state: str = ""
    """How it ended: ``done``, ``stopped`` or ``failed``; ``measuring`` while only the times of the answers are missing."""
    mode: str = ""
    """``matched`` or ``defaults``."""
    classifier: str = ""
    """The classifier's name, as on the command line."""
    compiled: bool = False
    """Whether both models were compiled before training."""
    encoder: str | None = None
    """The pre-trained encoder; none for a classifier without one."""
    schedule: str = ""
    """``turns`` or ``both-at-once``."""
    seed: int | None = None
    """The seed of the initial weights and of the order of the batches."""
    experiment: Experiment | None = None
    """Everything that was asked, as in `experiment.json` ([settings](settings.md)); none where another version wrote it."""
    notes: tuple[str, ...] = ()
    """Sentences that a reader of the results should know: a device that was not used, encoders that differ."""

    @property
    def family_member(self) -> Classifier | None:
        """What the classifier is and takes; ``None`` for one that this version does not know."""
        return CLASSIFIERS.get(self.classifier)

    @property
    def windows(self) -> bool:
        """Whether long texts were read in windows instead of being cut."""
        return self.experiment is not None and self.experiment.long_texts == "windows"


@dataclass(frozen=True)
class DataFacts:
    """The rows that both were trained and tested on."""

    name: str = ""
    """The file's own name."""
    text: tuple[str, ...] = ()
    """The columns whose texts were joined."""
    label: str = ""
    """The column that held the class."""
    reading: ReadingOptions | None = None
    """How the file was read: its kind, encoding, delimiter and what else matters for the kind; none for an older run."""
    rows: Rows | None = None
    """Rows that were kept, all parts together."""
    classes: tuple[str, ...] = ()
    """The classes in the order of the confusion matrix and of the probabilities."""
    split: dict[str, Rows] = field(default_factory=dict)
    """The size of each part: ``train``, ``validation`` and ``test``."""
    split_source: SplitFacts = field(default_factory=SplitFacts)
    """Where the parts come from, and what they share; an older run drew them all."""
    max_tokens: Tokens | None = None
    """The longest text, or window, that the classifier reads; none for one without a limit."""
    truncated: Rows | None = None
    """Texts that are longer than that."""
    unknown: Rows | None = None
    """Validation and test texts that hold no word or term of the vocabulary."""
    majority_class: str = ""
    """The most frequent class of the training texts."""
    majority_accuracy: Share | None = None
    """The accuracy on the test texts of always answering that class."""


@dataclass(frozen=True)
class FrameworkResults(Scores, Outcome):
    """One framework's training and what its model reaches on the test texts."""


@dataclass(frozen=True)
class ParityFigures:
    """How far the two are the same; nothing of it where only one framework has finished."""

    first_batch_logit_difference: Logits | None = None
    """The largest difference of the two untrained models' answers to the same batch."""
    encoder_difference: float | None = None
    """The largest difference of the two encoders' vectors of the same 32 texts, in any coordinate; none without a frozen encoder."""
    max_epoch_loss_drift: float | None = None
    """The largest difference of the two training losses after the same epoch, as a part of TensorFlow's."""
    test_agreement: Share | None = None
    """The share of the test texts that both put into the same class."""
    disagreements: tuple[int, ...] | None = None
    """The rows of the others: their positions in the file, from 0; those of files for given parts come below it."""
    accuracy_difference: AccuracyDifference | None = None
    """PyTorch's accuracy minus TensorFlow's, with its confidence interval."""


@dataclass(frozen=True)
class Environment(Machine):
    """The machine on which the run was compared, and how much of it each framework used."""

    threads: int | None = None
    """Threads of each framework."""


@dataclass(frozen=True)
class EncodingFacts:
    """How the texts became the vectors that both trained on."""

    texts: Rows | None = None
    """Texts of all parts together."""
    from_cache: Rows | None = None
    """How many of them had their vector from before, or from the product; all of them where nothing was computed."""
    seconds: Seconds | None = None
    """The time in which the others were computed, without loading the encoder."""
    texts_per_second: DocumentsPerSecond | None = None
    """How many different texts were computed in a second; none where all had their vectors."""
    precision: str = ""
    """How the encoder computed: ``float32`` or ``bfloat16``. The vectors themselves are kept in float32."""


@dataclass(frozen=True)
class Results:
    """Two workers' outcomes side by side."""

    run: RunFacts = field(default_factory=RunFacts)
    """Which run it was, and what was asked of it."""
    data: DataFacts = field(default_factory=DataFacts)
    """What both were trained and tested on."""
    frameworks: dict[str, FrameworkResults] = field(default_factory=dict)
    """What each framework came to, by ``pytorch`` and ``tensorflow``; one that did not finish is missing."""
    parity: ParityFigures = field(default_factory=ParityFigures)
    """How far the two are the same."""
    environment: Environment | None = None
    """Where it was computed; none before the run has been compared."""
    stages: StageTimes | None = None
    """How long each stage took; none for an older run."""
    encoding: EncodingFacts | None = None
    """How the texts became vectors; none for a classifier that takes none, and for an older run."""

    def fitting(self) -> Results:
        """Return the results without the confusion matrices that have other sizes than there are classes; only a damaged file has such."""
        size = len(self.data.classes)
        wrong = {
            name: replace(side, confusion=())
            for name, side in self.frameworks.items()
            if side.confusion and (len(side.confusion) != size or any(len(line) != size for line in side.confusion))
        }
        return replace(self, frameworks=self.frameworks | wrong) if wrong else self

    def side(self, framework: str) -> FrameworkResults:
        """Return the framework's figures; all of them are unknown where it has none."""
        return self.frameworks.get(framework) or FrameworkResults()
