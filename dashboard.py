"""Parity: the same text classifier in PyTorch and TensorFlow, side by side. Start with ``streamlit run dashboard.py``."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.parts.own_origin import OwnOriginOnly
from pages.parts.turnstile import turn_to_draw

ASSETS = Path(__file__).parent / "assets"


def draw() -> None:
    """Show the menu and the page at the address."""
    st.set_page_config(page_title="Parity", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.logo(str(ASSETS / "mark.svg"), size="large")

    page = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", help="What this is, and the recent runs", default=True),
            st.Page("pages/guide.py", title="Guide", icon=":material/balance:", help="What is said of the two, and what this machine says"),
            st.Page("pages/data.py", title="Data", icon=":material/table_rows:", help="Upload, check and split labelled texts"),
            st.Page("pages/train.py", title="Train", icon=":material/monitoring:", help="Start a run and watch it"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:", help="The two trained models side by side"),
            st.Page("pages/code.py", title="Code", icon=":material/code:", help="The functions that ran, in two columns"),
            st.Page("pages/migrate.py", title="Migrate", icon=":material/swap_horiz:", help="Carry a model into the other framework"),
            st.Page("pages/export.py", title="Export", icon=":material/output:", help="Take a model away as a file, checked"),
            st.Page("pages/audit.py", title="Audit", icon=":material/equal:", help="How equal the two can be made, and what differs"),
            st.Page("pages/benchmark.py", title="Benchmark", icon=":material/speed:", help="Speed and memory, a verdict on every claim"),
            st.Page("pages/museum.py", title="Museum", icon=":material/bug_report:", help="Classic mistakes, made in both frameworks"),
            st.Page("pages/course.py", title="Course", icon=":material/school:", help="Eight weeks of lessons, and an API dictionary"),
            st.Page("pages/classify.py", title="Classify", icon=":material/label:", help="Let both models answer for new texts"),
        ],
        position="top",
    )
    with turn_to_draw(page.url_path):
        page.run()


if get_script_run_ctx(suppress_warning=True) is None:  # ``streamlit run`` takes the server from here, then runs this file for each visitor
    from engine.runs.warm.keeper import keep_standby
    from pages.parts import first_visit  # which loads what pages need; the script that each visitor runs has it then

    app = st.App(__file__, middleware=[Middleware(OwnOriginOnly)])
    first_visit.prepare()
    keep_standby()
else:
    draw()
