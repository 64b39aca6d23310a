"""``runs`` says what is kept of vectors, and removes it when asked."""

from __future__ import annotations

import numpy as np
import pytest

from engine.__main__ import main
from engine.runs.folder import home
from engine.runs.paths import HomePaths
from engine.shared.encoders.vector_cache import FeatureWriter, features_of
from engine.shared.encoders.vector_file import hash_texts


def test_runs_shows_and_clears_kept_vectors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0 and "Vectors kept" not in capsys.readouterr().out
    features = features_of(HomePaths(home()).features_folder, hash_texts(["one", "two"]), "f" * 16, 256)
    writer = FeatureWriter(features, 4)
    writer.write(writer.missing, np.ones((2, 4), np.float32))
    writer.finish()
    assert main(["runs"]) == 0 and "Vectors kept for later runs: 2. They take 0.0 MB, at most" in capsys.readouterr().out
    assert main(["runs", "--clear-vectors"]) == 0 and "kept vectors are removed." in capsys.readouterr().out
    assert not features.complete
