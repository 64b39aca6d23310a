"""What a run's standalone script is made of, and its settings as lines of Python."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

from engine.data.splitting import PreparedData
from engine.runs.folder import Run
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.runs.preparing.prepare import label_inputs
from engine.runs.preparing.recipes import recipe_of
from engine.runs.records.results import EncodingFacts, Results
from engine.shared.devices import computes_bfloat16
from engine.shared.encoders.checkpoint import BUNDLED, BUNDLED_NAME, BUNDLED_PACKAGE, Checkpoint, bundled_checkpoint, describe, resolve
from engine.shared.encoders.hub import NEEDED_FILES
from engine.shared.text.tokens import padding_token
from engine.shared.weights.initial import WEIGHTS
from engine.source.script_main import EncoderSource, Parts

DATA_NAME = "data.csv"


def parts_and_settings(run: Run, framework: str) -> tuple[Parts, str]:
    """Return the parts of this run's main and the lines of its settings. Raises ``ParityError`` when something of the run is gone."""
    experiment, member = run.read_experiment(), run.read_experiment().family_member
    outcome = (run.read_results() or Results()).side(framework)
    on_gpu = (outcome.device or ("cpu" if experiment.device == "auto" else experiment.device)) != "cpu"
    classes, inputs = labels_of(run)
    recipe = recipe_of(experiment, inputs, on_gpu or bool(computes_bfloat16()))
    checkpoint, encoder = encoder_of(run) if member.pretrained else (None, EncoderSource(""))
    threads = outcome.threads or experiment.threads
    parts = Parts(
        framework,
        member,
        weights=WEIGHTS[experiment.classifier],
        recipe=recipe,
        windows=experiment.long_texts == "windows",
        reached=outcome.test_accuracy is not None,
        encoder=encoder,
        warmup_share=experiment.warmup_share,
        bfloat16=(run.read_encoding() or EncodingFacts()).precision == "bfloat16",
    )
    # A run that was cut short trained fewer epochs than it was asked for; the script trains as many.
    cut_short = outcome.stop_reason in ("stopped", "diverged") and outcome.epoch_train_loss
    values: dict[str, object] = {"DEVICE": "gpu" if on_gpu else "cpu"} | ({"THREADS": threads} if threads else {})
    if checkpoint is not None and member.takes == "vectors":
        values |= {"POOLING": checkpoint.pooling, "NORMALIZE": checkpoint.normalize}
    if checkpoint is not None and member.takes == "pieces":
        values |= {"POOLING": checkpoint.pooling, "HIDDEN_SIZE": checkpoint.hidden_size, "PADDING": padding_token(checkpoint.folder)}
    if member.concerns("max_tokens"):
        values["MAX_TOKENS"] = min(experiment.max_tokens, checkpoint.max_tokens) if checkpoint else experiment.max_tokens
    if member.concerns("vocabulary_size"):
        values["VOCABULARY_SIZE"] = experiment.vocabulary_size
    values |= {name.upper(): getattr(experiment, name) for name in parts.sizes}
    values |= {"EPOCHS": len(outcome.epoch_train_loss) if cut_short else experiment.epochs, "PATIENCE": experiment.patience}
    values |= {name.upper(): value for name, value in parts.recipe_fields.items()}
    if recipe.class_weights is not None:
        values["CLASS_WEIGHTS"] = dict(zip(classes, recipe.class_weights, strict=True))
    comments = {
        "EPOCHS": "  # as many as the run had finished when it ended" if cut_short else "",
        "DECAY_STEPS": f"  # the last of all steps: {experiment.epochs} epochs × {recipe.decay_steps // experiment.epochs} batches",
        "OWN": "  # left to the framework's defaults",
    }
    files = {"DATA_FILE": DATA_NAME, "WEIGHTS_FILE": f"{framework}_model.safetensors", "PREDICTIONS_FILE": f"{framework}_predictions.csv"}
    lines = [f"{name} = Path({_literal(file)})" for name, file in files.items()]
    lines += [f"{name} = {_literal(value)}{comments.get(name, '')}" for name, value in values.items()]
    if encoder.kind in ("package", "hub"):
        lines.append(f"ENCODER_FILES = {_literal(NEEDED_FILES)}")
    if parts.reached:
        lines.append(f"ACCURACY_OF_THE_RUN = {outcome.test_accuracy!r}")
    return parts, "\n".join(lines)


def encoder_of(run: Run) -> tuple[Checkpoint, EncoderSource]:
    """Return the run's encoder, and where its scripts find it."""
    name = run.read_experiment().encoder
    if name == BUNDLED:
        return bundled_checkpoint(), EncoderSource("package", BUNDLED_NAME, BUNDLED_PACKAGE)
    own = Path(name).expanduser()
    if own.is_dir():
        checkpoint = resolve(name)
        return checkpoint, EncoderSource("folder", str(checkpoint.folder))
    folder = Path(load_inputs(run).encoder)  # where the run found its copy; nothing is downloaded for a script
    checkpoint = describe(folder, name)
    if checkpoint.folder != folder:
        return checkpoint, EncoderSource("folder", str(checkpoint.folder))
    return checkpoint, EncoderSource("hub", name, revision=folder.name if folder.parent.name == "snapshots" else None)


def labels_of(run: Run) -> tuple[tuple[str, ...], Inputs]:
    """Return the classes, and labels, split and class weights as the run took them."""
    frame = run.read_rows()
    prepared = PreparedData(frame, tuple(sorted(frame["label"].unique())))
    return prepared.classes, label_inputs(prepared, run.read_experiment())


def _literal(value: Any) -> str:
    """Python for a value; collections with an entry a line."""
    if isinstance(value, dict):
        return "{\n" + "".join(f"    {_literal(key)}: {entry!r},\n" for key, entry in value.items()) + "}"
    if isinstance(value, frozenset):
        entries = fill(", ".join(map(_literal, sorted(value))), 100, initial_indent="        ", subsequent_indent="        ")
        return f"frozenset(\n    {{\n{entries}\n    }}\n)"
    if isinstance(value, (list, tuple)):
        return "[\n" + "".join(f"    {_literal(entry)},\n" for entry in value) + "]"
    plain = isinstance(value, str) and value.isascii() and value.isprintable() and not {'"', "\\"} & set(value)
    return f'"{value}"' if plain else repr(value)
