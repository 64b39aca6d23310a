"""``model_fn`` and ``predict_fn`` of a SageMaker bundle: a template (see ``engine.source.cutting``) with the settings of an example."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.shared.architecture import Architecture
from engine.shared.text.tokens import load_tokenizer, token_rows
from engine.shared.text.vocabulary import PADDING, Terms, load_words

if TYPE_CHECKING:
    from engine.frameworks.pytorch.classifiers.text_cnn import build, load_neutral
    from engine.frameworks.pytorch.devices import use_device
    from engine.frameworks.pytorch.encoder import encode, load_encoder
    from engine.frameworks.pytorch.export import load_weights
    from engine.frameworks.pytorch.inference import classify
    from engine.frameworks.pytorch.windows import over_windows
    from engine.source.script_main import RUN

POOLING, NORMALIZE, OWN = "mean", True, frozenset({"loss"})


# %% Run
def model_fn(model_dir: str) -> Any:
    """Return the trained classifier: a function from texts to answers. SageMaker has unpacked model.tar.gz into ``model_dir``."""
    folder = Path(model_dir)
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    labels = facts["labels"]
    kind = "gpu" if int(os.environ.get("SM_NUM_GPUS") or 0) else "cpu"
    device = use_device(kind)

    if RUN.member.sequences:
        if RUN.member.takes == "words":
            tokenizer = load_words((folder / "vocabulary.json").read_text(encoding="utf-8"))
        else:
            tokenizer = load_tokenizer(folder / "encoder", facts["max_tokens"])

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
            tokens = token_rows(tokenizer, some, facts["max_tokens"], windows=RUN.over_windows, padding=PADDING)
            return (tokens.ids,), tokens.lengths
    elif RUN.member.takes == "vectors":
        encoder, tokenizer = load_encoder(folder / "encoder", kind), load_tokenizer(folder / "encoder", facts["max_tokens"])

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:  # type: ignore[misc]
            if RUN.windows:
                return (encode(encoder, tokenizer, some, POOLING, NORMALIZE, windows=True),), None  # (texts, hidden_size)
            else:
                return (encode(encoder, tokenizer, some, POOLING, NORMALIZE),), None  # (texts, hidden_size)
    else:
        terms = Terms.from_json((folder / "vocabulary.json").read_text(encoding="utf-8"))

        def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:  # type: ignore[misc]
            return terms.rows(some), None  # term numbers and their shares, each (texts, longest)

    if RUN.member.takes == "pieces":
        architecture = Architecture(
            num_classes=len(labels),
            input_size=facts["input_size"],
            hidden_units=facts["hidden_units"],
            embedding_size=facts["embedding_size"],
            filters=facts["filters"],
            encoder=folder / "encoder",
            pooling=POOLING,
            padding=PADDING,
        )
    else:
        architecture = Architecture(
            num_classes=len(labels),
            input_size=facts["input_size"],
            hidden_units=facts["hidden_units"],
            embedding_size=facts["embedding_size"],
            filters=facts["filters"],
        )
    classifier = build(architecture, OWN - {"loss"} if RUN.loss_apart else OWN) if RUN.recipe.own else build(architecture)
    if RUN.framework == "pytorch":
        classifier.to(device)
    load_weights(classifier, folder / "model.safetensors", load_neutral)
    model = over_windows(classifier, PADDING) if RUN.over_windows else classifier

    def answer(texts: list[str]) -> list[dict[str, str | dict[str, float]]]:
        probabilities, _, _ = classify(texts, prepare, model, device)  # type: ignore[arg-type]
        return [
            {"label": labels[int(shares.argmax())], "probabilities": dict(zip(labels, shares.astype(float).tolist(), strict=True))}
            for shares in np.asarray(probabilities)
        ]

    return answer


def predict_fn(texts: list[str], model: Any) -> list[dict[str, str | dict[str, float]]]:
    """Label and probabilities of each text."""
    return model(texts)
