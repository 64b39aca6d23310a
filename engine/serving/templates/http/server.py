"""Answers over HTTP which class a text has, with ONNX Runtime: both frameworks' models, neither framework.

Start it with ``python server.py`` (``--help`` lists its options), or as ``uvicorn server:app``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from text_inputs import TextInputs

HERE = Path(__file__).parent
FRAMEWORKS = ("pytorch", "tensorflow")

MOST_TEXTS = 64
"""How many texts one request may have."""

MOST_CHARACTERS = 20_000
"""How long one text may be; longer ones are refused here, and what is beyond the model's own limit in tokens is cut, as in training."""

MOST_BYTES = 8_000_000
"""How long a request's body may be: as many bytes as the longest texts can have, and some to spare."""

MOST_AT_ONCE = 32
"""Requests that are worked on or wait; further ones are answered with 503 at once."""

Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]


class Question(BaseModel):
    """The texts to classify."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"texts": ["Where is my parcel?"]}]})

    texts: list[Text] = Field(min_length=1, max_length=MOST_TEXTS)
    framework: str | None = Field(None, description="pytorch or tensorflow; without it every model of the bundle answers")


class Answer(BaseModel):
    """What one model says of one text."""

    label: str
    probabilities: dict[str, float]


class Answers(BaseModel):
    """Answers by framework, in the order of the texts."""

    answers: dict[str, list[Answer]]
    milliseconds: float


class Problem(BaseModel):
    """What was wrong with a request."""

    error: str


class Health(BaseModel):
    """What the server says of itself: whether it can answer, and with what."""

    status: str
    run: str
    models: list[str]
    labels: list[str]


class LimitedBody:
    """Refuses a request whose body is too long before it is read to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read = 0

        async def receive_some() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_BYTES:
                raise HTTPException(413, too_long)
            return message

        too_long = f"The request is too long. Expected at most {MOST_BYTES:,} bytes. Send the texts in several requests."
        declared = dict(scope.get("headers", [])).get(b"content-length", b"0")
        if scope["type"] == "http" and declared.isdigit() and int(declared) > MOST_BYTES:
            await JSONResponse({"error": too_long}, 413)(scope, receive, send)
        else:
            await self.app(scope, receive_some, send)


def load_model(folder: Path) -> tuple[TextInputs, Callable[[np.ndarray], np.ndarray]]:
    """Return what turns texts into rows, and the function from rows to logits."""
    inputs = TextInputs(folder)
    name = inputs.manifest["input"]["name"]
    session = onnxruntime.InferenceSession(folder / inputs.manifest["file"], providers=["CPUExecutionProvider"])
    return inputs, lambda rows: session.run(None, {name: rows})[0]


def create_app(folder: Path = HERE) -> FastAPI:
    """Return the application. The models are loaded here, once; a session of ONNX Runtime may be used by several threads."""
    models = {name: load_model(folder / "models" / name) for name in FRAMEWORKS if (folder / "models" / name).is_dir()}
    manifest = next(iter(models.values()))[0].manifest
    app = FastAPI(
        title=f"Text classifier of run {manifest['run']}",
        description=f"Answers with {' and '.join(models)}; at most {MOST_TEXTS} texts of {MOST_CHARACTERS:,} characters a request.",
        version="1",
    )
    app.add_middleware(LimitedBody)

    @app.exception_handler(RequestValidationError)
    async def explain(_: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": " ".join(dict.fromkeys(sentence(one) for one in error.errors()[:3]))}, 422)

    @app.exception_handler(HTTPException)
    async def explain_http(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code)

    @app.get("/health", summary="Whether the server can answer, and with which models")
    def health() -> Health:
        return Health(status="ok", run=manifest["run"], models=list(models), labels=manifest["labels"])

    @app.post("/classify", summary="The class of each text", responses={code: {"model": Problem} for code in (404, 413, 422)})
    def classify(question: Question) -> Answers:
        if question.framework is not None and question.framework not in models:
            found = question.framework[:40]
            raise HTTPException(404, f"This server has no model “{found}”. Expected {' or '.join(models)}, or no framework for all.")
        started = time.perf_counter()
        asked = [question.framework] if question.framework else list(models)
        answers = {name: models[name][0].classify(question.texts, models[name][1]) for name in asked}
        return Answers.model_validate({"answers": answers, "milliseconds": (time.perf_counter() - started) * 1000})

    return app


def sentence(error: dict[str, Any]) -> str:
    """Put one complaint of the validation into words that say what was expected, what was found and what to do."""
    where = [part for part in error["loc"] if part != "body"]
    facts = error.get("ctx", {})
    example = 'Send JSON like {"texts": ["Where is my parcel?"]} with the header Content-Type: application/json.'
    if where[:1] == ["texts"] and len(where) == 2:
        number = f"Text {int(where[1]) + 1}"
        if error["type"] == "string_too_long":
            return f"{number} has more than {facts['max_length']:,} characters. Shorten it or split it into several texts."
        return f"{number} is not a valid string of characters. {example}"
    if where == ["texts"]:
        if error["type"] == "too_long":
            return f"Expected at most {facts['max_length']} texts, found {facts['actual_length']}. Send them in several requests."
        if error["type"] == "too_short":
            return f"The list “texts” is empty. {example}"
        return f"Expected a list “texts”, found {'none' if error['type'] == 'missing' else type(error['input']).__name__}. {example}"
    if error["type"] == "extra_forbidden":
        return f"“{str(where[-1])[:40]}” is not known here. Expected “texts” and, if you like, “framework”."
    if where == ["framework"]:
        return f"“framework” is not a string. Expected {' or '.join(FRAMEWORKS)}, or leave it out."
    return f"The request is not a JSON object. {example}"


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="Answers over HTTP which class a text has.")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 to be reached from other machines (default: this machine only)")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    uvicorn.run(create_app(), host=options.host, port=options.port, limit_concurrency=MOST_AT_ONCE)


if __name__ == "__main__":
    main()
else:
    app = create_app()  # for uvicorn server:app
