"""Every error that a user can meet, in one small tree.

    ParityError
    ├── DataError          the file, its columns or its rows cannot be used
    │   └── UnsureError    the guess of its columns is not sure, and nobody has named them
    ├── ExperimentError    a setting is missing, unknown or out of range
    ├── EncoderError       the pre-trained model cannot be found, trusted or loaded
    ├── RunError           a run's folder is missing, damaged or in the wrong state
    ├── TrainingError      training itself failed (a loss that is not a number, no memory, a worker that died)
    └── MigrationError     a trained model, or a foreign file, cannot be carried across

A message answers four questions: what happened, what was expected, what was found, what to do. It is shown to the user as it
stands, so it never holds a traceback.
"""

from __future__ import annotations


class ParityError(Exception):
    """The root of the tree; catching it catches everything that the product explains by itself."""


class DataError(ParityError):
    """The file, its columns or its rows cannot be used as they are."""


class UnsureError(DataError):
    """The guess of the text and label columns is not sure, and nobody has named them."""


class ExperimentError(ParityError):
    """A setting is missing, unknown or out of range."""


class EncoderError(ParityError):
    """The pre-trained model cannot be found, trusted or loaded."""


class RunError(ParityError):
    """A run's folder is missing, damaged or in the wrong state for what was asked."""


class TrainingError(ParityError):
    """Training failed for a reason that the engine recognised."""


class MigrationError(ParityError):
    """A trained model, or a model file from elsewhere, cannot be carried across."""
