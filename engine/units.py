"""The units of recorded figures, as types: ``train_seconds: Seconds | None`` says in the code and in docs/results.md what is counted."""

from __future__ import annotations

from typing import Annotated

Seconds = Annotated[float, "seconds"]
Milliseconds = Annotated[float, "milliseconds"]
Timestamp = Annotated[float, "seconds since 1970, UTC"]
MiB = Annotated[float, "MiB (2²⁰ bytes)"]
GiB = Annotated[float, "GiB (2³⁰ bytes)"]
Megabytes = Annotated[float, "MB (10⁶ bytes)"]
Bytes = Annotated[int, "bytes"]
Share = Annotated[float, "share, 0 to 1"]
ShareDifference = Annotated[float, "share, −1 to 1"]
Loss = Annotated[float, "mean cross-entropy, nats"]
Logits = Annotated[float, "logits"]
Rows = Annotated[int, "rows"]
Tokens = Annotated[int, "tokens or words"]
DocumentsPerSecond = Annotated[float, "documents per second"]
