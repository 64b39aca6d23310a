"""What one framework's finished training came to: ``outcome.json`` in its folder, written by its worker and kept while the other fails."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.units import Bytes, DocumentsPerSecond, Loss, MiB, Milliseconds, Seconds, Share


@dataclass(frozen=True)
class Latency:
    """How long the trained model takes from text to probabilities, measured while the other framework is suspended."""

    single_p50: Milliseconds | None = None
    """One text at a time: half of the calls are faster."""
    single_p95: Milliseconds | None = None
    """One text at a time: 95 % of the measured calls are faster."""
    encode_single_p50: Milliseconds | None = None
    """The part of one call that turns the text into what the classifier takes; the median."""
    classify_single_p50: Milliseconds | None = None
    """The part of one call that the classifier itself takes; the median."""
    singles: int | None = None
    """Calls with one text that were measured: as many as it takes to know the median, 20 at least; none for an older run."""
    batch_p50: Milliseconds | None = None
    """A whole batch at once: half of the calls are faster."""
    batch_p95: Milliseconds | None = None
    """A whole batch at once: 95 % of the measured calls are faster; none where fewer than 20 were measured."""
    batches: int | None = None
    """Calls with a batch that were measured, 5 at least; none for an older run."""
    batch_size: int | None = None
    """Texts in that batch."""


@dataclass(frozen=True)
class Outcome:
    """The times, memory and losses of one framework's training. Only time inside its own turns counts."""

    train_seconds: Seconds | None = None
    """Training inside turns, without the first step and without validation."""
    first_step_seconds: Seconds | None = None
    """The first step beyond an ordinary one: tracing, compilation and warm-up."""
    validation_seconds: Seconds | None = None
    """All passes over the validation texts together."""
    documents_per_second: DocumentsPerSecond | None = None
    """Training texts per second, the first report of each turn left out where the training is long enough."""
    step_milliseconds_p50: Milliseconds | None = None
    """The median step; none where the training was too short for a steady part."""
    steps: int | None = None
    """Steps of the optimizer."""
    epoch_train_loss: tuple[Loss, ...] = ()
    """The mean training loss of each finished epoch."""
    epoch_validation_loss: tuple[Loss, ...] = ()
    """The loss on the validation texts after each epoch."""
    epoch_validation_accuracy: tuple[Share, ...] = ()
    """The accuracy on the validation texts after each epoch."""
    import_seconds: Seconds | None = None
    """Loading the framework and what trains and answers with it, in the process that trained: while both were loaded, or long before."""
    rss_after_import_mib: MiB | None = None
    """Resident memory of the worker right after that."""
    peak_rss_mib: MiB | None = None
    """The memory after import and the growth together. An encoder that the process had loaded before does not count."""
    train_growth_mib: MiB | None = None
    """The largest resident memory from building the model until the evaluation had ended, beyond that right before: model, data,
    training, and pages of the libraries that are used for the first time; those are fewer where the framework had been loaded long before,
    and the sample's model grew by some 10 to 30 MiB less there. Where the system cannot begin its count anew (all but Linux) the largest of
    the whole process."""
    gpu_memory_mib: MiB | None = None
    """The largest amount of GPU memory that the framework held; none on a CPU."""
    parameters: int | None = None
    """Numbers that are trained; an encoder counts where it is trained along."""
    model_bytes: Bytes | None = None
    """The size of the saved weights; a frozen encoder is not part of them."""
    best_epoch: int | None = None
    """The epoch whose weights were kept, counted from 1: that of the lowest validation loss."""
    stop_reason: str = ""
    """Why the training ended: ``finished``, ``early``, ``stopped`` or ``diverged``."""
    device: str = ""
    """``cpu``, or the name of the GPU."""
    threads: int | None = None
    """Threads of the framework."""
    latency_ms: Latency = field(default_factory=Latency)
    """How fast the trained model answers; unknown until that has been measured, after all else."""

    @property
    def timed(self) -> bool:
        """Whether the trained model's answers have been timed, with which all is finished."""
        return self.latency_ms.single_p50 is not None
