"""What ``train.py`` of a SageMaker bundle has beyond the standalone script: a template (see ``engine.source.cutting``) with an example."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from engine.serving.sagemaker_templates.handing_in import read_arguments, save_for_serving, training_rows
from engine.shared.text.vocabulary import Terms, train_words

if TYPE_CHECKING:
    from engine.source.script_main import RUN

EPOCHS, PATIENCE, BATCH_SIZE, LEARNING_RATE, WEIGHT_DECAY, CLIP_NORM, SEED = 20, 3, 32, 0.001, 0.0, 1.0, 0
MAX_TOKENS, VOCABULARY_SIZE, HIDDEN_UNITS, EMBEDDING_SIZE, FILTERS, HIDDEN_SIZE = 128, 10_000, 128, 128, 128, 384

classes = ["billing", "delivery"]
inputs = (np.zeros((2, 384)),)
terms = Terms.fit(["a bill", "a parcel"], VOCABULARY_SIZE)
tokenizer = train_words(["a bill", "a parcel"], VOCABULARY_SIZE)

# %% What SageMaker hands in
ARGUMENTS = read_arguments(
    {
        "epochs": EPOCHS,
        "patience": PATIENCE,
        "batch_size": BATCH_SIZE,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
        "clip_norm": CLIP_NORM,
        "seed": SEED,
        "max_tokens": MAX_TOKENS,
        "vocabulary_size": VOCABULARY_SIZE,
        "hidden_units": HIDDEN_UNITS,
        "embedding_size": EMBEDDING_SIZE,
        "filters": FILTERS,
    }
)
EPOCHS = ARGUMENTS.epochs
PATIENCE = ARGUMENTS.patience
BATCH_SIZE = ARGUMENTS.batch_size
LEARNING_RATE = ARGUMENTS.learning_rate
WEIGHT_DECAY = ARGUMENTS.weight_decay
CLIP_NORM = ARGUMENTS.clip_norm
SEED = ARGUMENTS.seed
MAX_TOKENS = ARGUMENTS.max_tokens
VOCABULARY_SIZE = ARGUMENTS.vocabulary_size
HIDDEN_UNITS = ARGUMENTS.hidden_units
EMBEDDING_SIZE = ARGUMENTS.embedding_size
FILTERS = ARGUMENTS.filters
DEVICE = "gpu" if ARGUMENTS.num_gpus else "cpu"
DATA_FILE = ARGUMENTS.training / "data.csv"
MODEL_FOLDER = ARGUMENTS.model_dir
WEIGHTS_FILE = MODEL_FOLDER / "model.safetensors"
PREDICTIONS_FILE = MODEL_FOLDER / "predictions.csv"
TRAINING_ROWS = training_rows(DATA_FILE)
DECAY_STEPS = EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE)
WARMUP_STEPS = round(EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE) * RUN.warmup_share)


# %% The end of main
facts = {
    "labels": classes,
    "input_size": (
        inputs[0].shape[1]
        if RUN.member.takes == "vectors"
        else terms.size
        if RUN.member.takes == "terms"
        else tokenizer.get_vocab_size()
        if RUN.member.takes == "words"
        else HIDDEN_SIZE
    ),
    "hidden_units": HIDDEN_UNITS,
    "embedding_size": EMBEDDING_SIZE,
    "filters": FILTERS,
    "max_tokens": MAX_TOKENS,
}
save_for_serving(
    MODEL_FOLDER, facts, terms.to_json() if RUN.member.takes == "terms" else tokenizer.to_str() if RUN.member.takes == "words" else None
)
