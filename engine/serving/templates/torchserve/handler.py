"""What TorchServe calls for the model: ``initialize`` once for each of its workers, ``handle`` for each batch of requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from request_texts import texts_of
from text_inputs import TextInputs


class ClassifierHandler:
    """Texts in, labels and probabilities out."""

    def initialize(self, context: Any) -> None:
        """Load the exported program and the tokenizer from the folder into which TorchServe has unpacked the archive."""
        folder = Path(context.system_properties["model_dir"])
        gpu = context.system_properties.get("gpu_id")
        self.device = torch.device(f"cuda:{gpu}" if torch.cuda.is_available() and gpu is not None else "cpu")
        self.inputs = TextInputs(folder)
        self.program = torch.export.load(folder / self.inputs.manifest["file"]).module().to(self.device)

    @torch.inference_mode()
    def model(self, rows: np.ndarray) -> np.ndarray:
        """Logits of rows."""
        return self.program(torch.from_numpy(rows).to(self.device)).cpu().numpy()

    def handle(self, requests: list[dict[str, Any]], context: Any) -> list[Any]:
        """Return one answer for each request of the batch; a bad request gets a sentence and status 400, and spoils no other."""
        answers: list[Any] = []
        for number, request in enumerate(requests):
            try:
                texts = texts_of(request.get("body", request.get("data")))
            except ValueError as error:
                context.set_response_status(400, "Bad request", number)
                answers.append({"error": str(error)})
            else:
                answers.append({"answers": self.inputs.classify(texts, self.model)})
        return answers
