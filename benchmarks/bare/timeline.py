"""Starts a run in the checkout that PYTHONPATH names, as the Train page does, and prints when what was there: ``timeline.py [FILE …]``.

Works with every version of the product since 0.3.0, so that two of them can be compared. Prints the seconds since the click, as JSON:
of the first loss point of any and of all frameworks, of all being tested, of the results on the page, and of the end. With a FILE the
columns are guessed, and the clock starts before the file is read, as on the command line. ``NAME=VALUE`` changes a setting.
"""

import json
import sys
import time
from dataclasses import replace
from typing import Any

from engine.commands.data_options import choose_data
from engine.commands.parser import make_parser
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.launching import start

changes: dict[str, Any] = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
files = [argument for argument in sys.argv[1:] if "=" not in argument]
click, clicked = time.perf_counter(), time.time()
choice = choose_data(make_parser().parse_args(["train", files[0], "--guess"])) if files else sample_choice()
experiment = replace(Experiment(data=choice), **changes)
run = start(experiment)
seen: dict[str, set[str]] = {name: set() for name in experiment.frameworks}
times = {"click": clicked}


def note(what, there):
    if there and what not in times:
        times[what] = time.perf_counter() - click


while True:
    active = run.read_status().active
    for name in experiment.frameworks:
        if run.events_file(name).exists() and "evaluated" not in seen[name]:
            text = run.events_file(name).read_text()
            seen[name] |= {event for event in ("steps", "evaluated") if f'"event": "{event}"' in text}
    note("first loss", any("steps" in events for events in seen.values()))
    note("both losses", all("steps" in events for events in seen.values()))
    note("tested", all("evaluated" in events for events in seen.values()))
    note("results", run.results_file.exists())
    if not active:
        break
    time.sleep(0.01)
note("finished", True)
status = run.read_status()
assert status.state == "done", status.message
print(json.dumps(times | {"run": str(run.path), "results_file": json.loads(run.results_file.read_text())}))
