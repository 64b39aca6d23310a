"""What the files of a checkpoint say, every way in which they can be wrong, and a download from a hub on this machine."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from engine.errors import EncoderError
from engine.shared.encoders.checkpoint import bundled_checkpoint, describe, resolve
from engine.shared.encoders.tensors import expected_tensors
from engine.shared.text.tokens import load_tokenizer, token_counts

PROJECT = Path(__file__).parents[2]


def write_safetensors(path: Path, tensors: dict[str, tuple[int, ...]]) -> None:
    """Zeros of the given shapes, written by hand: a length, a JSON header, the numbers."""
    header, end = {}, 0
    for name, shape in tensors.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


CONFIG = {
    "model_type": "bert", "vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12,
    "max_position_embeddings": 64, "layer_norm_eps": 1e-6, "hidden_act": "relu",
}  # fmt: skip


def write_encoder(place: Path, words: int = 9, left_out: str = "") -> None:
    """config.json and model.safetensors of the least that is an encoder: 8 numbers a word, two layers."""
    config = CONFIG | {"vocab_size": words}
    write(place / "config.json", config)
    write_safetensors(place / "model.safetensors", {name: shape for name, shape in expected_tensors(config) if name != left_out})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All that describes an encoder of 9 words."""
    place = tmp_path / "small"
    (place / "1_Pooling").mkdir(parents=True)
    write_encoder(place)
    write(
        place / "modules.json",
        [{"type": "sentence_transformers.models.Transformer", "path": ""}, {"type": "x.Pooling", "path": "1_Pooling"}],
    )
    write(place / "1_Pooling" / "config.json", {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True})
    (place / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "my", "parcel", "##s", "late"]))
    return place


def write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def change(path: Path, **values: object) -> None:
    write(path, json.loads(path.read_text()) | values)


def test_the_bundled_checkpoint_says_what_it_is() -> None:
    found = resolve("bundled")
    assert (found.family, found.hidden_size, found.max_tokens, found.pooling, found.normalize) == ("bert", 384, 256, "mean", True)
    assert (found.activation, found.layer_norm_epsilon) == ("gelu", 1e-12)
    assert found is bundled_checkpoint()


def test_a_folder_is_described(folder: Path) -> None:
    found = resolve(str(folder))
    assert (found.name, found.hidden_size, found.max_tokens, found.pooling, found.normalize) == ("small", 8, 64, "mean", False)
    assert (found.activation, found.layer_norm_epsilon) == ("relu", 1e-6)


@pytest.mark.parametrize(
    ("settings", "pooling"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": False}, "mean"),
        ({"embedding_dimension": 8, "pooling_mode": "cls", "include_prompt": True}, "cls"),
        ({"embedding_dimension": 8, "pooling_mode": ["mean"]}, "mean"),
        ({"pooling_mode_max_tokens": True}, "max_tokens"),
        ({"pooling_mode": ["mean", "cls"]}, "mean, cls"),
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
    ],
)
def test_both_forms_of_the_pooling_file_are_read(folder: Path, settings: dict[str, object], pooling: str) -> None:
    write(folder / "1_Pooling" / "config.json", settings)
    if pooling in ("mean", "cls"):
        assert describe(folder, "small").pooling == pooling
    else:
        with pytest.raises(EncoderError, match=rf"pools its token vectors by {pooling}. Expected mean or the first"):
            describe(folder, "small")


def test_normalising_is_a_module_of_its_own(folder: Path) -> None:
    modules = [
        {"type": f"sentence_transformers.base.modules.{kind}", "path": path}
        for kind, path in (("Transformer", ""), ("Pooling", "1_Pooling"))
    ]
    write(folder / "modules.json", [*modules, {"type": "sentence_transformers.base.modules.normalize.Normalize", "path": "2_Normalize"}])
    assert describe(folder, "small").normalize
    write(folder / "2_Normalize" / "config.json", {"module_input_name": "token_embeddings"})
    with pytest.raises(EncoderError, match=r"normalises its token_embeddings. Expected the pooled vectors"):
        describe(folder, "small")


def test_the_shortest_of_the_token_limits_counts(folder: Path) -> None:
    change(folder / "config.json", model_type="roberta")
    write(folder / "tokenizer.json", {})
    assert describe(folder, "small").max_tokens == 62  # RoBERTa keeps two positions for itself
    write(folder / "tokenizer_config.json", {"model_max_length": 50})
    assert describe(folder, "small").max_tokens == 50
    write(folder / "sentence_bert_config.json", {"max_seq_length": 20})
    assert describe(folder, "small").max_tokens == 20
    write(folder / "sentence_bert_config.json", {"max_seq_length": None})
    write(folder / "tokenizer_config.json", {"model_max_length": 10**30})
    assert describe(folder, "small").max_tokens == 62


def truncate(folder: Path) -> None:
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-5])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), "no readable config.json"),
        (lambda folder: change(folder / "config.json", model_type="gpt2"), "type “gpt2”.*Expected one of bert, distilbert"),
        (
            lambda folder: change(folder / "config.json", hidden_size="wide"),
            'says hidden_size is "wide" .expected a whole number above 0.. Correct it there',
        ),
        (
            lambda folder: change(folder / "config.json", hidden_size=16),
            "do not belong together: config.json says 9 × 16 numbers for embeddings.word_embeddings.weight, the weights have 9 × 8",
        ),
        (
            lambda folder: change(folder / "config.json", intermediate_size=16),
            "says 16 × 8 numbers for encoder.layer.0.intermediate.dense.weight, the weights have 12 × 8",
        ),
        (lambda folder: change(folder / "config.json", num_attention_heads=3), "shares 8 numbers a word among 3 attention heads"),
        (
            lambda folder: change(folder / "config.json", num_hidden_layers=0),
            "says num_hidden_layers is 0 .expected a whole number above 0.",
        ),
        (lambda folder: change(folder / "config.json", num_hidden_layers=10**9), "lack encoder.layer.2.attention.self.query.weight"),
        (
            lambda folder: write_encoder(folder, left_out="encoder.layer.1.output.LayerNorm.bias"),
            "lack encoder.layer.1.output.LayerNorm.bias. Expected every tensor of the bert encoder.*Download the model again",
        ),
        (
            lambda folder: change(folder / "config.json", position_embedding_type="alibi"),
            "position_embedding_type to alibi.*Expected absolute",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "no model.safetensors.*published without that file, convert it once"),
        (pickled, "pickle can run code.*Expected model.safetensors.*where you trust it: .AutoModel.*save_pretrained"),
        (truncate, "weights of small are damaged: model.safetensors"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"not at all"), "damaged"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b""), "model.safetensors of small is empty"),
        (
            lambda folder: (
                (folder / "model.safetensors").rename(folder / "other")
                and write(folder / "model.safetensors.index.json", {"weight_map": {"a": "model-2.safetensors"}})
            ),
            "lacks model-2.safetensors",
        ),
        (lambda folder: (folder / "vocab.txt").unlink(), "no tokenizer. Expected tokenizer.json"),
        (lambda folder: (folder / "modules.json").write_text("[1]"), "modules.json of small cannot be read"),
        (lambda folder: write(folder / "modules.json", [{"type": "a.Dense", "path": "2_Dense"}]), "passes its vectors through Dense"),
        (lambda folder: (folder / "1_Pooling" / "config.json").unlink(), "no readable 1_Pooling/config.json"),
    ],
)
def test_damage_is_told_in_a_sentence(folder: Path, damage: Callable[[Path], object], words: str) -> None:
    damage(folder)
    with pytest.raises(EncoderError, match=words):
        describe(folder, "small")


def test_the_fingerprint_follows_the_weights(folder: Path) -> None:
    first = describe(folder, "small").fingerprint
    assert describe(folder, "small").fingerprint == first
    write_encoder(folder, words=10)
    assert describe(folder, "small").fingerprint != first


def test_a_word_list_is_tokenizer_enough(folder: Path) -> None:
    assert load_tokenizer(folder, 64).encode("My parcels").ids == [2, 5, 6, 7, 3]
    assert load_tokenizer(folder, 4).encode("My parcels").ids == [2, 5, 6, 3]
    assert token_counts(folder, ["My parcels", ""]) == [5, 2]


def test_a_damaged_tokenizer_is_told_in_a_sentence(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match=r"tokenizer in .* cannot be read"):
        load_tokenizer(folder, 64)


# --- A hub on this machine -----------------------------------------------------------------------------------------------------------

COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """The four answers of the hub that a download needs: the commit, the list of files, each file's head, each file."""

    files: ClassVar[dict[str, bytes]] = {}
    asked = 0

    def log_message(self, *arguments: object) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        type(self).asked += 1
        path = self.path.split("?")[0]
        name = path.split(f"/resolve/{COMMIT}/")[-1]
        if not path.removeprefix("/api/models").startswith("/parity/small"):
            body, status = b'{"error": "Repository not found"}', 404
        elif "/tree/" in path:
            entries = [
                {"type": "file", "path": key, "size": len(value), "oid": hashlib.sha1(value).hexdigest()}
                for key, value in self.files.items()
            ]
            body, status = json.dumps(entries).encode(), 200
        elif path.startswith("/api/"):
            body, status = json.dumps({"id": "parity/small", "sha": COMMIT, "siblings": []}).encode(), 200
        else:
            body, status = self.files[name], 200
        self.send_response(status)
        if status == 404:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha1(body).hexdigest()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@pytest.fixture
def hub(folder: Path) -> Iterator[str]:
    write_encoder(folder, words=900_000)  # 28.8 MB: several reports
    Hub.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    Hub.files |= {"pytorch_model.bin": b"a pickle", "modeling.py": b"print('code')"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def resolve_elsewhere(identifier: str, endpoint: str, cache: Path, offline: bool = False) -> dict[str, object]:
    """Resolve in a fresh process, because the hub client reads its settings once, when it is imported."""
    program = (
        "import json, sys\n"
        "from engine.errors import EncoderError\n"
        "from engine.shared.encoders.checkpoint import resolve\n"
        "told = []\n"
        "try:\n"
        "    found = resolve(sys.argv[1], lambda done, total: told.append((done, total)))\n"
        "    print(json.dumps({'folder': str(found.folder), 'name': found.name, 'told': told}))\n"
        "except EncoderError as error:\n"
        "    print(json.dumps({'error': str(error)}))\n"
    )
    settings = {"HF_ENDPOINT": endpoint, "HF_HOME": str(cache), "HF_HUB_OFFLINE": str(int(offline)), "HF_HUB_DISABLE_TELEMETRY": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", program, identifier], cwd=PROJECT, env=os.environ | settings, capture_output=True, text=True, timeout=120
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert answer.stderr == ""
    return json.loads(answer.stdout)


def test_a_download_tells_one_growing_share_and_happens_once(hub: str, tmp_path: Path) -> None:
    first = resolve_elsewhere("parity/small", hub, tmp_path / "cache")
    told = first["told"]
    total = sum(len(value) for name, value in Hub.files.items() if name not in ("pytorch_model.bin", "modeling.py"))
    assert {expected for _, expected in told} == {total}, "what is expected is known from the start"
    done = [bytes_done for bytes_done, _ in told]
    assert done == sorted(set(done)) and len(done) > 2 and done[-1] == total
    assert sorted(path.name for path in Path(first["folder"]).glob("*")) == [
        "1_Pooling",
        "config.json",
        "model.safetensors",
        "modules.json",
        "vocab.txt",
    ]
    asked = Hub.asked
    again = resolve_elsewhere("parity/small", hub, tmp_path / "cache")
    assert again == first | {"told": []} and Hub.asked == asked, "the second time nothing is asked of the hub"
    assert resolve_elsewhere("parity/small", hub, tmp_path / "cache", offline=True)["name"] == "parity/small"


def test_a_copy_that_another_program_left_incomplete_is_completed(hub: str, tmp_path: Path) -> None:
    folder = Path(resolve_elsewhere("parity/small", hub, tmp_path / "cache")["folder"])
    (folder / "modules.json").unlink()
    resolve_elsewhere("parity/small", hub, tmp_path / "cache")
    assert (folder / "modules.json").exists()


@pytest.mark.parametrize(
    ("identifier", "offline", "words"),
    [
        ("parity/nothing", False, "no public model parity/nothing on the hub. Check the spelling"),
        ("parity/small", True, "not on this machine and the hub cannot be reached. Connect to the network once"),
        ("a b/c?", False, "neither a folder nor a model id"),
    ],
)
def test_a_download_that_fails_says_why(hub: str, tmp_path: Path, identifier: str, offline: bool, words: str) -> None:
    assert words in str(resolve_elsewhere(identifier, hub, tmp_path / "cache", offline)["error"])


def test_a_hub_that_does_not_answer(tmp_path: Path) -> None:
    answer = resolve_elsewhere("parity/small", "http://127.0.0.1:9", tmp_path / "cache")
    assert "hub cannot be reached" in str(answer["error"])


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(EncoderError, match=r"There is no folder ./nowhere. Expected a folder with config.json"):
        resolve("./nowhere")
