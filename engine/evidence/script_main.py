"""The one part of a standalone script that is written for it: what the worker does, without its turns, events and checkpoints.

It is text, not code of this process: ``engine.evidence.scripts`` puts it below the functions that ran and fills in the three words
in capitals, ``FIND_ENCODER``, ``MOVE_TO_DEVICE`` and ``FRAMEWORK``. The tests run the result.
"""

from __future__ import annotations

MAIN = '''class PrintEpochs:
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

    def on_train_end(self) -> None: ...


def find_encoder() -> Path:
    """The folder of the pre-trained model."""
    FIND_ENCODER


def main() -> None:
    csv.field_size_limit(2**31 - 1)
    with open(DATA_FILE, encoding="utf-8", newline="") as file:
        data = list(csv.DictReader(file))
    texts = [row["text"] for row in data]
    classes = sorted({row["label"] for row in data})
    number_of = {label: number for number, label in enumerate(classes)}
    labels = np.array([number_of[row["label"]] for row in data])
    rows = {part: np.array([row["split"] == part for row in data]) for part in ("train", "validation", "test")}

    if THREADS:
        set_threads(THREADS)
    device = use_device(DEVICE, MODE)

    print(f"Encoding {len(texts):,} texts")
    folder = find_encoder()
    encoder, tokenizer = load_encoder(folder, DEVICE), load_tokenizer(folder, MAX_TOKENS)
    features = encode(encoder, tokenizer, texts, POOLING, NORMALIZE)  # (texts, hidden_size)

    set_seed(SEED)
    model = build(features.shape[1], HIDDEN_UNITS, len(classes), MODE)
    if MODE != "defaults":
        load_neutral(model, initial_weights(SHAPES[CLASSIFIER](features.shape[1], HIDDEN_UNITS, len(classes)), SEED))
    MOVE_TO_DEVICE
    train_features, train_labels = as_tensors(features[rows["train"]], labels[rows["train"]], device)
    validation = as_tensors(features[rows["validation"]], labels[rows["validation"]], device)
    optimizer = make_optimizer(model, MODE, LEARNING_RATE)
    batches = make_batches(train_features, train_labels, MODE, BATCH_SIZE, SEED)
    validation_batch = BATCH_SIZE if MODE == "defaults" else VALIDATION_BATCH
    progress, start_weights = Progress(patience=PATIENCE), to_neutral(model)
    train(model, optimizer, batches, validation, validation_batch, EPOCHS, progress, to_neutral, PrintEpochs())
    load_neutral(model, progress.best_weights or start_weights)

    test_features, test_labels = as_tensors(features[rows["test"]], labels[rows["test"]], device)
    probabilities = predict(model, test_features)  # (test texts, classes)
    answers = probabilities.argmax(axis=1)
    right = int((answers == labels[rows["test"]]).sum())
    test_loss, _ = evaluate(model, test_features, test_labels, validation_batch)
    print(f"Test loss: {test_loss:.4f}")
    print(f"Test accuracy: {right / len(answers):.6f} ({right} of {len(answers)})")
    if ACCURACY_OF_THE_RUN is not None:
        print(f"Test accuracy of the run: {ACCURACY_OF_THE_RUN:.6f}")

    test_texts = [text for text, is_test in zip(texts, rows["test"], strict=True) if is_test]
    with open("FRAMEWORK_predictions.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["prediction", *classes])
        writer.writerows([classes[answer], *shares] for answer, shares in zip(answers, probabilities.tolist(), strict=True))
    save_weights(to_neutral(model), Path("FRAMEWORK_model.safetensors"))

    example = test_texts[0]
    shares, _, _ = classify([example], lambda some: encode(encoder, tokenizer, some, POOLING, NORMALIZE), model, device)
    best = int(shares[0].argmax())
    print(f"Example: {example[:80]!r} is {classes[best]!r} with probability {shares[0][best]:.3f}")


if __name__ == "__main__":
    main()'''
