"""The part of a standalone script that is written for it: what the worker does, without its turns, events and checkpoints.

A template (see ``engine.source.cutting``), put below the functions that ran. They are imported here so that the tools know them; both
frameworks have them under the same names. The settings are an example.
"""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from huggingface_hub import snapshot_download

from engine.shared.architecture import Architecture
from engine.shared.batches import Plan, training_plan
from engine.shared.early_stopping import Progress
from engine.shared.recipe import Recipe
from engine.shared.text.tokens import load_tokenizer, token_rows
from engine.shared.text.vocabulary import PADDING, Terms, train_words
from engine.shared.weights.initial import initial_weights

if TYPE_CHECKING:
    from engine.frameworks.pytorch.classifiers.text_cnn import build, load_neutral, to_neutral
    from engine.frameworks.pytorch.devices import set_seed, use_device, use_precision
    from engine.frameworks.pytorch.encoder import encode, load_encoder
    from engine.frameworks.pytorch.export import load_weights, save_weights
    from engine.frameworks.pytorch.inference import classify, predict
    from engine.frameworks.pytorch.training import as_tensors, evaluate, make_batches, make_optimizer, train
    from engine.frameworks.pytorch.windows import over_windows
    from engine.source.script_main import RUN

DATA_FILE, WEIGHTS_FILE, PREDICTIONS_FILE = Path("data.csv"), Path("pytorch_model.safetensors"), Path("pytorch_predictions.csv")
ENCODER_FILES = ["config.json"]
DEVICE, POOLING, NORMALIZE, MAX_TOKENS, VOCABULARY_SIZE, HIDDEN_SIZE = "cpu", "mean", True, 128, 10_000, 384
HIDDEN_UNITS, EMBEDDING_SIZE, FILTERS = 128, 128, 128
EPOCHS, PATIENCE, BATCH_SIZE, SEED = 20, 3, 32, 0
LEARNING_RATE, BETA_1, BETA_2, EPSILON, WEIGHT_DECAY, CLIP_NORM = 0.001, 0.9, 0.999, 1e-7, 0.0, 1.0
WARMUP_STEPS, DECAY_STEPS, STEPS_PER_CALL, COMPILED, MIXED_PRECISION = 2, 20, 1, False, False
CLASS_WEIGHTS: dict[str, float] = {}
OWN: frozenset[str] = frozenset()
ACCURACY_OF_THE_RUN = 0.9


# %% Run
class PrintEpochs:
    """Prints a line after each epoch and stops when a loss is no longer a number."""

    stop_training = False

    def on_train_begin(self) -> None: ...

    def on_epoch_begin(self, epoch: int) -> None: ...

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None: ...

    def on_test_begin(self) -> None: ...

    def on_test_end(self) -> None: ...

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        loss, validation_loss, accuracy = (float(logs[name]) for name in ("loss", "val_loss", "val_accuracy"))
        print(f"Epoch {epoch + 1:3}: training loss {loss:.4f}, validation loss {validation_loss:.4f}, validation accuracy {accuracy:.4f}")
        self.stop_training = not math.isfinite(loss + validation_loss)

    def on_train_end(self) -> None: ...


if RUN.encoder.kind:

    def find_encoder() -> Path:
        """Return the folder of the pre-trained model."""
        if RUN.encoder.kind == "package":
            package = importlib.util.find_spec(RUN.encoder.package)
            if package is not None and package.origin is not None:
                return Path(package.origin).parent / "model"
            return Path(snapshot_download(RUN.encoder.name, allow_patterns=ENCODER_FILES))
        elif RUN.encoder.kind == "hub":
            return Path(snapshot_download(RUN.encoder.name, revision=RUN.encoder.revision, allow_patterns=ENCODER_FILES))
        elif RUN.encoder.kind == "folder":
            return Path(RUN.encoder.name)
        else:
            return Path(__file__).resolve().parent / "encoder"


def main() -> None:
    csv.field_size_limit(2**31 - 1)
    with open(DATA_FILE, encoding="utf-8", newline="") as file:
        data = list(csv.DictReader(file))
    texts = [row["text"] for row in data]
    classes = sorted({row["label"] for row in data})
    number_of = {label: number for number, label in enumerate(classes)}
    labels = np.array([number_of[row["label"]] for row in data])
    splits = np.array([row["split"] for row in data])
    rows = {part: np.flatnonzero(splits == part) for part in ("train", "validation", "test")}

    device = use_device(DEVICE, OWN) if RUN.recipe.own else use_device(DEVICE)
    if RUN.recipe.mixed_precision:
        use_precision("mixed")

    if RUN.member.sequences:
        if RUN.member.takes == "words":
            # A text becomes the numbers of its words; which words have one is learned from the training texts alone.
            tokenizer = train_words([texts[row] for row in rows["train"]], VOCABULARY_SIZE)
        else:
            # A text becomes the numbers of the word pieces that the encoder knows.
            folder = find_encoder()
            tokenizer = load_tokenizer(folder, MAX_TOKENS)

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
            tokens = token_rows(tokenizer, some, MAX_TOKENS, windows=RUN.over_windows, padding=PADDING)
            if RUN.over_windows:
                return (tokens.ids,), tokens.lengths  # (texts, windows, tokens) and (texts,)
            else:
                return (tokens.ids,), tokens.lengths  # (texts, tokens) and (texts,)

        inputs, lengths = prepare(texts)
    elif RUN.member.takes == "vectors":
        # A text becomes one vector, by the frozen encoder.
        folder = find_encoder()
        tokenizer = load_tokenizer(folder, MAX_TOKENS)
        if RUN.bfloat16:
            encoder = load_encoder(folder, DEVICE, precision="bfloat16")  # as in the run; leave the precision out where that is slow
        else:
            encoder = load_encoder(folder, DEVICE)

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:  # type: ignore[misc]
            if RUN.windows:
                return (encode(encoder, tokenizer, some, POOLING, NORMALIZE, windows=True),), None  # (texts, hidden_size)
            else:
                return (encode(encoder, tokenizer, some, POOLING, NORMALIZE),), None  # (texts, hidden_size)

        print(f"Encoding {len(texts):,} texts")
        inputs, _ = prepare(texts)
    else:
        # A text becomes its most telling terms, weighed by TF-IDF; which terms there are is learned from the training texts alone.
        terms = Terms.fit([texts[row] for row in rows["train"]], VOCABULARY_SIZE)

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:  # type: ignore[misc]
            return terms.rows(some), None  # term numbers and their shares, each (texts, longest)

        inputs, _ = prepare(texts)

    def part(name: str) -> tuple[Any, Any, np.ndarray | None]:
        some, targets = as_tensors(tuple(values[rows[name]] for values in inputs), labels[rows[name]], device)
        return some, targets, lengths[rows[name]] if RUN.member.sequences else None

    set_seed(SEED)
    if RUN.member.takes == "pieces":
        architecture = Architecture(
            num_classes=len(classes),
            input_size=HIDDEN_SIZE,
            hidden_units=HIDDEN_UNITS,
            embedding_size=EMBEDDING_SIZE,
            filters=FILTERS,
            encoder=folder,
            pooling=POOLING,
            padding=PADDING,
        )
    else:
        architecture = Architecture(
            num_classes=len(classes),
            input_size=(
                inputs[0].shape[1]
                if RUN.member.takes == "vectors"
                else terms.size
                if RUN.member.takes == "terms"
                else tokenizer.get_vocab_size()
            ),
            hidden_units=HIDDEN_UNITS,
            embedding_size=EMBEDDING_SIZE,
            filters=FILTERS,
        )
    classifier = build(architecture, OWN - {"loss"} if RUN.loss_apart else OWN) if RUN.recipe.own else build(architecture)
    if RUN.framework == "pytorch":
        classifier.to(device)
    if not RUN.recipe.own:
        load_neutral(classifier, initial_weights(RUN.weights(architecture), SEED))
    model = over_windows(classifier, PADDING) if RUN.over_windows else classifier
    recipe = Recipe(
        learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE,
        seed=SEED,
        own=OWN,
        beta_1=BETA_1,
        beta_2=BETA_2,
        epsilon=EPSILON,
        weight_decay=WEIGHT_DECAY,
        clip_norm=CLIP_NORM,
        warmup_steps=WARMUP_STEPS,
        decay_steps=DECAY_STEPS,
        class_weights=tuple(CLASS_WEIGHTS[name] for name in classes),
        compiled=COMPILED,
        mixed_precision=MIXED_PRECISION,
        steps_per_call=STEPS_PER_CALL,
    )

    optimizer = make_optimizer(model, recipe)
    train_inputs, train_labels, train_lengths = part("train")

    def plan(epoch: int) -> Plan:
        return training_plan(len(train_labels), train_lengths, BATCH_SIZE, SEED, epoch, compiled=True)

    def keep_best(_: Any) -> None:
        save_weights(to_neutral(classifier), WEIGHTS_FILE)

    batches = make_batches(train_inputs, train_labels, plan, recipe)
    keep_best(model)  # what is left if the loss is no longer a number in the first epoch
    train(model, optimizer, batches, part("validation"), recipe, EPOCHS, Progress(PATIENCE), keep_best, PrintEpochs())
    load_weights(classifier, WEIGHTS_FILE, load_neutral)  # those of the epoch with the lowest validation loss

    test_inputs, test_labels, test_lengths = part("test")
    probabilities = predict(model, test_inputs, test_lengths)  # (test texts, classes)
    answers = probabilities.argmax(axis=1)
    right = int((answers == labels[rows["test"]]).sum())
    test_loss, _ = evaluate(model, test_inputs, test_labels, test_lengths)
    print(f"Test loss: {test_loss:.4f}")
    print(f"Test accuracy: {right / len(answers):.6f} ({right} of {len(answers)})")
    if RUN.reached:
        print(f"Test accuracy of the run: {ACCURACY_OF_THE_RUN:.6f}")

    with open(PREDICTIONS_FILE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prediction", *classes])
        writer.writerows([classes[answer], *shares] for answer, shares in zip(answers, probabilities.tolist(), strict=True))

    example = texts[rows["test"][0]]
    shares, _, _ = classify([example], prepare, model, device)  # type: ignore[arg-type]
    best = int(shares[0].argmax())
    print(f"Example: {example[:80]!r} is {classes[best]!r} with probability {shares[0][best]:.3f}")


if __name__ == "__main__":
    main()
