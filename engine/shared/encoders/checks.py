"""Refuses in a sentence, without a framework, what stands in a checkpoint that both wings cannot load, or would load differently."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError

from engine.errors import EncoderError
from engine.shared.encoders.hub import EXAMPLE
from engine.shared.encoders.places import hint_at_model
from engine.shared.encoders.stated import (
    ADDED,
    KINDS,
    LIMIT,
    NAMES,
    OBJECT,
    OPTIONAL_NAME,
    OPTIONAL_YES_OR_NO,
    REQUIRED_SIZE,
    RIGHT,
    WORD,
    YES_OR_NO,
    check_types,
    read_stated,
    require_content,
)
from engine.shared.encoders.tensors import (
    DEFAULTS,
    SIZES,
    Config,
    StoredTensor,
    expected_tensors,
    read_config,
    stored_tensors,
    weight_files,
)
from engine.shared.text.tokenizer_settings import SENTENCE_SETTINGS, SPECIAL_TOKENS

FAMILIES = ("bert", "distilbert", "roberta", "xlm-roberta", "albert")
"""The ``model_type`` values that both wings can load."""

UNSAFE_WEIGHTS = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "tf_model*.h5", "flax_model*.msgpack")
"""Weights in forms that are never read."""

ORDINARY = {"position_embedding_type": "absolute", "is_decoder": False, "add_cross_attention": False}
"""Settings of a ``config.json`` under which a model still is an encoder that both wings can compute."""

FLOATS = ("F64", "F32", "F16", "BF16")
"""The types of numbers that both wings load; others are those of quantised weights."""

OTHER_FORMS = {"*.gguf": "GGUF", "*.onnx": "ONNX", "onnx/*.onnx": "ONNX", "openvino/*.xml": "OpenVINO", "*.tflite": "TensorFlow Lite"}
"""Weights that are made for answering alone, and from which nothing can be trained."""

CLASSES = {
    "bert": ("Bert",), "distilbert": ("DistilBert",), "roberta": ("Roberta", "XLMRoberta"), "xlm-roberta": ("XLMRoberta", "Roberta"),
    "albert": ("Albert",),
}  # fmt: skip
"""How the names of transformers' classes begin for each family. Both RoBERTas compute the same."""

KERAS_ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu", "swish")
"""The activations of both wings."""

ACTIVATIONS = (*KERAS_ACTIVATIONS, "gelu_10", "gelu_fast", "gelu_python", "gelu_accurate", "laplace", "leaky_relu", "linear", "mish",
               "quick_gelu", "relu2", "relu6", "sigmoid", "tanh")  # fmt: skip
"""Those of the PyTorch wing: transformers' names."""

TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    *SENTENCE_SETTINGS,
)

TOKENIZER_KINDS = {
    "model_max_length": LIMIT, "do_lower_case": YES_OR_NO, "strip_accents": OPTIONAL_YES_OR_NO, "tokenize_chinese_chars": YES_OR_NO,
    "keep_accents": YES_OR_NO, "add_prefix_space": YES_OR_NO, "truncation_side": RIGHT,
    "tokenizer_class": OPTIONAL_NAME, "added_tokens_decoder": OBJECT, **dict.fromkeys(SPECIAL_TOKENS, WORD),
}  # fmt: skip


def check_config(folder: Path, name: str) -> Config:
    """What decides the computation, after everything about it, about the weights and the presence of a tokenizer has been checked."""
    stated = read_stated(folder, "config.json", name)
    if stated is None:
        raise EncoderError(
            f"{name} has no readable config.json in {folder}. {hint_at_model(folder)}Expected the folder of a BERT-family model, as "
            "Hugging Face publishes them."
        )
    family = stated.get("model_type")
    if family not in FAMILIES:
        said = f"is a model of type “{family}”, which the two frameworks cannot both load as an encoder"
        if family is None:
            said = "states no model_type in its config.json, so that nobody can tell which model it is"
        raise EncoderError(f"{name} {said}. Expected one of {', '.join(FAMILIES)}. Choose another model, for example {EXAMPLE}.")
    if not (folder / "model.safetensors").exists() and not (folder / "model.safetensors.index.json").exists():
        if (folder / "model.safetensors").is_symlink():
            require_content(folder / "model.safetensors", name)
        raise EncoderError(_why_no_weights(folder, name))
    _check_tokenizer_files(folder, name, family)
    _check_architecture(stated, name, family)
    kinds = dict.fromkeys(SIZES[family], REQUIRED_SIZE) | {key: KINDS[key] for key in DEFAULTS[family]} | {"architectures": NAMES}
    check_types(stated, kinds, "config.json", name)
    config = read_config(folder)
    _, hidden_size, layers, heads, _, _ = (config[key] for key in SIZES[family][:6])
    if hidden_size % heads:
        raise EncoderError(
            f"The config.json of {name} shares {hidden_size} numbers a word among {heads} attention heads. Expected a number of heads that "
            "divides them. Download the model again."
        )
    if family == "albert" and layers % config["num_hidden_groups"]:
        raise EncoderError(
            f"The config.json of {name} shares {layers} layers among {config['num_hidden_groups']} groups. Expected a number of groups "
            "that divides them. Download the model again."
        )
    activation = config.get("activation") or config["hidden_act"]
    if activation not in ACTIVATIONS:
        raise EncoderError(
            f"The config.json of {name} names the activation “{activation}”, which neither framework has. Expected one of "
            f"{', '.join(KERAS_ACTIVATIONS)}. Choose another model."
        )
    check_weights(folder, name, config)
    if config["pad_token_id"] >= config["vocab_size"]:
        raise EncoderError(
            f"The config.json of {name} pads with token {config['pad_token_id']}, of {config['vocab_size']} tokens. Expected the number of "
            "one of them. Download the model again."
        )
    return config


def _check_architecture(stated: Config, name: str, family: str) -> None:
    """That config.json describes the plain encoder of its family, with weights as they were trained."""
    unusual = next(((key, stated[key]) for key, usual in ORDINARY.items() if stated.get(key, usual) not in (usual, None)), None)
    if unusual:
        raise EncoderError(
            f"{name} calls itself a {family} model but sets {unusual[0]} to {unusual[1]}, which changes its computation in a way that "
            f"not both frameworks rebuild. Expected {ORDINARY[unusual[0]]}. Choose another model, for example {EXAMPLE}."
        )
    quantised = stated.get("quantization_config")
    if quantised is not None:
        method = quantised.get("quant_method") if isinstance(quantised, dict) else None
        raise EncoderError(_quantised(name, f"its config.json says so ({method or 'quantization_config'})"))
    code = stated.get("auto_map")
    if code is not None and (not isinstance(code, dict) or "AutoModel" in code):
        raise EncoderError(
            f"{name} brings code of its own (auto_map in its config.json), which is never run here. Expected a plain {family} model. "
            f"Choose another model, for example {EXAMPLE}."
        )
    classes = stated.get("architectures")
    if isinstance(classes, list) and classes and not any(str(entry).startswith(CLASSES[family]) for entry in classes):
        raise EncoderError(
            f"The config.json of {name} contradicts itself: model_type is {family}, and architectures names "
            f"{', '.join(map(str, classes))}. Expected a class whose name begins with {CLASSES[family][0]}. Choose another model, or "
            "correct what is wrong there."
        )


def _check_tokenizer_files(folder: Path, name: str, family: str) -> None:
    """That there is a tokenizer, and that the small files beside it hold what they may."""
    there = [file for file in TOKENIZER_FILES if (folder / file).exists() or (folder / file).is_symlink()]
    for file in there:
        require_content(folder / file, name)
    if "tokenizer.json" not in there and ("vocab.txt" not in there or family not in ("bert", "distilbert")):
        or_words = " (or vocab.txt)" if family in ("bert", "distilbert") else ""
        raise EncoderError(
            f"{name} has no tokenizer. Expected tokenizer.json{or_words} in {folder}; `AutoTokenizer.from_pretrained(…)"
            ".save_pretrained(folder)` of transformers writes it there."
        )
    check_types(read_stated(folder, "tokenizer_config.json", name) or {}, TOKENIZER_KINDS, "tokenizer_config.json", name)
    special = read_stated(folder, "special_tokens_map.json", name) or {}
    check_types(special, dict.fromkeys(SPECIAL_TOKENS, WORD), "special_tokens_map.json", name)
    added = read_stated(folder, "added_tokens.json", name) or {}
    check_types(added, dict.fromkeys(added, ADDED), "added_tokens.json", name)


def obstacle_for_keras_hub(name: str, config: Config) -> str | None:
    """Say where KerasHub would build another model than ``config.json`` describes; ``None`` where it builds the same."""
    family = config["model_type"]
    # KerasHub cuts two rows off the positions, which is right when padding is token 1, as in all published models.
    if family in ("roberta", "xlm-roberta") and config["pad_token_id"] != 1:
        return (
            f"{name} pads with token {config['pad_token_id']}. Expected 1: KerasHub counts the positions of a {family} model from there. "
            "Choose another model, or train with PyTorch alone."
        )
    activation = config.get("activation") or config["hidden_act"]
    if activation not in KERAS_ACTIVATIONS:
        return (
            f"{name} uses the activation “{activation}”, which Keras does not have in this form. Expected one of "
            f"{', '.join(KERAS_ACTIVATIONS)}. Choose another model, or train with PyTorch alone."
        )
    return None


def check_weights(folder: Path, name: str, config: Config) -> None:
    """Open the safetensors files, which compares their length with their header, and look for every tensor of the encoder in them.

    Reads no weights.
    """
    tensors = _stored(folder, name, config["model_type"])
    for tensor, shape in expected_tensors(config):
        if tensor not in tensors:
            raise EncoderError(_lacking(tensor, tensors, name, config["model_type"]))
        if tensors[tensor].shape != shape:
            said, are = (" × ".join(map(str, sizes)) for sizes in (shape, tensors[tensor].shape))
            raise EncoderError(
                f"The files of {name} do not belong together: config.json says {said} numbers for {tensor}, the weights have {are}. "
                "Download the model again."
            )
        if tensors[tensor].dtype not in FLOATS:
            raise EncoderError(_quantised(name, f"{tensor} holds numbers of the type {tensors[tensor].dtype}"))


def _stored(folder: Path, name: str, family: str) -> dict[str, StoredTensor]:
    """All tensors of all files, by their plain names."""
    index = "model.safetensors.index.json"
    if not (folder / "model.safetensors").exists() and (folder / index).exists():
        parts = (read_stated(folder, index, name) or {}).get("weight_map")
        if not isinstance(parts, dict) or not all(isinstance(part, str) and part == Path(part).name for part in parts.values()):
            raise EncoderError(
                f"{index} of {name} names no files of weights. Expected a weight_map with the file of each tensor. Download the model "
                "again."
            )
    tensors: dict[str, StoredTensor] = {}
    for file in weight_files(folder):
        try:
            if (folder / file).exists():
                require_content(folder / file, name)
            found = stored_tensors(folder / file, family)
        except FileNotFoundError as error:
            raise EncoderError(
                f"{name} lacks {file}, which its index names. Expected all parts of the weights in {folder}; download the model again."
            ) from error
        except (SafetensorError, OSError) as error:
            raise EncoderError(
                f"The weights of {name} are damaged: {file} ({error}). Expected a complete safetensors file in {folder}; download the "
                "model again."
            ) from error
        if twice := sorted(tensors.keys() & found.keys()):
            raise EncoderError(
                f"The weights of {name} hold {twice[0]} twice, in {file} and in another file. Expected each tensor once, so that both "
                "frameworks load the same. Download the model again."
            )
        tensors |= found
    return tensors


def _lacking(tensor: str, tensors: Mapping[str, StoredTensor], name: str, family: str) -> str:
    packed = next((plain for plain in tensors if plain.endswith((".qweight", ".weight_packed", ".weight_scale", ".SCB"))), None)
    if packed:
        return _quantised(name, f"its weights hold {packed}")
    other = next((plain for plain in tensors if plain.endswith(f".{tensor}")), None)
    named = f" There is one called {other}: the model was saved within another." if other else ""
    return (
        f"The weights of {name} lack {tensor}.{named} Expected every tensor of the {family} encoder that its config.json describes. "
        "Download the model again, or choose another."
    )


def _quantised(name: str, sign: str) -> str:
    return (
        f"{name} has quantised weights: {sign}. Expected weights in float32, float16 or bfloat16, as the model was trained: quantised ones "
        "cannot be trained, and not both frameworks compute with them. Choose the model that was quantised, or one that was not."
    )


def _why_no_weights(folder: Path, name: str) -> str:
    convert = "`AutoModel.from_pretrained(…).save_pretrained(folder)` of transformers writes it"
    if any(path for pattern in UNSAFE_WEIGHTS for path in folder.glob(pattern)):
        return (
            f"{name} comes with pickled or HDF5 weights only, which are never loaded here because a pickle can run code. Expected "
            f"model.safetensors. Convert it once where you trust it: {convert}."
        )
    form = next((form for pattern, form in OTHER_FORMS.items() if any(folder.glob(pattern))), None)
    if form:
        return (
            f"{name} comes as {form} only, a form for answering from which nothing can be trained. Expected model.safetensors. Choose the "
            "model from which it was made."
        )
    return (
        f"{name} has no model.safetensors in {folder}. {hint_at_model(folder)}Expected weights in that form; download the model "
        f"again or choose another. If it is published without that file, convert it once where you trust it: {convert}."
    )
