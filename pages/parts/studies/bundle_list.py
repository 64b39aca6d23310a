"""Serving bundles of a run: what each is, what it still needs, and a button for each framework that it serves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from engine import FRAMEWORK_NAMES
from engine.display.formatting import plain
from engine.runs.folder import Run
from engine.serving.bundles import bundle_bytes, obstacle_to_bundle
from engine.serving.kinds import BUNDLES


def bundle_list(run: Run, exported: Mapping[tuple[str, str], Path]) -> None:
    """Show one row a bundle. ``exported`` holds the folders of exported models by framework and format."""
    for name, kind in BUNDLES.items():
        artifacts = {framework: exported[framework, form] for framework, form in kind.needs.items() if (framework, form) in exported}
        words, buttons = st.columns([3, 2], gap="medium", vertical_alignment="center")
        caution = f"  \n{kind.caution}" if kind.caution else ""
        words.markdown(f"**{kind.title}**  \n{kind.summary}.{caution}")
        together = len(kind.needs) > 1  # one server answers for both models
        for framework in kind.frameworks[:1] if together else kind.frameworks:
            reason = obstacle_to_bundle(name, run, framework, artifacts)
            buttons.download_button(
                f"{'Both models' if together else FRAMEWORK_NAMES[framework]} (ZIP)",
                partial(bundle_bytes, name, framework, run, artifacts),
                file_name=f"{name}-{framework if not together else 'both'}-{run.identifier}.zip",
                mime="application/zip",
                key=f"bundle_{name}_{framework}_{run.identifier}",
                icon=":material/download:",
                on_click="ignore",
                disabled=bool(reason),
                width="stretch",
            )
            if reason:
                buttons.caption(plain(reason))
