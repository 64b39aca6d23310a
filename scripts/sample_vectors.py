"""Writes assets/vectors, the sample's vectors by the bundled encoder: ``python -m scripts.sample_vectors``.

A first run on the sample need not compute them. Run it again when the sample, the encoder or the file's format has changed;
`tests/test_sample.py` compares them with vectors that sentence-transformers computes.
"""

from __future__ import annotations

from engine.data.splitting import load_prepared
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.preparing.prepare import dataset_store
from engine.runs.preparing.vectors import place_of_features
from engine.shared.encoders.checkpoint import bundled_checkpoint
from engine.shared.encoders.vector_cache import SHIPPED, FeatureWriter
from engine.shared.encoders.vector_file import hash_texts
from engine.workers.wing import make_embed, prepare_device


def main() -> None:
    """Compute all of them anew, with PyTorch on the CPU, and remove what was there."""
    experiment, checkpoint = Experiment(data=sample_choice()), bundled_checkpoint()
    texts = load_prepared(dataset_store(), experiment.data).frame["text"].tolist()
    SHIPPED.mkdir(exist_ok=True)
    for file in SHIPPED.iterdir():
        file.unlink()
    features = place_of_features(experiment, checkpoint, hash_texts(texts), SHIPPED)
    devices, device, _ = prepare_device("pytorch", "cpu", 0)
    devices.use_device(device, frozenset())
    writer = FeatureWriter(features, checkpoint.hidden_size)
    vectors = make_embed("pytorch", checkpoint, experiment, device)([texts[row] for row in writer.missing])
    writer.write(writer.missing, vectors)
    writer.finish()
    for file in SHIPPED.glob(".*"):
        file.unlink()
    print(f"{len(texts)} vectors in {features.file}")


if __name__ == "__main__":
    main()
