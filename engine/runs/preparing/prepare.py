"""What the coordinator makes once for both frameworks before they start: rows and split, what a classifier takes, initial weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas

from engine import FRAMEWORKS
from engine.data.splitting import PreparedData, load_prepared
from engine.data.store import DatasetStore
from engine.files import draft_of, write_atomically
from engine.reading.columns.part_names import PARTS
from engine.runs.experiment import Experiment
from engine.runs.folder import Run, home
from engine.runs.paths import HomePaths
from engine.runs.preparing.inputs import Inputs, load_inputs, save_arrays, save_inputs
from engine.runs.preparing.recipes import architecture_of
from engine.runs.preparing.vectors import features_of_run, place_of_features, precision_of_run
from engine.runs.records.results import EncodingFacts
from engine.shared.class_weights import class_weights
from engine.shared.encoders.checkpoint import BUNDLED, Checkpoint, resolve
from engine.shared.encoders.contents import check_contents
from engine.shared.encoders.vector_cache import PROBE_TEXTS, Features
from engine.shared.encoders.vector_file import hash_texts
from engine.shared.text.tokens import MOST_WINDOWS, count_longer, load_tokenizer, padding_token, token_rows
from engine.shared.text.vocabulary import Terms, texts_without_known_words, train_words
from engine.shared.weights.files import write_arrays
from engine.shared.weights.initial import WEIGHTS, initial_weights


def dataset_store() -> DatasetStore:
    """The stored files, beside the runs."""
    return DatasetStore(HomePaths(home()).datasets_folder)


def prepare_data(run: Run) -> PreparedData:
    """The run's cleaned and split rows; read from the run's own folder where they were written before (a resumed run)."""
    frame = run.read_data()
    if frame is not None:
        return PreparedData(frame, tuple(sorted(frame["label"].unique())))
    prepared = load_prepared(dataset_store(), run.read_experiment().data)
    with draft_of(run.data_file) as draft:
        prepared.frame.to_parquet(draft, index=False)
    return prepared


def prepare_inputs(
    run: Run, prepared: PreparedData, checkpoint: Checkpoint | None, features_folder: Path
) -> tuple[Features | None, list[str]]:
    """Write what the workers need. Gives back the texts and, for a classifier that takes vectors, where those are or will be.

    What is kept of them is there afterwards, and held until it is released.
    """
    experiment = run.read_experiment()
    texts = prepared.frame["text"].tolist()
    inputs = label_inputs(prepared, experiment)
    inputs = replace(inputs, probe_texts=tuple(texts[row] for row in inputs.probe_rows))
    if checkpoint is not None:
        check_contents(checkpoint)
        inputs = replace(
            inputs,
            encoder=BUNDLED if experiment.encoder == BUNDLED else str(checkpoint.root),
            max_tokens=min(experiment.max_tokens, checkpoint.max_tokens),
            input_size=checkpoint.hidden_size,
            padding=padding_token(checkpoint.folder),
        )
    features = None
    if experiment.family_member.takes == "vectors":
        assert checkpoint is not None
        hashes = hash_texts(texts)
        precision = precision_of_run(run, checkpoint, hashes, features_folder)
        features = place_of_features(experiment, checkpoint, hashes, features_folder, precision or "float32")
        features.hold()
        if precision:  # else a trial in the worker says where the vectors will be
            features.gather(checkpoint.hidden_size)
            if features.complete and run.read_encoding() is None:  # a resumed run has computed them itself
                run.write_encoding(EncodingFacts(len(texts), len(texts), 0.0, precision=precision))
        most = inputs.max_tokens * (MOST_WINDOWS if experiment.long_texts == "windows" else 1)
        truncated = count_longer(checkpoint.folder, texts, most)
        inputs = replace(inputs, features=str(features.file), encoding_precision=precision or "", truncated=truncated)
    else:
        arrays, lengths, inputs, vocabulary = featurize(experiment, checkpoint, texts, inputs)
        save_arrays(run, inputs.rows, arrays, lengths)
        if vocabulary is not None:
            write_atomically(run.vocabulary_file, vocabulary)
    save_inputs(run, inputs, texts)
    weights = WEIGHTS[experiment.classifier](architecture_of(experiment, inputs))
    write_arrays(run.initial_weights, initial_weights(weights, experiment.seed))
    return features, texts


def prepare_for_study(
    prepared: Run,
    experiment: Experiment,
    begins: Callable[[], None],
    downloaded: Callable[[float, float], None],
    encode: Callable[[], None],
) -> None:
    """Everything that workers take of an experiment, once, in a folder like that of a run; at once where it is there already.

    ``begins`` is told that there is something to do, ``downloaded`` how many bytes of how many of an encoder have come; ``encode`` computes
    the vectors where they are not kept from before. Raises ``ParityError``s of data and encoder.
    """
    if prepared.ready_mark.exists():
        return
    begins()
    for framework in FRAMEWORKS:
        prepared.framework_folder(framework).mkdir(parents=True, exist_ok=True)
    prepared.withdraw_stop()
    prepared.write_experiment(experiment)
    rows = prepare_data(prepared)
    checkpoint = resolve(experiment.encoder, downloaded) if experiment.family_member.pretrained else None
    features, texts = prepare_inputs(prepared, rows, checkpoint, HomePaths(home()).features_folder)
    if features is not None:
        if not features.complete:
            encode()
            features = features_of_run(prepared, texts)
        save_arrays(prepared, load_inputs(prepared).rows, (features.open(),))
        features.release()
    prepared.ready_mark.touch()


def label_inputs(prepared: PreparedData, experiment: Experiment) -> Inputs:
    """Labels as numbers, the split and the class weights. Raises ``DataError`` when the weights do not fit the classes."""
    labels = pandas.Categorical(prepared.frame["label"], categories=list(prepared.classes)).codes.astype(np.int64)
    splits = prepared.frame["split"].to_numpy()
    rows = {part: np.flatnonzero(splits == part) for part in PARTS}
    weights = class_weights(experiment.class_weights, prepared.classes, labels[rows["train"]])
    return Inputs(labels, rows, _probe_rows(rows["test"]), len(prepared.classes), class_weights=weights)


def featurize(
    experiment: Experiment, checkpoint: Checkpoint | None, texts: list[str], inputs: Inputs
) -> tuple[tuple[np.ndarray, ...], np.ndarray | None, Inputs, str | None]:
    """The texts as a classifier takes them, their lengths in tokens, what is known of them now, and the vocabulary as JSON.

    A vocabulary is made from the training texts alone. Raises ``DataError`` when there is too little in them to learn from.
    """
    train_texts = [texts[row] for row in inputs.rows["train"]]
    others = [texts[row] for part in PARTS[1:] for row in inputs.rows[part]]
    if experiment.family_member.takes == "terms":
        terms = Terms.fit(train_texts, experiment.vocabulary_size)
        unknown = texts_without_known_words(terms, others)
        return terms.rows(texts), None, replace(inputs, input_size=terms.size, unknown=unknown), terms.to_json()
    vocabulary = None
    if checkpoint is None:
        tokenizer = train_words(train_texts, experiment.vocabulary_size)
        vocabulary = tokenizer.to_str()
        unknown = texts_without_known_words(tokenizer, others)
        inputs = replace(inputs, input_size=tokenizer.get_vocab_size(), max_tokens=experiment.max_tokens, unknown=unknown)
    else:
        tokenizer = load_tokenizer(checkpoint.folder, inputs.max_tokens)
    rows = token_rows(tokenizer, texts, inputs.max_tokens, experiment.long_texts == "windows", inputs.padding)
    return (rows.ids,), rows.lengths, replace(inputs, truncated=rows.truncated), vocabulary


def _probe_rows(test_rows: np.ndarray) -> np.ndarray:
    """Test rows at even distances."""
    return test_rows[np.linspace(0, len(test_rows) - 1, min(PROBE_TEXTS, len(test_rows))).round().astype(int)]
