"""A worker's job ``export``: write a trained model as a file, and beside it what turns texts into its input; keep the model's logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.runs.folder import Run
from engine.runs.preparing.graph_inputs import EXAMPLE_ROWS
from engine.runs.preparing.inputs import Inputs, load_inputs
from engine.shared.encoders.checkpoint import resolve
from engine.shared.onnx.quantize import keep_weights_in_int8
from engine.shared.text.tokens import load_tokenizer
from engine.shared.text.vocabulary import load_words
from engine.workers.equivalence import keep_answers
from engine.workers.exported_file import input_name, most_tokens, text_reader
from engine.workers.requests.export import BEFORE, LABELS, TensorForm, WriteAnswer, WriteRequest
from engine.workers.session import Session
from engine.workers.trained_model import trained_model
from engine.workers.wing import import_wing, with_encoder


def write(session: Session, run: Run, request: WriteRequest) -> WriteAnswer:
    """Write the model's file and what turns texts into its input into the draft folder."""
    inputs = load_inputs(run)
    _, core, model = trained_model(session, run, inputs, session.framework)
    # The file is asked with texts, so the model must answer to what its encoder makes of them.
    accuracy = keep_answers(session, run, inputs, model, request.arrays_folder / BEFORE, exact=True)
    np.save(request.arrays_folder / LABELS, inputs.labels[inputs.rows["test"]])
    if hasattr(core, "to"):
        core.to("cpu")  # files are for any machine
    (formats,) = import_wing(session.framework, "formats")
    if run.read_experiment().family_member.takes == "vectors":
        core = with_encoder(session.framework, core, resolve(inputs.encoder), inputs.padding)
    example = _example(run, inputs, fixed=request.kind == "mobile")
    name = input_name(run)
    save = getattr(formats, f"save_{request.kind}")
    is_int8 = request.precision == "int8"
    options = {"int8": True} if is_int8 and request.kind == "mobile" else {}
    opset = save(core, example, name, request.path, **options)
    if is_int8 and request.kind == "onnx":
        keep_weights_in_int8(request.path)
    _keep_text_reader(run, inputs, Path(request.draft))
    is_tokens = name == "tokens"
    shape = example.shape if request.kind == "mobile" else (None, None if is_tokens else int(example.shape[1]))
    return WriteAnswer(
        rows=len(inputs.rows["test"]),
        accuracy=accuracy,
        opset=opset,
        takes=name,
        max_tokens=most_tokens(run, inputs) if is_tokens else None,
        padding=inputs.padding if is_tokens else None,
        input=TensorForm(name=name, dtype=str(example.dtype), shape=shape),
        output=TensorForm(name="logits", dtype="float32", shape=(shape[0], inputs.num_classes)),
    )


def _keep_text_reader(run: Run, inputs: Inputs, draft: Path) -> None:
    takes = run.read_experiment().family_member.takes
    if takes == "terms":
        (draft / "vocabulary.json").write_text(run.read_vocabulary(), encoding="utf-8")
    else:
        folder = resolve(inputs.encoder).folder if takes != "words" else None
        tokenizer = load_words(run.read_vocabulary()) if folder is None else load_tokenizer(folder, most_tokens(run, inputs))
        (draft / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")


def _example(run: Run, inputs: Inputs, fixed: bool) -> np.ndarray:
    """Return a batch that an exporter is shown; with ``fixed`` one row as wide as any may be, for then its shape is the file's."""
    every = inputs.texts(run)
    batch = text_reader(run, inputs)([every[row] for row in inputs.rows["test"][: 1 if fixed else EXAMPLE_ROWS].tolist()])
    batch = batch[:, 0] if batch.ndim == 3 else batch
    least = most_tokens(run, inputs) if fixed else 2  # an axis of one place counts as fixed
    if batch.dtype.kind == "i" and batch.shape[1] < least:
        batch = np.pad(batch, [(0, 0), (0, least - batch.shape[1])], constant_values=inputs.padding)
    if len(batch) == 1 and not fixed:
        batch = np.concatenate([batch, batch])
    return np.ascontiguousarray(batch)
