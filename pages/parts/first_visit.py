"""Spares the first visitor of a fresh server what takes long only once: loading libraries, counting and cutting code."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread

from engine.errors import ParityError
from engine.guide.conclusions import conclusions, gather
from engine.source.snippets import load_snippets, present_snippets
from pages.parts.guide import claim_evidence
from pages.parts.widgets.curves import pictures_of

LOADED = claim_evidence, pictures_of
"""The modules with which all that pages need is loaded before the server answers; later, several visitors would wait for it at once."""


def prepare() -> None:
    """Begin the rest beside the first visit; a page that needs it sooner does its own part and waits for nobody."""
    Thread(target=_prepare, name="first visit", daemon=True).start()


def _prepare() -> None:
    evidence = gather()
    with suppress(ParityError, OSError):  # of a damaged run, which its page explains
        if evidence.run is None:
            present_snippets()
        else:
            load_snippets(evidence.run)
        conclusions(evidence)
