"""Every file and folder below the folder of runs, by name: the only module that knows them.

A place is named once, with a sentence on what lies there; the tree in docs/architecture.md and the test that no other module names a file
of a run are made from these.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.shared.text.inputs import MANIFEST


class Holder(Protocol):
    """Whatever has a folder."""

    @property
    def path(self) -> Path:
        """The folder."""


class Named:
    """A name within the folder of its holder, which ends in ``/`` where it is a folder's, and a few words on what lies there."""

    def __init__(self, name: str, contents: str) -> None:
        self.name, self.contents = name, contents


class Place(Named):
    """A path: ``run.data_file``."""

    def __get__(self, holder: Holder, kind: Any) -> Path:
        return holder.path / self.name


class PlaceOf(Named):
    """A path with a gap in its name, which is filled by calling it: ``run.events_file("pytorch")``."""

    def __get__(self, holder: Holder, kind: Any) -> Callable[[str | int], Path]:
        return lambda filling: holder.path / GAP.sub(str(filling), self.name)


GAP = re.compile(r"<[\w-]+>")


@dataclass(frozen=True)
class WorkPaths:
    """What lies in the folder of a run as in that of a study."""

    path: Path

    code_file = Place("code.json", "the source that does the work, as it was when that began")
    framework_folder = PlaceOf("<framework>/", "what the workers of one framework write")
    worker_log = PlaceOf("<framework>/worker.log", "what they print")
    results_file = Place("results.json", "what came out, see results.md")
    coordinator_log = Place("coordinator.log", "what the coordinator prints")
    coordinator_lock = Place(".coordinator.lock", "held by the one process that fills the folder")
    stop_mark = Place("stop", "its presence asks for a stop")


@dataclass(frozen=True)
class RunPaths(WorkPaths):
    """What lies in the folder of a run."""

    experiment_file = Place("experiment.json", "what was asked; enough to run it again")
    status_file = Place("status.json", "state, phase, whose turn, heartbeat, process; replaced as a whole")
    data_file = Place("data.parquet", "the cleaned rows with their split")
    texts_file = Place("texts.json", "the texts alone, which workers read without pandas")
    inputs_file = Place("inputs.json", "what workers are told: classes, sizes, the encoder")
    label_arrays = Place("inputs.npz", "labels, the rows of each part, the texts that both encoders embed")
    input_array = PlaceOf("input_<number>.npy", "what the classifier takes, part by part, memory-mapped by both workers")
    lengths_file = Place("lengths.npy", "how many tokens each of its rows has")
    encoding_file = Place("encoding.json", "how the texts became vectors: how many, how fast, in which precision")
    vocabulary_file = Place("vocabulary.json", "the words or terms of the training texts, for classifiers that learn their own")
    initial_weights = Place("initial.safetensors", "the weights that both begin with")
    ready_mark = Place("ready", "in a study: all that stands above is there")
    events_file = PlaceOf("<framework>/events.jsonl", "one line per event, only ever appended")
    first_logits = PlaceOf("<framework>/first_batch_logits.npy", "the untrained model's answers to the first batch")
    probe_vectors = PlaceOf("<framework>/probe.npy", "its encoder's vectors of a few test texts")
    checkpoint_file = PlaceOf("<framework>/checkpoint.safetensors", "after each epoch; a resumed run goes on from here")
    best_weights = PlaceOf("<framework>/best.safetensors", "the best weights while it trains")
    model_file = PlaceOf("<framework>/model.safetensors", "the best weights, under neutral names: either wing can load them")
    test_probabilities = PlaceOf("<framework>/test_probabilities.npy", "its answers to the test texts")
    predictions_file = PlaceOf("<framework>/predictions.parquet", "the test texts with all probabilities")
    outcome_file = PlaceOf("<framework>/outcome.json", "what one framework reached, kept even when the other fails")
    tensorboard_folder = Place("tensorboard/", "each framework's own summaries")
    export_folder = PlaceOf("exports/<export>/", "a model as a file, complete and checked; in int8 the name ends in -int8")
    export_manifest = PlaceOf(f"exports/<export>/{MANIFEST}", "what it is, and how the check ended")
    bundles_folder = PlaceOf("exports/bundles/<framework>/", "serving bundles that the command line has made")


@dataclass(frozen=True)
class StudyPaths(WorkPaths):
    """What lies in the folder of a study."""

    request_file = Place("request.json", "what was asked")
    status_file = Place("progress.json", "state, share of the work, heartbeat, process; replaced as a whole")
    prepared_folder = Place("prepared/", "folders like that of a run with what classifiers take, until the study is done")
    carried_folder = Place("carried/", "files on their way from one framework to the other, in a migration")


@dataclass(frozen=True)
class StandbyPaths(WorkPaths):
    """What lies in the folder of a process that waits, as long as it lives."""

    door_file = Place("door.json", "where it can be spoken to, and what it has loaded")


@dataclass(frozen=True)
class HomePaths:
    """What lies beside the runs."""

    path: Path

    datasets_folder = Place("_datasets/", "uploaded files under their content hash; below each, readings/ with its parsed table")
    features_folder = Place("_features/", "vectors of texts, used again, text by text, by every run with the same encoder")
    studies_folder = Place("_studies/", "studies, kept by what was asked and by the engine's code")
    standby_folder = Place("_standby/", "processes that wait with both frameworks loaded, a folder each")
    keeper_file = Place("_standby/keeper.json", "the dashboard that keeps them waiting")
    units_folder = Place("_studies/units/", "results of finished pieces of work, shared by all studies")
    old_snippets_file = Place("_studies/old_snippets.json", "what the snippets of old guides do with the installed versions")


TREE: dict[str, tuple[type, ...]] = {
    "runs/<run>/": (RunPaths, WorkPaths),
    "runs/_studies/<kind>-<key>/": (StudyPaths, WorkPaths),
    "runs/_standby/<process>/": (StandbyPaths, WorkPaths),
    "runs/": (HomePaths,),
}
"""The folders, and whose places lie in them."""


def places(*holders: type) -> list[Named]:
    """Return the places of these classes alone, in the order in which they stand there."""
    return [place for holder in holders for place in vars(holder).values() if isinstance(place, Named)]


def folder_tree() -> str:
    """Return the folders as a tree in plain text, one line a place."""
    lines = []
    for folder, holders in TREE.items():
        lines += [folder, *(f"  {place.name:38}{place.contents}" for place in places(*holders))]
    return "\n".join(lines)
