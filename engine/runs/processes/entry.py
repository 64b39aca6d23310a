"""The process that fills the folder of a run or of a study: ``python -m engine.runs.processes.entry MODULE FOLDER``.

``MODULE`` knows the coordinator: ``engine.runs.coordinator`` or ``engine.studies.process``. Its ``main`` takes the folder.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the coordinator leaves a last word
    import_module(sys.argv[1]).main(sys.argv[2:])
