"""What a reader of framework code has to know, and by which syntax or name it is recognised.

The table is a choice: another author would draw some lines elsewhere, and the counts would move by a few. It is the same table for both
frameworks, and an entry that both have a form of names both forms.

Patterns are those of file names (``fnmatchcase``). They are held against full names (``torch.nn.Linear``), against methods and attributes
of values (``.backward``), and against what stands in the source (``optimizer.step``).
"""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Concept:
    """One thing to know. It is met where any of its marks is found."""

    title: str
    meaning: str
    names: tuple[str, ...] = ()
    """Patterns of names that are used, other than as a base class."""
    keywords: tuple[str, ...] = ()
    """Arguments that are given by name."""
    bases: tuple[str, ...] = ()
    """Patterns of base classes."""
    defines: tuple[str, ...] = ()
    """Methods that a class defines."""
    loops_over: tuple[str, ...] = ()
    """Patterns of names within a ``for`` statement."""
    syntax: tuple[type[ast.AST], ...] = ()


FRAMEWORK_CLASSES = ("torch.*", "transformers.*", "keras.*", "keras_hub.*", "tensorflow.*")

CONCEPTS = {
    # --- The language ---
    "inheritance": Concept("Inheritance", "A class extends one of the framework.", bases=FRAMEWORK_CLASSES),
    "context-manager": Concept("Context manager", "with: something holds for a block of lines.", syntax=(ast.With,)),
    "decorator": Concept("Decorator", "@: a function is wrapped where it is defined."),
    "generator": Concept(
        "Generator", "Values are made one at a time, when they are asked for.", syntax=(ast.Yield, ast.YieldFrom, ast.GeneratorExp)
    ),
    "function-value": Concept("Functions as values", "A function is made and handed on, with what it remembers.", syntax=(ast.Lambda,)),
    "unpacking": Concept("Unpacked arguments", "* and **: arguments come from a list or a dictionary.", syntax=(ast.Starred,)),
    # --- Values ---
    "tensors": Concept(
        "Tensors and arrays",
        "Values go from NumPy into the framework and back.",
        names=("torch.from_numpy", "torch.tensor", "tensorflow.constant", "tensorflow.convert_to_tensor", ".numpy"),
    ),
    "number-types": Concept(
        "Number types",
        "Precisions do not mix, or are converted by hand.",
        names=(".dtype", "tensorflow.cast", "keras.ops.cast", "keras.config.*", "torch.get_default_dtype", ".long"),
        keywords=("dtype",),
    ),
    "devices": Concept(
        "Device placement",
        "A value lies in the memory of one device, and moves.",
        names=("torch.device", "tensorflow.device", ".device", ".to", ".cpu"),
    ),
    "in-place": Concept(
        "Changing values in place",
        "A tensor or variable gets other contents.",
        names=("tensorflow.Variable", ".assign", ".assign_*", ".copy_", ".zero_", ".scatter_add_", "torch.nn.init.*"),
    ),
    "axes": Concept("Order of the axes", "Which axis comes first differs, and is turned.", names=(".T", ".permute", ".transpose")),
    "masks": Concept(
        "Padding and masks",
        "Texts of one batch are filled up, and the filling must not count.",
        names=(
            "torch.nn.utils.rnn.*",
            "torch.nn.functional.pad",
            "tensorflow.pad",
            "tensorflow.sequence_mask",
            "keras.ops.pad",
            "keras.utils.pad_sequences",
        ),
        keywords=("mask", "mask_zero", "attention_mask", "padding_mask"),
    ),
    # --- The model ---
    "layers": Concept(
        "Layers and their parameters",
        "Which layer computes what, and its settings.",
        names=("torch.nn.[A-Z]*", "keras.layers.[A-Z]*", "keras_hub.layers.*"),
    ),
    "layers-in-a-row": Concept("Layers in a row", "A model as a list of layers.", names=("torch.nn.Sequential", "keras.Sequential")),
    "symbolic-model": Concept(
        "Symbolic inputs", "Layers are connected before there are data, then closed to a model.", names=("keras.Input", "keras.Model")
    ),
    "own-computation": Concept("A layer’s own computation", "forward or call: what happens with a batch.", defines=("forward", "call")),
    "output-shapes": Concept("Output shapes told in advance", "A layer says what comes out.", defines=("compute_output_shape",)),
    "reaching-weights": Concept(
        "Reaching into a model",
        "Layers and weights by name, by number, as a dictionary.",
        names=(
            ".state_dict",
            ".load_state_dict",
            ".get_submodule",
            ".get_parameter",
            ".parameters",
            ".modules",
            ".get_layer",
            ".set_weights",
            ".get_weights",
            ".trainable_variables",
        ),
    ),
    "pre-trained": Concept(
        "Pre-trained models", "An encoder by its name or folder, with its options.", names=("transformers.*", "keras_hub.models.*")
    ),
    "random-state": Concept(
        "State of the random numbers", "It must be kept for a training to go on.", names=("torch.[gs]et_rng_state", "model.variables")
    ),
    # --- The training ---
    "differentiation": Concept(
        "Automatic differentiation", "Gradients of what was computed.", names=(".backward", "tensorflow.GradientTape")
    ),
    "gradient-reset": Concept("Setting gradients back", "They add up until they are.", names=(".zero_grad",)),
    "optimizer-step": Concept("The optimizer’s step", "Gradients change the weights.", names=("optimizer.step", ".apply_gradients")),
    "training-loop": Concept(
        "The training loop written out", "Epochs, batches, and what happens in each.", loops_over=(".backward", ".apply_gradients")
    ),
    "compile-and-fit": Concept(
        "Training that is handed over",
        "compile says how, fit does it, evaluate measures.",
        names=(".compile", "model.fit", "model.evaluate"),
    ),
    "callbacks": Concept(
        "Callbacks", "What is to happen within fit is an object with agreed names.", bases=("keras.callbacks.*",), keywords=("callbacks",)
    ),
    "optimizers": Concept(
        "Optimizers and their constants", "Adam, AdamW, and their numbers.", names=("torch.optim.[A-Z]*", "keras.optimizers.[A-Z]*")
    ),
    "own-optimizer": Concept("Inside an optimizer", "Its update is written anew.", bases=("keras.optimizers.[A-Z]*", "torch.optim.[A-Z]*")),
    "learning-rate": Concept(
        "A learning rate that changes",
        "A rule gives the rate of each step.",
        names=("torch.optim.lr_scheduler.*", "keras.optimizers.schedules.*"),
        bases=("keras.optimizers.schedules.*",),
    ),
    "weight-decay": Concept(
        "Weight decay", "Which weights shrink, and which do not.", names=(".exclude_from_weight_decay",), keywords=("weight_decay",)
    ),
    "clipping": Concept(
        "Gradient clipping",
        "Gradients are kept from growing too long.",
        names=("torch.nn.utils.clip_grad_norm_", "tensorflow.linalg.global_norm", ".global_clipnorm"),
    ),
    "loss-on-logits": Concept(
        "Loss on logits",
        "Whether the loss expects logits or probabilities.",
        names=("torch.nn.functional.cross_entropy", "torch.nn.CrossEntropyLoss", "keras.losses.*"),
        keywords=("from_logits",),
    ),
    "softmax": Concept(
        "From logits to probabilities", "The softmax, and over which axis.", names=("torch.softmax", "tensorflow.nn.softmax")
    ),
    "metrics": Concept("Metrics by name", "What is to be measured along the way.", keywords=("metrics",)),
    "modes": Concept(
        "Training and answering mode",
        "Some layers behave differently in each.",
        names=("model.train", ".eval"),
        keywords=("training",),
    ),
    "gradients-off": Concept(
        "Parts without gradients",
        "What is not to learn, or not to be remembered.",
        names=("torch.no_grad", "torch.inference_mode", ".detach", ".requires_grad*", ".trainable"),
        keywords=("trainable",),
    ),
    "data-pipeline": Concept(
        "Data pipelines", "An object that gives out batches.", names=("torch.utils.data.*", "tensorflow.data.*", ".prefetch")
    ),
    "graphs": Concept(
        "Graphs and compilation",
        "A function is traced once, for inputs of declared shapes.",
        names=("tensorflow.function", "tensorflow.TensorSpec", "torch.compile"),
        keywords=("jit_compile", "input_signature"),
    ),
    "several-steps": Concept("Several steps in one call", "fit leaves Python more rarely.", keywords=("steps_per_execution",)),
    "mixed-precision": Concept("Mixed precision", "Most of a step in half precision.", names=("torch.autocast", "keras.mixed_precision.*")),
}
"""The concepts under short keys, from the language to the training."""
