"""The one part of a standalone script that is written for it: what the worker does, without its turns, events and checkpoints.

It is text, not code of this process, put together from the parts that a run's classifier needs. ``engine.source.scripts`` puts it below
the functions that ran; the tests run the result.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.shared.classifiers import Classifier
from engine.shared.recipe import Recipe

PRINT_EPOCHS = '''class PrintEpochs:
    """Prints a line after each epoch and stops when a loss is no longer a number."""

    stop_training = False

    def on_train_begin(self) -> None: ...

    def on_epoch_begin(self, epoch: int) -> None: ...

    def on_train_batch_end(self, batch: int, logs: dict[str, Any]) -> None: ...

    def on_test_begin(self) -> None: ...

    def on_test_end(self) -> None: ...

    def on_epoch_end(self, epoch: int, logs: dict[str, Any]) -> None:
        loss, validation_loss, accuracy = (float(logs[name]) for name in ("loss", "val_loss", "val_accuracy"))
        print(f"Epoch {epoch + 1:3}: training loss {loss:.4f}, validation loss {validation_loss:.4f}, validation accuracy {accuracy:.4f}")
        self.stop_training = not math.isfinite(loss + validation_loss)

    def on_train_end(self) -> None: ...'''

FIND_ENCODER = '''def find_encoder() -> Path:
    """The folder of the pre-trained model."""
    {finding}'''

READ = """
    csv.field_size_limit(2**31 - 1)
    with open(DATA_FILE, encoding="utf-8", newline="") as file:
        data = list(csv.DictReader(file))
    texts = [row["text"] for row in data]
    classes = sorted({row["label"] for row in data})
    number_of = {label: number for number, label in enumerate(classes)}
    labels = np.array([number_of[row["label"]] for row in data])
    splits = np.array([row["split"] for row in data])
    rows = {part: np.flatnonzero(splits == part) for part in ("train", "validation", "test")}"""

PREPARE = {
    "vectors": """
    # A text becomes one vector, by the frozen encoder.
    folder = find_encoder()
    encoder, tokenizer = load_encoder(folder, DEVICE), load_tokenizer(folder, MAX_TOKENS)

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:
        return (encode(encoder, tokenizer, some, POOLING, NORMALIZE{windows}),), None  # (texts, hidden_size)

    print(f"Encoding {{len(texts):,}} texts")
    inputs, _ = prepare(texts)""",
    "terms": """
    # A text becomes its most telling terms, weighed by TF-IDF; which terms there are is learned from the training texts alone.
    terms = Terms.fit([texts[row] for row in rows["train"]], VOCABULARY_SIZE)

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:
        return terms.rows(some), None  # term numbers and their shares, each (texts, longest)

    inputs, _ = prepare(texts)""",
    "words": """
    # A text becomes the numbers of its words; which words have one is learned from the training texts alone.
    tokenizer = train_words([texts[row] for row in rows["train"]], VOCABULARY_SIZE)

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        tokens = token_rows(tokenizer, some, MAX_TOKENS, windows={over_windows}, padding=PADDING)
        return (tokens.ids,), tokens.lengths  # {shape}

    inputs, lengths = prepare(texts)""",
    "pieces": """
    # A text becomes the numbers of the word pieces that the encoder knows.
    folder = find_encoder()
    tokenizer = load_tokenizer(folder, MAX_TOKENS)

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        tokens = token_rows(tokenizer, some, MAX_TOKENS, windows={over_windows}, padding=PADDING)
        return (tokens.ids,), tokens.lengths  # {shape}

    inputs, lengths = prepare(texts)""",
}
"""By what the classifier takes."""

PART = """
    def part(name: str) -> tuple[Any, Any, np.ndarray | None]:
        some, targets = as_tensors(tuple(values[rows[name]] for values in inputs), labels[rows[name]], device)
        return some, targets, {lengths}"""

TRAIN = """
    optimizer = make_optimizer(model, recipe)
    train_inputs, train_labels, train_lengths = part("train")

    def plan(epoch: int) -> Plan:
        return training_plan(len(train_labels), train_lengths, BATCH_SIZE, SEED, epoch{compiled})

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
    print(f"Test loss: {{test_loss:.4f}}")
    print(f"Test accuracy: {{right / len(answers):.6f}} ({{right}} of {{len(answers)}})")
{reached}
    with open(PREDICTIONS_FILE, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prediction", *classes])
        writer.writerows([classes[answer], *shares] for answer, shares in zip(answers, probabilities.tolist(), strict=True))

    example = texts[rows["test"][0]]
    shares, _, _ = classify([example], prepare, model, device)
    best = int(shares[0].argmax())
    print(f"Example: {{example[:80]!r}} is {{classes[best]!r}} with probability {{shares[0][best]:.3f}}")


if __name__ == "__main__":
    main()"""

INPUT_SIZE = {"vectors": "inputs[0].shape[1]", "terms": "terms.size", "words": "tokenizer.get_vocab_size()", "pieces": "HIDDEN_SIZE"}
SIZES = ("hidden_units", "embedding_size", "filters")
"""Fields of ``Architecture`` that are settings of a run, too."""

IN_MAIN = {"class_weights": "tuple(CLASS_WEIGHTS[name] for name in classes)"}
"""What a field of ``Recipe`` is called in the main, where not by its own name in capitals."""


@dataclass(frozen=True)
class Parts:
    """Which parts a run's main is made of."""

    framework: str
    member: Classifier
    weights: str
    """The function that says which weights are drawn, out of ``engine.shared.weights.initial``."""
    recipe: Recipe
    windows: bool
    reached: bool
    """Whether the run's own test accuracy is known."""
    finding: str = ""
    """The lines of Python that find the encoder's folder."""

    @property
    def over_windows(self) -> bool:
        """Whether the classifier answers window by window; vectors are averaged before it sees them."""
        return self.windows and self.member.sequences

    @property
    def recipe_fields(self) -> dict[str, object]:
        """What the recipe says beyond its defaults and what this framework reads of it."""
        unread = {"steps_per_call"} if self.framework == "pytorch" else set()
        required = {"learning_rate", "batch_size", "seed"}
        values = {item.name: (getattr(self.recipe, item.name), item.default) for item in fields(Recipe) if item.name not in unread}
        return {name: value for name, (value, default) in values.items() if name in required or value != default}

    @property
    def sizes(self) -> tuple[str, ...]:
        """The settings that shape this classifier."""
        return tuple(name for name in SIZES if name in self.member.settings)


def main_source(parts: Parts) -> str:
    """The last cell of a script: what ``parts`` says, and nothing that this classifier does not need."""
    takes, prepare = parts.member.takes, PREPARE[parts.member.takes]
    filled = prepare.format(
        windows=", windows=True" if parts.windows else "",
        over_windows=parts.over_windows,
        shape="(texts, windows, tokens) and (texts,)" if parts.over_windows else "(texts, tokens) and (texts,)",
    )
    definitions = [PRINT_EPOCHS, *([FIND_ENCODER.format(finding=parts.finding)] if parts.member.pretrained else [])]
    lengths = "lengths[rows[name]]" if parts.member.sequences else "None"
    main = ["def main() -> None:" + READ, _device(parts), filled, PART.format(lengths=lengths), _build(parts, takes)]
    reached = '    print(f"Test accuracy of the run: {ACCURACY_OF_THE_RUN:.6f}")\n' if parts.reached else ""
    main.append(TRAIN.format(compiled=", compiled=True" if parts.recipe.compiled else "", reached=reached))
    return "\n\n\n".join([*definitions, "\n".join(main)])


def _device(parts: Parts) -> str:
    lines = ["", "device = use_device(DEVICE, OWN)" if parts.recipe.own else "device = use_device(DEVICE)"]
    if parts.recipe.mixed_precision:
        lines.append('use_precision("mixed")')
    return "\n    ".join(lines)


def _build(parts: Parts, takes: str) -> str:
    """Model, initial weights and recipe."""
    own = parts.recipe.own
    sizes = {"num_classes": "len(classes)", "input_size": INPUT_SIZE[takes]} | {name: name.upper() for name in parts.sizes}
    lines = ["", "set_seed(SEED)", *classifier_lines(parts, sizes, "folder")]
    if not own:
        lines.append(f"load_neutral(classifier, initial_weights({parts.weights}(architecture), SEED))")
    lines.append("model = over_windows(classifier, PADDING)" if parts.over_windows else "model = classifier")
    lines += _call("recipe", "Recipe", {name: IN_MAIN.get(name, name.upper()) for name in parts.recipe_fields})
    return "\n    ".join(lines)


def classifier_lines(parts: Parts, sizes: dict[str, str], encoder: str) -> list[str]:
    """The classifier before its weights are loaded; ``sizes`` and the encoder's folder are given in Python."""
    if parts.member.takes == "pieces":
        sizes = sizes | {"encoder": encoder, "pooling": "POOLING", "padding": "PADDING"}
    lines = _call("architecture", "Architecture", sizes)
    # Means over windows are taken of logits, so the softmax stays in the loss.
    left = 'OWN - {"loss"}' if parts.over_windows and "loss" in parts.recipe.own else "OWN"
    lines.append(f"classifier = build(architecture, {left})" if parts.recipe.own else "classifier = build(architecture)")
    if parts.framework == "pytorch":
        lines.append("classifier.to(device)")
    return lines


def _call(name: str, function: str, arguments: dict[str, str]) -> list[str]:
    """An assignment on one line, or with a line for each argument where it would be long."""
    given = [f"{argument}={value}" for argument, value in arguments.items()]
    line = f"{name} = {function}({', '.join(given)})"
    return [line] if len(line) < 110 else [f"{name} = {function}(", *(f"    {argument}," for argument in given), ")"]
