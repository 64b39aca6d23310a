"""What the coordinator prepares for its workers: labels and split, where texts lie, and what a classifier takes as memory-mapped arrays."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from engine.errors import RunError
from engine.files import draft_of, write_atomically
from engine.reading.columns.part_names import PARTS
from engine.runs.folder import Run

CHUNK = 4096
"""Rows that are copied at once, so that arranging them takes no memory."""


@dataclass(frozen=True)
class Inputs:
    """The same for both workers, read from the run's folder."""

    labels: np.ndarray
    """Class numbers, int64, shape (rows,)."""
    rows: dict[str, np.ndarray]
    """Row numbers of ``train``, ``validation`` and ``test``."""
    probe_rows: np.ndarray
    """The rows whose texts both encoders embed."""
    num_classes: int
    probe_texts: tuple[str, ...] = ()
    """Those texts, so that nobody reads all texts for a few."""
    encoder: str = ""
    """``bundled`` or the checkpoint's folder; never a hub id, for workers use no network. Empty where no encoder is needed."""
    features: str = ""
    """The file with the vectors of all texts, shape (rows, hidden size); empty where a classifier takes none."""
    encoding_precision: str = ""
    """``float32`` or ``bfloat16``: how those vectors were computed; empty until that is known, and for an older run, which had float32."""
    input_size: int = 0
    """The size of the input, as in ``Architecture``."""
    padding: int = 0
    """The token that stands for none."""
    max_tokens: int = 0
    """The cut, as the encoder's limit allows it; 0 where texts are not cut."""
    truncated: int = 0
    """Texts that are longer than that."""
    unknown: int = 0
    """Texts outside the training part without a single known word."""
    class_weights: tuple[float, ...] | None = None

    def texts(self, run: Run) -> list[str]:
        """All texts of the run, in the order of the rows; read without pandas, which would count as the framework's memory."""
        return list(json.loads(run.texts_file.read_text(encoding="utf-8")))

    def part(self, run: Run, name: str) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray | None]:
        """What the classifier takes of ``train``, ``validation`` or ``test``, memory-mapped; the labels; the lengths where rows are tokens.

        Raises ``RunError`` when the arrays are gone.
        """
        before = sum(len(self.rows[part]) for part in PARTS[: PARTS.index(name)])
        here = slice(before, before + len(self.rows[name]))
        try:
            arrays = tuple(np.load(file, mmap_mode="c")[here] for file in _input_files(run))
            lengths = np.load(run.lengths_file)[here] if run.lengths_file.exists() else None
        except (OSError, ValueError) as error:
            raise RunError(f"What this run prepared for its classifier is damaged ({error}). Resume it to prepare it again.") from error
        expected = 2 if run.read_experiment().family_member.takes == "terms" else 1
        if len(arrays) != expected or any(len(values) != len(self.rows[name]) for values in arrays):
            raise RunError("What this run prepared for its classifier is gone. Resume the run to prepare it again.")
        return arrays, self.labels[self.rows[name]], lengths


def _input_files(run: Run) -> list[Path]:
    """Return the arrays that are there, in their order."""
    files = (run.input_array(number) for number in itertools.count())
    return list(itertools.takewhile(Path.exists, files))


def save_arrays(run: Run, rows: dict[str, np.ndarray], arrays: tuple[np.ndarray, ...], lengths: np.ndarray | None = None) -> None:
    """Write what the classifier takes, the rows of each part side by side, so that a worker maps its part instead of copying it."""
    order = np.concatenate([rows[part] for part in PARTS])
    for number, values in enumerate(arrays):
        with draft_of(run.input_array(number)) as draft, draft.open("wb") as file:
            form = np.lib.format.header_data_from_array_1_0(values[:0])
            np.lib.format.write_array_header_1_0(file, form | {"shape": (len(order), *values.shape[1:]), "fortran_order": False})
            for start in range(0, len(order), CHUNK):
                file.write(np.ascontiguousarray(_reopened(values)[order[start : start + CHUNK]]).data)
    if lengths is not None:
        np.save(run.lengths_file, lengths[order])


def _reopened(values: np.ndarray) -> np.ndarray:
    """Map an array anew that is mapped: its pages count as this process's memory for as long as it has them mapped."""
    if not isinstance(values, np.memmap) or values.filename is None:
        return values
    return np.memmap(values.filename, values.dtype, "r", values.offset, values.shape)


def save_inputs(run: Run, inputs: Inputs, texts: list[str]) -> None:
    """Write the inputs; plain arrays and JSON, no pickles."""
    with draft_of(run.label_arrays) as draft:
        np.savez(draft, labels=inputs.labels, probe=inputs.probe_rows, **inputs.rows)  # type: ignore[arg-type]
    write_atomically(run.texts_file, json.dumps(texts))
    plain = {name: value for name, value in asdict(inputs).items() if name not in ("labels", "rows", "probe_rows")}
    write_atomically(run.inputs_file, json.dumps(plain))


def load_inputs(run: Run) -> Inputs:
    """The inverse of :func:`save_inputs`. Raises ``RunError`` when the folder is incomplete."""
    try:
        with np.load(run.label_arrays, allow_pickle=False) as arrays:
            plain = json.loads(run.inputs_file.read_text(encoding="utf-8"))
            names = {item.name for item in fields(Inputs)}
            plain = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items() if name in names}
            return Inputs(arrays["labels"], {part: arrays[part] for part in PARTS}, arrays["probe"], **plain)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"Run {run.identifier} lacks what its workers need ({error}) in {run.path.name}. Resume it to prepare the data again."
        ) from error
