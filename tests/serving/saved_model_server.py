"""TensorFlow Serving's REST interface in front of a SavedModel: ``python -m tests.serving.saved_model_server FOLDER NAME PORT``.

The server itself is no Python package and is not run by the tests. This speaks its documented predict format, by rows (``instances``)
and by columns (``inputs``), looks for the highest version as it does, and lets TensorFlow compute what is answered.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import tensorflow as tf


class Predictor:
    """The signature ``serving_default`` of the highest version in a folder."""

    def __init__(self, folder: Path) -> None:
        self.version = max((path.name for path in folder.iterdir() if path.name.isdigit()), key=int)
        self.loaded = tf.saved_model.load(str(folder / self.version))
        self.signature = self.loaded.signatures["serving_default"]
        self.takes = self.signature.structured_input_signature[1]

    def predict(self, body: dict[str, Any]) -> dict[str, Any]:
        """``predictions`` for ``instances``, ``outputs`` for ``inputs``; a single output stands there without its name."""
        by_rows = "instances" in body
        given = body["instances"] if by_rows else body["inputs"]
        if by_rows and isinstance(given[0], dict):
            given = {name: [row[name] for row in given] for name in self.takes}
        elif not isinstance(given, dict):
            (only,) = self.takes
            given = {only: given}
        tensors = {name: tf.constant(given[name], spec.dtype) for name, spec in self.takes.items()}
        answers = {name: values.numpy().tolist() for name, values in self.signature(**tensors).items()}
        if len(answers) == 1:
            (answer,) = answers.values()
        elif by_rows:
            answer = [dict(zip(answers, row, strict=True)) for row in zip(*answers.values(), strict=True)]
        else:
            answer = answers
        return {"predictions" if by_rows else "outputs": answer}


def handler(predictor: Predictor, name: str) -> type[BaseHTTPRequestHandler]:
    """What answers each request."""
    address = f"/v1/models/{name}"

    class Handler(BaseHTTPRequestHandler):
        def reply(self, status: int, values: dict[str, Any]) -> None:
            body = json.dumps(values).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            if self.path != address:
                return self.reply(404, {"error": f"Malformed request: GET {self.path}"})
            state = {"version": predictor.version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
            self.reply(200, {"model_version_status": [state]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path != f"{address}:predict":
                return self.reply(404, {"error": f"Malformed request: POST {self.path}"})
            try:
                self.reply(200, predictor.predict(json.loads(body)))
            except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
                self.reply(400, {"error": str(error)})

    return Handler


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[3])), handler(Predictor(Path(sys.argv[1])), sys.argv[2])).serve_forever()
