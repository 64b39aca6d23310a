"""Makes a serving bundle: one zip with the model, what turns texts into its inputs, the labels, an example and a README."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import FRAMEWORK_NAMES
from engine.errors import RunError
from engine.files import read_json
from engine.runs.folder import Run
from engine.runs.preparing.inputs import load_inputs
from engine.runs.records.reading import from_json
from engine.serving.archive import Contents, files_below, write_tar, write_zip
from engine.serving.engine_code import text_inputs_module
from engine.serving.kinds import BUNDLES, artifacts_needed
from engine.serving.sagemaker_code import inference_source, train_source
from engine.serving.templates_folder import filled, template
from engine.shared.encoders.checkpoint import resolve
from engine.shared.encoders.hub import NEEDED_FILES
from engine.shared.text.inputs import MANIFEST, TextInputs
from engine.source.scripts import data_file
from engine.studies.export.manifest import ExportManifest
from engine.studies.export.optional_packages import missing

TEXT_FILES = (MANIFEST, "tokenizer.json", "vocabulary.json")
"""What turns texts into inputs, beside an exported model; one of the last two is there."""


@dataclass(frozen=True)
class Material:
    """What a bundle is made of."""

    run: Run
    framework: str
    artifacts: Mapping[str, Path]
    """Folders of exported models by framework, each with its ``manifest.json``."""
    draft: Path
    """An empty folder for what has to lie on disk on the way."""
    examples: list[str]
    """Two texts."""

    def manifest(self, framework: str) -> ExportManifest:
        """Return what an exported model takes and answers. Raises ``RunError`` when it is gone."""
        manifest = from_json(ExportManifest, read_json(self.artifacts[framework] / MANIFEST))
        if manifest is None:
            raise RunError(f"The exported model of {FRAMEWORK_NAMES[framework]} is incomplete: no {MANIFEST}. Export it again.")
        return manifest

    def text_files(self, framework: str) -> dict[str, bytes | Path]:
        """Return what turns texts into the model's inputs, by its name in the bundle."""
        folder = self.artifacts[framework]
        return {name: folder / name for name in TEXT_FILES if (folder / name).is_file()}


def make_bundle(bundle: str, framework: str, run: Run, artifacts: Mapping[str, Path], folder: Path) -> Path:
    """Write ``<bundle>-<run>.zip`` into ``folder``, whole or not at all.

    ``artifacts`` are the folders of the exported models that ``artifacts_needed`` names; a framework of which the run has no model may be
    left out where another one is there. Raises ``RunError`` when one is missing, a package that the bundle needs is not installed,
    or the disk refuses.
    """
    needed = artifacts_needed(bundle, framework)
    given = {name: artifacts[name] for name in needed if name in artifacts}
    if needed and not given:
        raise RunError(
            f"{BUNDLES[bundle].title} is made of an exported model ({', '.join(needed.values())}), and there is none. Export it."
        )
    if reason := missing(*BUNDLES[bundle].packages):
        raise RunError(f"{BUNDLES[bundle].title}: {reason}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".draft-") as draft:
            material = Material(run, framework, given, Path(draft), example_texts(run))
            return write_zip(folder / f"{bundle}-{run.identifier}.zip", CONTENTS[bundle](material))
    except OSError as error:
        raise RunError(
            f"The bundle could not be made in {folder} ({error.strerror}). Check the free space and the run’s files, then make it "
            "again. An earlier one is untouched."
        ) from error


def example_texts(run: Run) -> list[str]:
    """Return the first two test texts of the run."""
    frame = run.read_rows()
    return [str(text) for text in frame[frame["split"] == "test"]["text"].head(2)]


def http_contents(material: Material) -> dict[str, bytes | Path]:
    """Return the FastAPI server, with the ONNX model of each framework."""
    contents: dict[str, bytes | Path] = {}
    for framework, folder in material.artifacts.items():
        manifest = material.manifest(framework)
        contents |= {f"models/{framework}/{name}": path for name, path in material.text_files(framework).items()}
        contents |= {f"models/{framework}/{manifest.file}": folder / manifest.file}
        if (folder / f"{manifest.file}.data").is_file():  # the weights of a large model, in a file of their own
            contents |= {f"models/{framework}/{manifest.file}.data": folder / f"{manifest.file}.data"}
    manifest = material.manifest(next(iter(material.artifacts)))
    return contents | {
        "server.py": template("http/server.py").encode(),
        "text_inputs.py": text_inputs_module().encode(),
        "requirements.txt": requirements("fastapi", "uvicorn", "onnxruntime", *TEXT_PACKAGES[manifest.takes]),
        "labels.json": as_json(manifest.labels),
        "request.json": as_json({"texts": material.examples}),
        "README.md": readme("http", material, frameworks=" and ".join(FRAMEWORK_NAMES[name] for name in material.artifacts)),
    }


def tf_serving_contents(material: Material) -> dict[str, bytes | Path]:
    """Return the SavedModel as version 1, and a client that asks with texts."""
    (framework,) = material.artifacts
    folder, manifest = material.artifacts[framework], material.manifest(framework)
    rows, _ = TextInputs(folder).rows(material.examples)
    return {
        **files_below(folder / manifest.file, "models/classifier/1/"),
        **material.text_files(framework),
        "ask.py": template("tf_serving/ask.py").encode(),
        "text_inputs.py": text_inputs_module().encode(),
        "requirements.txt": requirements(*TEXT_PACKAGES[manifest.takes]),
        "labels.json": as_json(manifest.labels),
        "request.json": as_json({"instances": rows.tolist()}),
        "README.md": readme(
            "tf_serving",
            material,
            input=manifest.input,
            output=manifest.output,
            windows=is_windows(manifest),
            difference=IN_THE_GRAPH[material.run.read_experiment().family_member.takes],
            reader=next(name for name in material.text_files(framework) if name != MANIFEST),
        ),
    }


def torchserve_contents(material: Material) -> dict[str, bytes | Path]:
    """Return a model archive as ``torch-model-archiver`` makes it, and the settings of the server."""
    (framework,) = material.artifacts
    manifest = material.manifest(framework)
    code = {"handler.py": template("torchserve/handler.py"), "request_texts.py": template("request_texts.py")}
    code["text_inputs.py"] = text_inputs_module()
    for name, text in code.items():
        (material.draft / name).write_text(text, encoding="utf-8")
    extra = [material.draft / "request_texts.py", material.draft / "text_inputs.py", *material.text_files(framework).values()]
    archive = archive_model(material.artifacts[framework] / manifest.file, extra, material.draft)
    return {
        "model-store/classifier.mar": archive,
        "config.properties": template("torchserve/config.properties").encode(),
        **{name: text.encode() for name, text in code.items()},
        **material.text_files(framework),
        "requirements.txt": requirements("torchserve", "torch-model-archiver", "torch", *TEXT_PACKAGES[manifest.takes]),
        "labels.json": as_json(manifest.labels),
        "request.json": as_json({"texts": material.examples}),
        "README.md": readme("torchserve", material, caution=BUNDLES["torchserve"].caution),
    }


def archive_model(model: Path, extra: list[Any], folder: Path) -> Path:
    """``classifier.mar`` in ``folder``. Raises ``RunError`` with what the archiver said when it refuses."""
    command = [sys.executable, "-m", "model_archiver.model_packaging", "--model-name", "classifier", "--version", "1.0", "--force",
               "--serialized-file", str(model), "--handler", str(folder / "handler.py"), "--export-path", str(folder),
               "--extra-files", ",".join(map(str, extra))]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        reason = (answer.stderr.strip() or "no message").splitlines()[-1][:300]
        raise RunError(f"torch-model-archiver could not pack the model: {reason}. Check the free space, then export again.")
    return folder / "classifier.mar"


def sagemaker_contents(material: Material) -> dict[str, bytes | Path]:
    """Code to train and to answer, the training data as a channel, and the trained model as ``model.tar.gz``."""
    run, framework = material.run, material.framework
    member, experiment, inputs = run.read_experiment().family_member, run.read_experiment(), load_inputs(run)
    weights = run.model_file(framework)
    results = run.read_results()
    if results is None or not weights.is_file():
        raise RunError(
            f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[framework]} model yet. Wait until it has finished, or resume it."
        )
    labels = results.data.classes
    sizes = {name: getattr(experiment, name) for name in ("hidden_units", "embedding_size", "filters") if name in member.settings}
    facts = {"labels": labels, "input_size": inputs.input_size} | sizes
    encoder: dict[str, Path] = {}
    if member.pretrained:
        checkpoint = resolve(inputs.encoder)
        files = {path for pattern in NEEDED_FILES for path in checkpoint.folder.glob(pattern) if path.is_file()}
        encoder = {f"encoder/{path.relative_to(checkpoint.folder).as_posix()}": path for path in sorted(files)}
        facts["max_tokens"] = min(experiment.max_tokens, checkpoint.max_tokens)
    elif member.concerns("max_tokens"):
        facts["max_tokens"] = experiment.max_tokens
    inference = inference_source(run, framework).encode()
    packages = requirements("numpy", "safetensors", "tokenizers", *FRAMEWORK_REQUIREMENTS[framework], *TAKES_PACKAGES[member.takes])
    model: Contents = {
        "model.json": as_json(facts),
        "model.safetensors": weights,
        **({} if member.pretrained else {"vocabulary.json": run.read_vocabulary().encode()}),
        **encoder,
        "code/inference.py": inference,
        "code/requirements.txt": packages,
    }
    return {
        "model.tar.gz": write_tar(material.draft / "model.tar.gz", model),
        "source/train.py": train_source(run, framework).encode(),
        "source/inference.py": inference,
        "source/requirements.txt": packages,
        **{f"source/{name}": path for name, path in encoder.items()},
        "training/data.csv": data_file(run),
        "labels.json": as_json(labels),
        "request.json": as_json({"texts": material.examples}),
        "README.md": readme("sagemaker", material, title=FRAMEWORK_NAMES[framework]),
    }


CONTENTS: dict[str, Callable[[Material], Contents]] = {
    "tf-serving": tf_serving_contents,
    "torchserve": torchserve_contents,
    "http": http_contents,
    "sagemaker": sagemaker_contents,
}
"""What makes each bundle, under its name."""

TEXT_PACKAGES = {"tokens": ("numpy", "tokenizers"), "shares": ("numpy", "tokenizers", "scikit-learn")}
"""What ``text_inputs.py`` needs, by what the model takes."""

TAKES_PACKAGES: dict[str, tuple[str, ...]] = {"vectors": (), "words": (), "pieces": (), "terms": ("scikit-learn",)}
IN_THE_GRAPH = dict.fromkeys(("vectors", "pieces"), "its BERT tokenizers find other tokens in an emoji, in ½ and in words like [SEP]") | {
    "words": "it writes ΟΔΟΣ in small letters with another last letter, so that the word is not known",
    "terms": "it goes by another edition of Unicode, in which other characters are letters",
}
"""What TensorFlow's own operations make differently of texts, by what the classifier takes; ``test_text_in_the_graph`` holds it."""

FRAMEWORK_REQUIREMENTS = {"pytorch": ("torch", "transformers"), "tensorflow": ("tensorflow", "keras", "keras-hub")}


def requirements(*packages: str) -> bytes:
    """``requirements.txt``: the versions that are installed here, with which the export was checked."""
    from importlib.metadata import PackageNotFoundError, version

    lines = []
    for package in packages:
        try:
            lines.append(f"{package}=={version(package).split('+')[0]}")
        except PackageNotFoundError:
            lines.append(package)  # it is not needed to make the bundle, only to run it
    return ("\n".join(lines) + "\n").encode()


def readme(folder: str, material: Material, **values: Any) -> bytes:
    """Return the bundle's README."""
    return filled(f"{folder}/README.md", run=material.run.identifier, framework=material.framework, **values).encode()


def is_windows(manifest: ExportManifest) -> bool:
    """Tell whether a text may have several rows, whose answers the caller averages."""
    return manifest.long_texts == "windows"


def as_json(value: Any) -> bytes:
    """Return a file of JSON."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def bundle_bytes(bundle: str, framework: str, run: Run, artifacts: Mapping[str, Path]) -> bytes:
    """Return the zip of :func:`make_bundle`, made in a folder of its own that is gone afterwards: for a download. Raises as that does."""
    with tempfile.TemporaryDirectory(prefix="parity-bundle-") as folder:
        return make_bundle(bundle, framework, run, artifacts, Path(folder)).read_bytes()


def obstacle_to_bundle(bundle: str, run: Run, framework: str, artifacts: Mapping[str, Path]) -> str:
    """Say why this bundle cannot be made yet, in a sentence with the way on; empty where it can."""
    kind = BUNDLES[bundle]
    results = run.read_results()
    if results is None or framework not in results.frameworks:
        return f"Run {run.identifier} has no trained {FRAMEWORK_NAMES[framework]} model. Wait until it has finished, or resume it."
    if kind.needs and not set(kind.needs) & set(artifacts):
        wanted = " or ".join(f"{form} of {FRAMEWORK_NAMES[name]}" for name, form in kind.needs.items())
        return f"It is made of an exported model. Export {wanted} first."
    return missing(*kind.packages)
