"""The run folders that the tests of the pages build by hand serve here too."""

from tests.pages.conftest import active_run, finished_run, home_folder

__all__ = ["active_run", "finished_run", "home_folder"]
