"""The table of what PyTorch and Keras do differently by default: what each does, what matched mode does, why, and which line sets it.

Sources: the documentation and the installed source of the pinned versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Place(NamedTuple):
    """The place in the source where a choice is made."""

    file: str
    """The file, for example ``engine/frameworks/pytorch/training.py``."""
    name: str
    """The function, class or constant in it."""
    words: str
    """How the line can be recognised; the first line of the definition that holds them."""


@dataclass(frozen=True)
class Difference:
    """One choice that the two frameworks make differently."""

    key: str
    title: str
    pytorch: str
    """What PyTorch does unless told otherwise."""
    keras: str
    """What Keras does unless told otherwise."""
    matched: str
    """What both do in matched mode."""
    why: str
    """One sentence on what it changes."""
    aspect: str | None
    """The choice of ``Recipe.own`` that leaves it to the frameworks; ``None`` where it is equal in every mode."""
    code: dict[str, Place]
    """The line that sets it, by framework; empty where nothing is set, because no classifier has the thing."""
    concerns: tuple[str, ...] = ()
    """Names of classifiers; empty for all of them."""

    def default(self, framework: str) -> str:
        """Return what a framework does unless told otherwise."""
        return self.pytorch if framework == "pytorch" else self.keras


def in_both(file: str, name: str, words: str) -> dict[str, Place]:
    """Return one place for both frameworks, which the same line serves."""
    return dict.fromkeys(("pytorch", "tensorflow"), Place(file, name, words))


def in_each(file: str, pytorch: tuple[str, str], tensorflow: tuple[str, str]) -> dict[str, Place]:
    """Return a line of the same file in each wing: (name, words) in either."""
    return {
        "pytorch": Place(f"engine/frameworks/pytorch/{file}", *pytorch),
        "tensorflow": Place(f"engine/frameworks/tensorflow/{file}", *tensorflow),
    }


WORDS = ("text-cnn", "bi-lstm")
DRAWS = "engine/shared/weights/initial.py"

DIFFERENCES = (
    Difference(
        "weights",
        "Weights of dense layers and convolutions",
        "Kaiming with a = √5: uniform within ±1/√inputs",
        "Glorot: uniform within ±√(6 / (inputs + outputs))",
        "one NumPy draw (Glorot), loaded into both",
        "Training that starts elsewhere is another run: two draws lead to two models even when everything else is equal.",
        "initialiser",
        in_both(DRAWS, "_draw", "limit = np.sqrt"),
    ),
    Difference(
        "biases",
        "Biases of dense layers and convolutions",
        "uniform within ±1/√inputs",
        "zero",
        "zero in both",
        "Random biases make an untrained model favour some classes, zeros favour none; the first steps undo it.",
        "bias",
        in_both(DRAWS, "dense_weights", "Weight((outputs,))"),
    ),
    Difference(
        "embedding",
        "Word vectors",
        "normal with deviation 1",
        "uniform within ±0.05",
        "one NumPy draw, uniform within ±0.25",
        "PyTorch's vectors begin about 35 times as long as Keras's, so one step of Adam turns them that much less.",
        "initialiser",
        in_both(DRAWS, "_draw", "generator.uniform(-0.25"),
        WORDS,
    ),
    Difference(
        "lstm_weights",
        "LSTM weights",
        "uniform within ±1/√units",
        "Glorot; orthogonal where the state is fed back",
        "one NumPy draw, orthogonal where the state is fed back",
        "An orthogonal matrix neither grows nor shrinks the state it is applied to again and again, so long texts keep their gradient.",
        "initialiser",
        in_both(DRAWS, "_draw", "np.linalg.qr"),
        ("bi-lstm",),
    ),
    Difference(
        "lstm_biases",
        "LSTM biases",
        "two vectors, uniform within ±1/√units",
        "one vector: 1 for the forget gate, else zero",
        "one vector, 1 for the forget gate; PyTorch's second one stays zero",
        "PyTorch adds its two biases and trains both, which doubles their step; a forget gate that begins open remembers from the start.",
        "bias",
        {
            "pytorch": Place("engine/frameworks/pytorch/classifiers/bi_lstm.py", "build", '"bias"'),
            "tensorflow": Place(DRAWS, "_draw", "values[units : 2 * units] = 1.0"),
        },
        ("bi-lstm",),
    ),
    Difference(
        "attention_weights",
        "Attention weights",
        "Xavier over query, key and value as one matrix",
        "Glorot for each of the three",
        "the checkpoint's, in either mode",
        "One wide matrix is drawn within a narrower range than three square ones; fine-tuning draws none of them.",
        None,
        in_each("encoder.py", ("load_encoder", "AutoModel.from_pretrained("), ("load_encoder", "Backbone.from_preset(")),
        ("transformer",),
    ),
    Difference(
        "epsilon",
        "Adam's ε",
        "10⁻⁸, added after the bias correction",
        "10⁻⁷, added before it",
        "10⁻⁷, added after it",
        "It keeps the division by the gradient's size finite, and decides how far weights with tiny gradients move.",
        "epsilon",
        in_each("training.py", ("make_optimizer", '"eps": recipe.epsilon'), ("MatchedAdam", "+ epsilon")),
    ),
    Difference(
        "decay_form",
        "Weight decay given to plain Adam",
        "L2: added to the gradient",
        "decoupled: taken off the weight",
        "AdamW, decoupled, in either mode",
        "In the gradient, decay is divided by the gradient's size like the rest, so it hardly acts where gradients are large.",
        None,
        in_each("training.py", ("make_optimizer", "torch.optim.AdamW(groups"), ("make_optimizer", "optimizer = adam_with_decay(")),
    ),
    Difference(
        "weight_decay",
        "AdamW's weight decay",
        "0.01, of every weight",
        "0.004, of every weight",
        "the one that was asked for, of matrices only",
        "It pulls weights towards zero at every step; two and a half times the pull is another model after some epochs.",
        "weight_decay",
        in_each(
            "training.py", ("make_optimizer", "weight_decay=recipe.weight_decay"), ("make_optimizer", "weight_decay=recipe.weight_decay")
        ),
    ),
    Difference(
        "layer_norm",
        "ε of layer norms",
        "10⁻⁵",
        "10⁻³",
        "the checkpoint's, in either mode",
        "It is added to a variance; where that is small, a hundred times the ε changes what the layer gives on.",
        None,
        {
            "pytorch": Place("engine/frameworks/pytorch/encoder.py", "load_encoder", "AutoModel.from_pretrained("),
            "tensorflow": Place("engine/frameworks/tensorflow/checkpoint_repairs.py", "as_the_config_says", "layer.epsilon = epsilon"),
        },
        ("embedding-mlp", "transformer"),
    ),
    Difference(
        "batch_norm",
        "Batch norm",
        "momentum 0.1 of the new value, ε 10⁻⁵, unbiased running variance",
        "momentum 0.99 of the old value, ε 10⁻³, biased running variance",
        "avoided: no classifier here has one",
        "The two momenta mean opposite things, and running means that lag ten times as long give other answers in a test.",
        None,
        {},
    ),
    Difference(
        "clipping",
        "Clipping the gradient",
        "clip_grad_norm_: all gradients together",
        "clipnorm: each variable by itself",
        "all gradients together",
        "Clipped one by one, gradients lose their proportions, so a step no longer points the way that the loss falls.",
        "clipping",
        in_each("training.py", ("train", "clip_grad_norm_("), ("make_optimizer", '"clipnorm" if "clipping"')),
    ),
    Difference(
        "loss",
        "Cross-entropy",
        "takes logits",
        "takes probabilities and cuts them at 10⁻⁷",
        "takes logits",
        "A probability that is cut has no gradient, so a text that is badly wrong stops teaching.",
        "loss",
        {
            "pytorch": Place("engine/frameworks/pytorch/training.py", "make_loss", "return functional.cross_entropy"),
            "tensorflow": Place("engine/frameworks/tensorflow/training.py", "make_loss", "from_logits="),
        },
    ),
    Difference(
        "loss_weighting",
        "Mean of a weighted loss",
        "divided by the sum of the weights",
        "divided by the number of texts",
        "divided by the number of texts",
        "With class weights the two means differ from batch to batch, and with them the length of every step.",
        "loss_weighting",
        in_each("training.py", ("make_loss", "weights[targets]"), ("train", "class_weight=")),
    ),
    Difference(
        "loss_report",
        "Loss reported of an epoch",
        "hand-written loops average the batches' means",
        "weighted by the size of each batch",
        "weighted by the size of each batch",
        "It changes no weight, only the curve: a small last batch counts as much as a full one.",
        "loss_report",
        in_each("training.py", ("train", 'share = 1 if "loss_report"'), ("train", "model.fit(")),
    ),
    Difference(
        "validation_split",
        "Validation texts",
        "none are set aside",
        "validation_split: the last rows, before shuffling",
        "one stratified split, in either mode",
        "In a file that is sorted by label the last rows hold one class only, and the validation loss says nothing.",
        None,
        in_each("training.py", ("train", "evaluate(model, *validation)"), ("train", "validation_data=")),
    ),
    Difference(
        "shuffling",
        "Order of the texts",
        "DataLoader: as they come, one text a batch",
        "fit: shuffled, 32 texts a batch; once a seed is set, in the same order each epoch",
        "one order drawn with NumPy, the same batches in both",
        "Other batches are other gradients: after a few steps two runs have gone different ways.",
        "shuffling",
        in_each("training.py", ("make_batches", "_batches_of(inputs, labels, plan(epoch)"), ("SharedBatches", "self.order.assign(")),
    ),
    Difference(
        "leaky_relu",
        "Slope of LeakyReLU",
        "0.01",
        "0.3",
        "avoided: no classifier here has one",
        "Thirty times the slope lets thirty times as much of a negative answer through.",
        None,
        {},
    ),
    Difference(
        "gelu",
        "GELU",
        "exact, as the checkpoint says",
        "KerasHub’s BERT: the tanh form",
        "exact, as the checkpoint says",
        "The approximation is off by up to 0.0005 in each layer, which the next layers add up.",
        "gelu",
        {
            "pytorch": Place("engine/frameworks/pytorch/encoder.py", "load_encoder", "AutoModel.from_pretrained("),
            "tensorflow": Place("engine/frameworks/tensorflow/checkpoint_repairs.py", "as_the_config_says", '"gelu" not in own'),
        },
        ("transformer",),
    ),
    Difference(
        "dropout",
        "Dropout",
        "the checkpoint’s rate, from its own random stream",
        "the checkpoint’s rate, from its own random stream",
        "none in either",
        "Two random streams never drop the same numbers, so two models with dropout can be compared on average only.",
        "dropout",
        in_each("encoder.py", ("load_encoder", 'if "dropout" not in own'), ("load_encoder", 'settings["dropout"] = 0.0')),
        ("transformer",),
    ),
    Difference(
        "execution",
        "How the steps are executed",
        "eager: one operation after the other",
        "as a graph, one step a call; XLA where Keras deems it wise",
        "PyTorch eager; Keras as a graph, several steps a call, without XLA",
        "It changes speed and memory; a compiler may also add numbers up in another order, which moves the last digits.",
        "execution",
        in_each("training.py", ("train", "torch.compile(model)"), ("train", "jit_compile=")),
    ),
    Difference(
        "tf32",
        "TensorFloat-32 on newer NVIDIA cards",
        "off for matrix products",
        "on",
        "off in both",
        "It keeps 10 of 23 bits after the point: several times as fast, and 8,000 times as coarse.",
        "tf32",
        in_each("devices.py", ("use_device", "allow_tf32"), ("use_device", "enable_tensor_float_32_execution(")),
    ),
    Difference(
        "gpu_memory",
        "GPU memory",
        "grows as it is needed",
        "takes the whole card at once",
        "grows as it is needed, in either mode",
        "A framework that holds the whole card leaves none to the other, and its figure says nothing about the model.",
        None,
        {
            "pytorch": Place("engine/frameworks/pytorch/devices.py", "gpu_memory_mib", "max_memory_allocated"),
            "tensorflow": Place("engine/frameworks/tensorflow/devices.py", "use_device", "set_memory_growth("),
        },
    ),
)
"""The differences in the order in which a training meets them."""
