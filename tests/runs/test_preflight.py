"""What is checked and estimated before a run starts, for every classifier and for everything that can be wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest
from safetensors.numpy import save_file

from benchmarks.reading.language_texts import TEXTS
from engine.__main__ import main
from engine.commands import runs as commands
from engine.data.choice import DataChoice
from engine.data.splitting import load_prepared
from engine.data.store import sample_choice
from engine.encodings.foreign import MULTILINGUAL
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, create_run
from engine.runs.index import run_rows
from engine.runs.planning import data_facts, preflight, study_times, workload
from engine.runs.planning.estimating import estimate
from engine.runs.planning.preflight import PreflightCheck
from engine.runs.planning.stages import stages_of
from engine.runs.preparing.prepare import dataset_store
from engine.runs.records.results import FrameworkResults, Results, RunFacts
from engine.runs.records.stages import StageTimes
from engine.runs.status import Status
from engine.shared.classifiers import CLASSIFIERS


def recommended(classifier: str = "embedding-mlp", data: DataChoice | None = None, **changes: Any) -> Experiment:
    return Experiment.recommended(data or sample_choice(), classifier, **changes)


def checks(experiment: Experiment) -> dict[str, PreflightCheck]:
    """The lines by their titles, after a look at their numbers."""
    lines = preflight.preflight(experiment).checks
    assert [check.number for check in lines] == list(range(1, len(lines) + 1))
    assert len({check.title for check in lines}) == len(lines)
    return {check.title: check for check in lines}


def stored(texts: list[str], labels: list[str]) -> DataChoice:
    """A file of these texts, confirmed."""
    lines = ["text,label", *(f'"{text}",{label}' for text, label in zip(texts, labels, strict=True))]
    dataset = dataset_store().add("mine.csv", "\n".join(lines).encode())
    return DataChoice(dataset=dataset.identifier, name="mine.csv", text=("text",), label="label", test_share=0.2, validation_share=0.2)


TITLES = {
    "embedding-mlp": ["Data", "Encoder", "Vectors", "Long texts", "Mode", "Device", "Memory", "Disk", "Machine"],
    "tfidf-mlp": ["Data", "Terms", "Mode", "Device", "Memory", "Disk", "Machine"],
    "text-cnn": ["Data", "Words", "Long texts", "Mode", "Device", "Memory", "Disk", "Machine"],
    "bi-lstm": ["Data", "Words", "Long texts", "Mode", "Device", "Memory", "Disk", "Machine"],
    "transformer": ["Data", "Encoder", "Long texts", "Mode", "Device", "Memory", "Disk", "Machine"],
}


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_each_classifier_is_checked_for_what_it_needs(classifier: str) -> None:
    lines = checks(recommended(classifier))
    assert list(lines) == TITLES[classifier]
    assert not [check for check in lines.values() if check.state == "failed"]
    assert "725 texts in 5 classes" in lines["Data"].sentence


def test_the_vocabulary_is_counted() -> None:
    assert "terms of the training texts are known" in checks(recommended("tfidf-mlp"))["Terms"].sentence
    assert checks(recommended("text-cnn", vocabulary_size=100))["Words"].sentence.startswith("100 words")


def test_texts_without_known_words_are_counted_and_many_are_a_warning() -> None:
    lines = checks(recommended("bi-lstm", vocabulary_size=2))["Words"]
    assert "2 words" in lines.sentence and "none of them" in lines.sentence


def test_texts_shorter_than_the_widest_filter_are_said_to_be_filled_up() -> None:
    texts = [f"thing {number}" for number in range(20)] + [f"it is a very long thing {number}" for number in range(20)]
    data = stored(texts, ["a", "b"] * 20)
    assert "20 of 40 texts (50.0 %) are shorter than the widest filter (5 words)" in checks(recommended("text-cnn", data))["Words"].sentence
    assert "filter" not in checks(recommended("bi-lstm", data))["Words"].sentence


@pytest.mark.parametrize("classifier", ["tfidf-mlp", "text-cnn", "bi-lstm"])
def test_a_vocabulary_of_one_word_fails(classifier: str) -> None:
    data = stored([f"hello {'hello ' * (number % 7)}" for number in range(40)], ["a", "b"] * 20)
    lines = checks(recommended(classifier, data))
    line = lines["Terms" if classifier == "tfidf-mlp" else "Words"]
    assert line.state == "failed" and "Expected at least 2" in line.sentence
    assert estimate(recommended(classifier, data)).seconds > 0, "there is always an answer"


def test_the_share_of_cut_texts_follows_the_limit() -> None:
    assert "No text is longer than 256 tokens" in checks(recommended())["Long texts"].sentence
    cut = checks(recommended(max_tokens=16))["Long texts"]
    assert cut.state == "warning" and "longer than 16 tokens and cut there" in cut.sentence and "windows" in cut.sentence
    windows = checks(recommended(max_tokens=16, long_texts="windows"))["Long texts"]
    assert windows.state == "passed" and "read in windows" in windows.sentence
    assert "longer than 20 words" in checks(recommended("text-cnn", max_tokens=20))["Long texts"].sentence


def test_of_a_text_beyond_all_windows_only_the_first_are_read() -> None:
    texts = ["word " * 200, *(f"ten words and one number {number} to have it long" for number in range(1200))]
    data = stored(texts, ["a", "b", "c"] * 400 + ["a"])
    windows = checks(recommended("text-cnn", data, max_tokens=8, long_texts="windows"))["Long texts"]
    assert windows.sentence.endswith("and read in windows; of less than 0.1 % only the first 16 windows are read.")


def test_a_tenth_of_cut_texts_is_a_warning() -> None:
    texts = [f"short one {number}" for number in range(36)] + [
        f"this one has quite a few words more than eight {number}" for number in range(4)
    ]
    lines = {most: checks(recommended("text-cnn", stored(texts, ["a", "b"] * 20), max_tokens=most))["Long texts"] for most in (8, 100)}
    assert [line.state for line in lines.values()] == ["warning", "passed"]
    assert "4 of 40 texts (10.0 %) are longer than 8 words and cut there. Raise the number" in lines[8].sentence


def test_the_encoders_own_limit_is_named() -> None:
    assert "256 tokens (the encoder’s own limit)" in checks(recommended(max_tokens=512))["Long texts"].sentence


def test_many_texts_are_looked_at_in_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_facts, "SAMPLE_TEXTS", 300)
    data_facts._token_facts.cache_clear()
    try:
        lines = checks(recommended("text-cnn", max_tokens=20))
        assert lines["Words"].sentence.startswith("At least") and lines["Long texts"].sentence.startswith("About")
    finally:
        data_facts._token_facts.cache_clear()


def test_a_bad_checkpoint_fails_and_the_rest_is_still_checked(tmp_path: Path) -> None:
    for encoder in (str(tmp_path / "nothing"), str(tmp_path)):
        lines = checks(recommended("transformer", encoder=encoder))
        assert lines["Encoder"].state == "failed" and "Expected" in lines["Encoder"].sentence
        assert lines["Tokens"].state == "skipped" and lines["Disk"].state == "passed"


def test_an_encoder_that_must_be_downloaded_is_a_warning_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for offline, state, words in ((False, "warning", "needs a network"), (True, "failed", "HF_HUB_OFFLINE forbids to download it")):
        monkeypatch.setattr(data_facts, "HF_HUB_OFFLINE", offline)
        lines = checks(recommended("transformer", encoder="somebody/something"))
        assert lines["Encoder"].state == state and words in lines["Encoder"].sentence


def test_vectors_are_scaled_where_the_encoder_stays_as_it_is_alone() -> None:
    assert (
        "stays as it is" in checks(recommended())["Encoder"].sentence and "scaled to length 1" in checks(recommended())["Encoder"].sentence
    )
    trained = checks(recommended("transformer"))["Encoder"].sentence
    assert "is trained along" in trained and "scaled" not in trained


def test_classifiers_without_an_encoder_do_not_look_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "find_encoder", lambda *names: pytest.fail("nobody needs it"))
    assert "Encoder" not in checks(recommended("text-cnn", encoder="/nowhere"))


# --- Class weights, compilation, precision ---


def test_class_weights_are_said_and_an_absent_class_fails() -> None:
    assert "Class weights" not in checks(recommended())
    data = stored([f"text number {number} of some kind" for number in range(40)], ["a", "a", "a", "b"] * 10)
    balanced = checks(recommended(data=data, class_weights="balanced"))["Class weights"]
    assert balanced.state == "passed" and "“a”" in balanced.sentence and "“b”" in balanced.sentence
    absent = checks(recommended(data=data, class_weights="c=2"))["Class weights"]
    assert absent.state == "failed" and "“c”" in absent.sentence


def no_compiler(monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name in there else None)
    monkeypatch.setattr(preflight.sys, "platform", "linux")


def test_compiling_without_a_compiler_fails_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    no_compiler(monkeypatch)
    line = checks(recommended(compiled=True))["Compiler"]
    assert line.state == "failed" and "no C++ compiler" in line.sentence and "apt install g++" in line.sentence
    assert "Compiler" not in checks(recommended())
    assert checks(recommended(compiled=True, frameworks=("tensorflow",)))["Compiler"].state == "passed", "XLA brings its own"


def test_another_compiler_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    no_compiler(monkeypatch, "clang++")
    line = checks(recommended(compiled=True))["Compiler"]
    assert line.state == "failed" and "CXX=clang++" in line.sentence
    monkeypatch.setenv("CXX", "clang++")
    assert checks(recommended(compiled=True))["Compiler"].state in ("passed", "warning")


@pytest.mark.parametrize(
    ("native", "state", "words"),
    [(True, "passed", "kept in float32."), (False, "warning", "slower than in float32"), (None, "passed", "is not known")],
)
def test_bfloat16_without_a_processor_for_it_is_said_to_be_slower(
    monkeypatch: pytest.MonkeyPatch, native: bool | None, state: str, words: str
) -> None:
    monkeypatch.setattr(preflight, "computes_bfloat16", lambda: native)
    line = checks(recommended(encoding_precision="bfloat16", device="cpu"))["Precision of the vectors"]
    assert line.state == state and words in line.sentence
    assert "Precision of the vectors" not in checks(recommended())


def test_compiling_windows_is_refused_with_the_reason() -> None:
    line = checks(recommended("text-cnn", compiled=True, long_texts="windows"))["Compiler"]
    assert line.state == "failed" and "XLA compiles one program for each shape" in line.sentence
    assert checks(recommended("embedding-mlp", compiled=True, long_texts="windows"))["Compiler"].state != "failed", (
        "its vectors have one shape"
    )


@pytest.mark.parametrize(
    ("gpus", "native", "state"), [([], None, "warning"), ([], False, "warning"), ([], True, "passed"), (["A card"], False, "passed")]
)
def test_mixed_precision_needs_a_device_with_bfloat16(
    gpus: list[str], native: bool | None, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "graphics_processors", lambda: gpus)
    monkeypatch.setattr(preflight, "computes_bfloat16", lambda: native)
    line = checks(recommended("transformer", precision="mixed"))["Precision"]
    assert line.state == state and ("float32." in line.sentence)
    assert "Precision" not in checks(recommended("text-cnn", precision="mixed")), "it does not concern this classifier"


def test_a_gpu_that_was_asked_for_and_is_not_there_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "graphics_processors", list)
    device = checks(recommended(device="gpu", threads=3))["Device"]
    assert device.state == "warning" and device.sentence == "No GPU was found; both frameworks will use the CPU with 3 threads each."
    assert checks(recommended(device="auto"))["Device"].state == "passed"


def test_a_full_disk_fails_and_little_memory_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda folder: SimpleNamespace(free=500 * 2**20))
    monkeypatch.setattr(preflight.psutil, "virtual_memory", lambda: SimpleNamespace(available=2**20))
    lines = checks(recommended("tfidf-mlp"))
    assert lines["Disk"].state == "failed" and "500 MiB free where runs are kept; at least 500 MiB are needed." in lines["Disk"].sentence
    assert lines["Memory"].state == "warning" and lines["Memory"].sentence.endswith(" MiB needed, 1 MiB available.")


def test_the_mode_is_said_in_numbers() -> None:
    assert checks(recommended())["Mode"].sentence.startswith("Matched: ")
    assert "left to each framework" in checks(recommended(mode="defaults"))["Mode"].sentence
    assert "Mode" not in checks(recommended(frameworks=("pytorch",)))


def test_a_run_that_is_not_finished_is_a_warning() -> None:
    create_run(recommended())
    assert "1 earlier run is not finished" in checks(recommended())["Machine"].sentence


def test_data_that_cannot_be_read_fail_alone() -> None:
    lines = checks(recommended("text-cnn", DataChoice(dataset="0123456789abcdef", name="gone.csv", text=("a",), label="b")))
    assert lines["Data"].state == "failed" and "Words" not in lines and lines["Disk"].state == "passed"


# --- The command line ---


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """What the command line would have started; it is told that the run ended at once."""
    experiments: list[Experiment] = []

    def start(experiment: Experiment) -> Run:
        experiments.append(experiment)
        run = create_run(experiment)
        run.write_status(Status("done"))
        run.write_results({"frameworks": {}})
        return run

    monkeypatch.setattr(commands, "start", start)
    return experiments


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--class-weights", "nothing=2"], "“nothing”"),
        (["--encoder", "/nowhere/at/all", "--class-weights", "nothing=2"], "/nowhere/at/all"),
        (["--compiled", "--long-texts", "windows", "--classifier", "text-cnn"], "XLA compiles one program for each shape"),
    ],
)
def test_train_refuses_what_cannot_run_before_anything_is_queued(
    options: list[str], words: str, started: list[Experiment], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "sample", "--json", *options]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and words in printed.err
    assert not started and run_rows() == []


def test_train_warns_on_standard_error_and_starts(started: list[Experiment], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "sample", "--json", "--classifier", "text-cnn", "--max-tokens", "20"]) == 0
    printed = capsys.readouterr()
    assert "warning: Long texts: " in printed.err and json.loads(printed.out)["frameworks"] == {}
    assert [experiment.classifier for experiment in started] == ["text-cnn"]


# --- The estimate ---


def test_only_vectors_are_encoded() -> None:
    own = stored([f"message {number} of ours" for number in range(60)], [f"class {number % 2}" for number in range(60)])
    for classifier in CLASSIFIERS:
        assert (estimate(recommended(classifier, own)).encoding_seconds > 0) == (classifier == "embedding-mlp"), classifier


def test_only_texts_without_kept_vectors_are_encoded() -> None:
    """Those of the sample come with the product."""
    assert checks(recommended())["Vectors"].sentence == "The vectors of all 725 texts are kept from before."
    assert estimate(recommended()).encoding_seconds == 0
    frame = load_prepared(dataset_store(), sample_choice()).frame
    frame = frame[~frame["text"].str.contains('"')]
    texts, labels = frame["text"].tolist(), frame["label"].tolist()
    grown = recommended(
        data=stored([*texts, "A parcel that never came", "A bill that came twice", texts[0]], [*labels, *labels[:2], labels[0]])
    )
    assert checks(grown)["Vectors"].sentence.startswith(f"2 of {len(texts) + 3} texts (about")
    other = recommended(data=stored([f"{text} Thanks!" for text in texts], labels))
    assert checks(other)["Vectors"].sentence.startswith(f"{len(texts)} texts of about")
    assert 0 < estimate(grown).encoding_seconds < estimate(other).encoding_seconds


def test_fine_tuning_takes_longest_and_most_memory() -> None:
    estimates = {name: estimate(recommended(name, epochs=4, device="cpu", threads=2)) for name in CLASSIFIERS}
    assert max(estimates, key=lambda name: estimates[name].seconds - estimates[name].encoding_seconds) == "transformer"
    assert max(estimates, key=lambda name: estimates[name].memory_mib) == "transformer"


def test_compiling_is_counted_apart() -> None:
    assert estimate(recommended("text-cnn")).compiling_seconds == 0
    plain, compiled = estimate(recommended("text-cnn")), estimate(recommended("text-cnn", compiled=True))
    assert compiled.compiling_seconds == pytest.approx(compiled.seconds - plain.seconds)


def test_texts_cost_what_is_read_of_them() -> None:
    assert estimate(recommended("transformer", max_tokens=16)).seconds < estimate(recommended("transformer")).seconds


def test_an_earlier_run_of_the_same_kind_is_the_better_guess() -> None:
    experiment = recommended("text-cnn")
    typical = estimate(experiment).seconds
    stages = {stage: expected.seconds for stage, expected in stages_of(experiment).items()}
    slower = StageTimes(seconds={stage: 3 * seconds for stage, seconds in stages.items()}, typical=stages)
    figures = FrameworkResults(epoch_train_loss=(0.5,) * experiment.epochs)
    create_run(experiment).write_results(Results(run=RunFacts(experiment=experiment), frameworks={"pytorch": figures}, stages=slower))
    expected = estimate(experiment)
    assert "earlier runs took on this machine" in expected.sentence and expected.seconds == pytest.approx(3 * typical)
    assert "typical figures" in estimate(recommended("text-cnn", mode="defaults")).sentence
    assert "typical figures" in estimate(recommended("text-cnn", max_tokens=16)).sentence, "another length is another speed"
    assert "typical figures" in estimate(recommended("tfidf-mlp")).sentence


def test_an_encoder_is_measured_by_its_matrices(tmp_path: Path) -> None:
    """Word vectors are looked up, not multiplied; ALBERT's one layer is used again and again."""
    tensors = {"embeddings.word_embeddings.weight": (100, 8), "encoder.layer.0.query.weight": (8, 8), "encoder.layer.0.query.bias": (8,)}
    save_file({name: numpy.zeros(shape, numpy.float32) for name, shape in tensors.items()}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"num_hidden_layers": 3}')
    assert workload._matrix_sizes(tmp_path, "bert") == 64
    assert workload._matrix_sizes(tmp_path, "albert") == 3 * 64
    assert workload._encoder_operations(None) > 1e8, "one that is not here yet counts as a large one"


def test_studies_take_longer_the_more_there_is_to_do() -> None:
    assert study_times.seconds_of_ablation(recommended("tfidf-mlp"), 20) > 2 * study_times.seconds_of_ablation(recommended("tfidf-mlp"), 5)
    one = study_times.seconds_of_audit(("embedding-mlp",), 6, 50)
    assert study_times.seconds_of_audit(tuple(CLASSIFIERS), 6, 50) > study_times.seconds_of_audit(("transformer",), 6, 50) > one
    assert study_times.seconds_of_audit(("embedding-mlp",), 6, 500) > one


def test_texts_in_another_language_are_told_before_training() -> None:
    data = stored([f"{line.replace(',', '')} {number}" for number in range(5) for line in TEXTS["German"][0].split("\n")], ["a", "b"] * 15)
    for classifier in ("embedding-mlp", "transformer"):
        line = checks(recommended(classifier, data))["Language"]
        assert line.state == "warning" and "trained on English" in line.sentence and MULTILINGUAL in line.sentence
    assert "Language" not in checks(recommended("tfidf-mlp", data)) and "Language" not in checks(recommended())
