"""What SageMaker calls for the PyTorch model: ``model_fn`` once, then ``input_fn``, ``predict_fn`` and ``output_fn`` for a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from request_format import input_fn, output_fn
from text_inputs import TextInputs

__all__ = ["input_fn", "model_fn", "output_fn", "predict_fn"]


class Classifier:
    """The exported program and what turns texts into its inputs."""

    def __init__(self, folder: Path) -> None:
        self.inputs = TextInputs(folder)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.program = torch.export.load(folder / self.inputs.manifest["file"]).module().to(self.device)

    @torch.inference_mode()
    def logits(self, rows: np.ndarray) -> np.ndarray:
        """Of each row, shape (rows, classes)."""
        return self.program(torch.from_numpy(rows).to(self.device)).cpu().numpy()


def model_fn(model_dir: str) -> Classifier:
    """Load what ``model.tar.gz`` holds; SageMaker has unpacked it into ``model_dir``."""
    return Classifier(Path(model_dir))


def predict_fn(texts: list[str], model: Classifier) -> list[dict[str, Any]]:
    """Label and probabilities of each text."""
    return model.inputs.classify(texts, model.logits)
