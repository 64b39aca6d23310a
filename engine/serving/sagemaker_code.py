"""``train.py`` and ``inference.py`` of a SageMaker bundle: the run's standalone script, changed for what SageMaker hands in and calls.

Like ``engine.source.script_main`` this is text, not code of this process; the tests run the result.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from engine import FRAMEWORK_NAMES
from engine.runs.folder import Run
from engine.serving.templates_folder import template
from engine.shared.syntax import parse
from engine.source.script_main import INPUT_SIZE, Parts, classifier_lines, main_source
from engine.source.scripts import Purpose, standalone_script

HANDING_IN, REQUEST_TEXTS = "sagemaker/handing_in.py", "request_texts.py"

HYPER_PARAMETERS = (
    "epochs", "patience", "batch_size", "learning_rate", "weight_decay", "clip_norm", "seed", "max_tokens", "vocabulary_size",
    "hidden_units", "embedding_size", "filters",
)  # fmt: skip
"""Settings that become arguments of ``train.py``, those of them that concern the classifier."""

ENCODER_BESIDE = 'return Path(__file__).resolve().parent / "encoder"'
"""The body of ``find_encoder``: a training job may have no network, so the bundle brings the encoder along."""

GUARD = "\n\n\nif __name__"


def train_source(run: Run, framework: str) -> str:
    """``train.py``. Raises ``RunError`` or ``EncoderError`` when the run's folder is incomplete."""
    experiment = run.read_experiment()

    def hand_in(parts: Parts, settings: str) -> str:
        known = {node.id for node in ast.walk(parse(settings)) if isinstance(node, ast.Name)}
        names = [name for name in HYPER_PARAMETERS if name.upper() in known]
        lines = ["ARGUMENTS = read_arguments(", "    {", *(f'        "{name}": {name.upper()},' for name in names), "    }", ")"]
        lines += [f"{name.upper()} = ARGUMENTS.{name}" for name in names]
        lines += [
            'DEVICE = "gpu" if ARGUMENTS.num_gpus else "cpu"',
            'DATA_FILE = ARGUMENTS.training / "data.csv"',
            "MODEL_FOLDER = ARGUMENTS.model_dir",
            'WEIGHTS_FILE = MODEL_FOLDER / "model.safetensors"',
            'PREDICTIONS_FILE = MODEL_FOLDER / "predictions.csv"',
            "TRAINING_ROWS = training_rows(DATA_FILE)",
        ]
        if "DECAY_STEPS" in known:
            lines.append("DECAY_STEPS = EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE)")
        if "WARMUP_STEPS" in known:
            lines.append(f"WARMUP_STEPS = round(EPOCHS * math.ceil(TRAINING_ROWS / BATCH_SIZE) * {experiment.warmup_share})")
        return "\n".join(lines)

    purpose = Purpose(
        f"Trains the {FRAMEWORK_NAMES[framework]} classifier of run {run.identifier} as a job of SageMaker (script mode).\n\n"
        "It reads data.csv from SM_CHANNEL_TRAINING, writes the model to SM_MODEL_DIR and takes hyper-parameters as arguments.\n"
        "It needs Python 3.11 or later and:",
        training_main,
        lambda _, settings: without(settings, {"THREADS"}),
        hand_in,
        "What SageMaker hands in",
        {HANDING_IN: template(HANDING_IN)},
        tuple((HANDING_IN, name) for name in ("read_arguments", "training_rows", "save_for_serving")),
    )
    return standalone_script(run, framework, purpose)


def training_main(parts: Parts) -> str:
    """The main of the standalone script, which saves all that serving needs in the end."""
    main, guard = main_source(replace(parts, finding=ENCODER_BESIDE)).rsplit(GUARD, 1)
    facts = {"labels": "classes", "input_size": INPUT_SIZE[parts.member.takes]}
    facts |= {name: name.upper() for name in (*parts.sizes, *(["max_tokens"] if parts.member.concerns("max_tokens") else []))}
    vocabulary = {"terms": "terms.to_json()", "words": "tokenizer.to_str()"}.get(parts.member.takes, "None")
    lines = ["facts = {", *(f'    "{name}": {value},' for name, value in facts.items()), "}"]
    lines.append(f"save_for_serving(MODEL_FOLDER, facts, {vocabulary})")
    return main + "\n\n    " + "\n    ".join(lines) + GUARD + guard


def inference_source(run: Run, framework: str) -> str:
    """``inference.py`` with SageMaker's four functions. Raises ``RunError`` or ``EncoderError`` when the run's folder is incomplete."""
    purpose = Purpose(
        f"Answers with the {FRAMEWORK_NAMES[framework]} classifier of run {run.identifier} in SageMaker.\n\n"
        "SageMaker calls model_fn once, then input_fn, predict_fn and output_fn for each request.\n"
        "It needs Python 3.11 or later and:",
        serving_main,
        lambda _, settings: only(settings, {"POOLING", "NORMALIZE", "PADDING", "OWN"}),
        lambda *_: "",
        files={REQUEST_TEXTS: template(REQUEST_TEXTS)},
        names=((REQUEST_TEXTS, "input_fn"), (REQUEST_TEXTS, "output_fn")),
    )
    return standalone_script(run, framework, purpose)


PREPARE = {
    "vectors": """
    encoder, tokenizer = load_encoder(folder / "encoder", kind), load_tokenizer(folder / "encoder", facts["max_tokens"])

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:
        return (encode(encoder, tokenizer, some, POOLING, NORMALIZE{windows}),), None  # (texts, hidden_size)""",
    "terms": """
    terms = Terms.from_json((folder / "vocabulary.json").read_text(encoding="utf-8"))

    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], None]:
        return terms.rows(some), None  # term numbers and their shares, each (texts, longest)""",
    "words": """
    tokenizer = load_words((folder / "vocabulary.json").read_text(encoding="utf-8"))
""",
    "pieces": """
    tokenizer = load_tokenizer(folder / "encoder", facts["max_tokens"])
""",
}
TOKENS = """
    def prepare(some: list[str]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        tokens = token_rows(tokenizer, some, facts["max_tokens"], windows={over_windows}, padding=PADDING)
        return (tokens.ids,), tokens.lengths"""
"""By what the classifier takes; as in training, from the files that training has left."""

SERVING = '''def model_fn(model_dir: str) -> Any:
    """The trained classifier: a function from texts to answers. SageMaker has unpacked model.tar.gz into ``model_dir``."""
    folder = Path(model_dir)
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    labels = facts["labels"]
    kind = "gpu" if int(os.environ.get("SM_NUM_GPUS") or 0) else "cpu"
    device = use_device(kind)
{prepare}

    {build}

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        probabilities, _, _ = classify(texts, prepare, model, device)
        return [
            {{"label": labels[int(shares.argmax())], "probabilities": dict(zip(labels, shares.astype(float).tolist(), strict=True))}}
            for shares in np.asarray(probabilities)
        ]

    return answer


def predict_fn(texts: list[str], model: Any) -> list[dict[str, Any]]:
    """Label and probabilities of each text."""
    return model(texts)'''


def serving_main(parts: Parts) -> str:
    """``model_fn`` and ``predict_fn``, of what this classifier needs and no more."""
    takes = parts.member.takes
    prepare = (PREPARE[takes] + (TOKENS if parts.member.sequences else "")).format(
        windows=", windows=True" if parts.windows else "", over_windows=parts.over_windows
    )
    sizes = {"num_classes": "len(labels)", "input_size": 'facts["input_size"]'} | {name: f'facts["{name}"]' for name in parts.sizes}
    build = [
        *classifier_lines(parts, sizes, 'folder / "encoder"'),
        'load_weights(classifier, folder / "model.safetensors", load_neutral)',
        "model = over_windows(classifier, PADDING)" if parts.over_windows else "model = classifier",
    ]
    return SERVING.format(prepare=prepare, build="\n    ".join(build))


def without(settings: str, names: set[str]) -> str:
    """The settings but for some."""
    return _chosen(settings, lambda name: name not in names)


def only(settings: str, names: set[str]) -> str:
    """Of the settings the named ones."""
    return _chosen(settings, lambda name: name in names)


def _chosen(settings: str, wanted: Callable[[str], bool]) -> str:
    lines = settings.splitlines()
    chosen = [node for node in parse(settings).body if isinstance(node, ast.Assign) and wanted(ast.unparse(node.targets[0]))]
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in chosen)
