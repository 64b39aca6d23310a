"""Makes every page reachable by its address, also as the first visit after a start of the server."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def through_dashboard() -> None:
    """Leave the page to ``dashboard.py``; the first call of every page.

    Until ``st.navigation`` has run once in a server, Streamlit 1.67 takes a folder named ``pages`` for its older kind of multipage app
    and runs the page at the address alone, without title and menu. It looks at this flag, which ``st.navigation`` clears as well.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
