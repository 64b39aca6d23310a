"""The claims of “PyTorch vs TensorFlow” articles, how each is tested here, and the shape of what is found about one on this machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One row of the usual comparison, in our own words."""

    title: str
    pytorch: str
    """What the articles say of PyTorch, in a word or two."""
    tensorflow: str
    """What they say of TensorFlow and Keras."""
    sentence: str
    """The claim in full."""
    tested: str
    """How it is tested here, or why it cannot be."""
    filled_by: str = ""
    """The kind of study whose results fill it; empty where none does."""
    code: tuple[tuple[str, str], ...] = ()
    """The code of the experiment: files of the engine, and what each of them does."""

    @property
    def says(self) -> dict[str, str]:
        """What they say, by framework."""
        return {"pytorch": self.pytorch, "tensorflow": self.tensorflow}


@dataclass(frozen=True)
class Conclusion:
    """What is known about one claim; the Guide's rows, its cards and the chooser read it."""

    claim: str
    """One of ``CLAIMS``, also the anchor of its row on the Guide page."""
    source: str
    """One of ``SOURCES``."""
    figure: str
    """One line with units, or why there is none yet."""
    verdict: str
    """A few words; empty while nothing is known."""
    favours: str | None = None
    """The framework that it speaks for; ``None`` for neither, or while nothing is known."""


SOURCES = {
    "measured": "Measured here",
    "counted": "Counted here",
    "tried": "Tried here",
    "shown": "Shown here",
    "stated": "Stated, not measured here",
}
"""Where a conclusion comes from: the first four from this machine, the last from somebody else, who is named."""

TIMED = (
    ("engine/studies/benchmark/measure.py", "what is measured, how often, and when two medians count as equal"),
    ("engine/frameworks/pytorch/training.py", "the training that is timed, in PyTorch"),
    ("engine/frameworks/tensorflow/training.py", "the same in TensorFlow"),
)
COUNTED = (
    ("engine/source/syntax_counts.py", "what counts as a line, a statement, a name"),
    ("engine/source/concepts.py", "what counts as a concept, and how it is recognised"),
)

CLAIMS = {
    "training-speed": Claim(
        "Training speed",
        "Comparable",
        "Comparable",
        "Both train about equally fast, for both are well optimised.",
        "The same classifier on the same batches in both, one at a time on an otherwise idle machine: the median time of a step, repeated, "
        "in matched mode, with each framework’s defaults, and compiled. Equal means that the whole 90 % interval of the ratio lies within "
        "the margin, as two one-sided tests at 5 % demand; faster, that its 95 % interval lies wholly beyond.",
        "benchmark",
        TIMED,
    ),
    "inference-speed": Claim(
        "Answering on a processor",
        "Comparable",
        "Comparable",
        "Once trained, both answer about equally fast on a CPU.",
        "The same weights and the same texts in both: the time of a batch, and of a single text, without a GPU.",
        "benchmark",
        (*TIMED[:1], ("engine/frameworks/pytorch/inference.py", "answering, in PyTorch"),
         ("engine/frameworks/tensorflow/inference.py", "the same in TensorFlow")),
    ),
    "memory": Claim(
        "Memory",
        "Similar",
        "Similar",
        "Both need about the same memory.",
        "The largest memory of each worker’s process, as the system counts it: one process for each framework, so nothing is mixed up.",
        "benchmark",
        (*TIMED[:1], ("engine/workers/meters.py", "where the largest memory of a process is read")),
    ),
    "gpu-utilisation": Claim(
        "Use of a GPU",
        "Excellent",
        "Excellent",
        "Both keep a GPU busy.",
        "The share of time in which the GPU computes while a classifier trains, and the energy that it takes. It needs a GPU that both "
        "frameworks see. No number makes a share “excellent”, so the two are only compared.",
        "benchmark",
        TIMED,
    ),
    "negligible-difference": Claim(
        "The difference in performance",
        "Negligible",
        "Negligible",
        "For most purposes the difference in performance may be ignored.",
        "Concluded from every comparison of the benchmark, times and memory alike: how many are equal within the margin, and how large the "
        "largest difference is.",
        "benchmark",
        TIMED[:1],
    ),
    "learning-curve": Claim(
        "Learning curve",
        "Moderate",
        "Easier, with Keras",
        "Keras is easier to learn, PyTorch takes longer.",
        "What there is to know, counted in the code that ran: distinct names of the framework, and concepts that its reader must have met. "
        "Once in the least code that trains a classifier, once in the five classifiers of this product, in which everything is under "
        "control.",
        "",
        COUNTED,
    ),
    "syntax": Claim(
        "Syntax",
        "More explicit",
        "More abstracted",
        "PyTorch spells a training out, Keras hides it behind fewer words.",
        "What there is to write, counted in the same code: lines and statements, stage by stage.",
        "",
        COUNTED,
    ),
    "debugging": Claim(
        "Debugging",
        "Excellent, like Python",
        "Good, when eager",
        "Errors are easier to find in PyTorch, because it runs line by line.",
        "Eleven classic mistakes, each really made in both frameworks: whether it is caught, when, and whether the message leads to the "
        "line that is wrong.",
        "museum",
        (("engine/studies/mistakes.py", "what becomes of a mistake, and how that is judged"),
         ("engine/frameworks/pytorch/mistakes.py", "the mistakes, in PyTorch"),
         ("engine/frameworks/tensorflow/mistakes.py", "the same in TensorFlow")),
    ),
    "production": Claim(
        "Production",
        "Good, with TorchServe",
        "Excellent, with TF Serving",
        "TensorFlow is the one to deploy.",
        "No service is put into operation here. What bears on one is measured elsewhere on this page: how long a framework takes to load, "
        "and to answer one text. The Export page writes a run’s models as files, lets each file’s own runtime answer the test texts, "
        "and packs them for TensorFlow Serving, TorchServe, an HTTP server and SageMaker.",
        "benchmark",
        (("engine/workers/latency.py", "how a single answer is timed"),
         ("engine/workers/jobs/export.py", "how a file is written and checked"),
         ("engine/serving/bundles.py", "what each serving bundle holds")),
    ),
    "mobile": Claim(
        "Mobile and edge",
        "Good, with PyTorch Mobile",
        "Excellent, with TF Lite",
        "TensorFlow is the one for telephones and small devices.",
        "There is no telephone here. The Export page writes a run’s models for one, as ExecuTorch and as LiteRT, and lets these runtimes "
        "answer the test texts on this machine: that the file is right is shown, how fast it is on a telephone is not.",
        "",
        (("engine/frameworks/pytorch/formats.py", "the files of PyTorch, ExecuTorch’s among them"),
         ("engine/frameworks/tensorflow/formats.py", "the files of TensorFlow, LiteRT’s among them")),
    ),
    "research": Claim(
        "Research",
        "Dominant",
        "Growing",
        "New ideas appear in PyTorch first.",
        "What papers use cannot be measured here. What can be counted is for how many families of models the libraries that are installed "
        "hold an implementation: transformers, which needs PyTorch, and KerasHub.",
        "",
        (("engine/guide/ecosystem.py", "which files of the installed libraries are counted"),),
    ),
    "community": Claim(
        "Community",
        "Large, in research",
        "Large, in industry",
        "Both have many people who help.",
        "Not measurable here: it would take data about people. Who stands behind each is stated.",
    ),
    "real-world-use": Claim(
        "Real-world use",
        "Papers, language and vision",
        "Large systems, mobile, edge",
        "PyTorch rules in research, TensorFlow in operation.",
        "Not measurable here. What a large provider of machines and a large library say of their support is stated.",
    ),
    "migration": Claim(
        "Moving between the two",
        "To TensorFlow, over ONNX",
        "To PyTorch, less common",
        "A model that was trained in one can often be converted for the other.",
        "The audit carries trained weights across under neutral names, in both directions, and compares the answers. The "
        "Migrate page carries a run’s own model across: by its weights, over ONNX, or as a Hugging Face folder.",
        "audit",
        (("engine/studies/audit.py", "the audit, with the transfers at its end"),
         ("engine/shared/weights/initial.py", "the neutral names and layouts of the weights"),
         ("engine/workers/jobs/migrate.py", "the three routes by which a run’s model is carried across")),
    ),
}  # fmt: skip
"""The claims in the order of the page. The keys are the anchors of its rows."""

GROUPS = {
    "How fast, how large": ("training-speed", "inference-speed", "memory", "gpu-utilisation", "negligible-difference"),
    "What it asks of you": ("learning-curve", "syntax", "debugging"),
    "What stands around it": ("production", "mobile", "research", "community", "real-world-use", "migration"),
}
"""The claims under three headings."""
