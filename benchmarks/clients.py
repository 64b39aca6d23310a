"""How long pages take for many visitors at once, while a run trains: ``python -m benchmarks.clients [CLIENTS] [PAGE …]``.

Each visitor speaks with the real dashboard as a browser does, over Streamlit's websocket, and all of them open the same page at the same
moment. Printed are the seconds until a page is whole, and how much was sent for it. The bar: a median of 1.5 seconds for 30 visitors.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.figures import Row, publish
from benchmarks.pages import fill_home
from engine.data.store import sample_choice
from engine.runs.experiment import Experiment
from engine.runs.folder import Run
from engine.runs.launching import start
from scripts.browsing import started_dashboard

CLIENTS = 30
PAGES = ("home", "guide", "train", "compare", "code")
OF_A_RUN = ("train", "compare", "code")
ROUNDS = 3
BAR = 1.5
"""Seconds."""
WATCHED_SECONDS = 10


class Visitor:
    """One browser's connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def open(self, page: str, query: dict[str, str], fragment: str = "") -> tuple[float, int, list[str]]:
        """Ask for a page; return the seconds until it is whole, the bytes that came, and the fragments that the page repeats."""
        begins = time.perf_counter()
        message = BackMsg()
        message.rerun_script.page_name = "" if page == "home" else page
        message.rerun_script.query_string = urlencode(query)
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = bool(fragment)
        message.rerun_script.context_info.timezone = "Europe/Berlin"
        await self._connection.send(message.SerializeToString())
        received, fragments = 0, []
        while True:
            data = await self._connection.recv()
            assert isinstance(data, bytes)
            received += len(data)
            answer = ForwardMsg.FromString(data)
            kind = answer.WhichOneof("type")
            assert answer.delta.new_element.WhichOneof("type") != "exception", f"{page}: {answer.delta.new_element.exception.message}"
            if kind == "auto_rerun":
                fragments.append(answer.auto_rerun.fragment_id)
            if kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                assert answer.script_finished != ForwardMsg.FINISHED_WITH_COMPILE_ERROR, page
                return time.perf_counter() - begins, received, fragments


def socket_to(address: str) -> connect:
    """A connection that is made when it is waited for; a page may be larger than the library expects."""
    return connect(address.replace("http", "ws") + "/_stcore/stream", origin=address, max_size=None, compression=None)  # type: ignore[arg-type]


async def opened_at_once(address: str, page: str, query: dict[str, str], clients: int) -> tuple[list[float], list[int]]:
    """The seconds and the bytes of each of so many visitors, who come at the same moment."""

    async def visit() -> tuple[float, int, list[str]]:
        async with socket_to(address) as connection:
            return await Visitor(connection).open(page, query)

    seconds, received, _ = zip(*await asyncio.gather(*(visit() for _ in range(clients))), strict=True)
    return list(seconds), list(received)


async def watched(address: str, query: dict[str, str], server: psutil.Process) -> tuple[float, int]:
    """The processor's milliseconds and the bytes that one visitor of a run costs in a second, when the page is repeated each second."""
    async with socket_to(address) as connection:
        visitor = Visitor(connection)
        *_, fragments = await visitor.open("train", query)
        before, received = sum(server.cpu_times()[:2]), 0
        for _ in range(WATCHED_SECONDS):
            took, amount, _ = await visitor.open("train", query, fragments[-1])
            received += amount
            await asyncio.sleep(max(0.0, 1 - took))
        return 1000 * (sum(server.cpu_times()[:2]) - before) / WATCHED_SECONDS, received // WATCHED_SECONDS


def wait_until_it_trains(run: Run) -> None:
    """Until both curves have begun."""
    while run.read_status().active and not all(run.events_file(name).exists() for name in ("pytorch", "tensorflow")):
        time.sleep(0.2)
    while run.read_status().active and run.read_status().phase != "train":
        time.sleep(0.2)


def main(arguments: list[str]) -> None:
    """Publish, for each page, median and 90th percentile of the first visit by so many and of the later ones; then what watching costs."""
    rows: list[Row] = []
    clients = int(arguments[0]) if arguments and arguments[0].isdigit() else CLIENTS
    pages = [name for name in arguments if not name.isdigit()] or list(PAGES)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PARITY_RUNS"], os.environ["PARITY_LOCK"] = folder, f"{folder}/lock"
        finished = fill_home(Path(folder), 20)
        training = start(replace(Experiment(data=sample_choice()), epochs=1_000, patience=0))
        try:
            with started_dashboard(Path(folder), Path(folder) / "log") as address:
                wait_until_it_trains(training)
                for page in pages:
                    named = training if page == "train" else finished
                    query = {"run": named.identifier} if page in OF_A_RUN else {}
                    rounds = [asyncio.run(opened_at_once(address, page, query, clients)) for _ in range(ROUNDS)]
                    later = [seconds for taken, _ in rounds[1:] for seconds in taken]
                    sizes = [amount for _, received in rounds for amount in received]
                    for visit, taken in (("first visit", rounds[0][0]), ("later visits", later)):
                        rows.append(Row(f"{page}, {visit}, median", median(taken), "s", goal=f"≤ {BAR}"))
                        rows.append(Row(f"{page}, {visit}, nine in ten", quantiles(taken, n=10)[-1], "s"))
                    rows.append(Row(f"{page}, sent to each", median(sizes) / 1000, "kB"))
                server = next(process for process in psutil.Process().children() if "streamlit" in " ".join(process.cmdline()))
                milliseconds, received = asyncio.run(watched(address, {"run": training.identifier}, server))
                rows.append(Row("watching a run for a second, of the processor", milliseconds, "ms", goal="≤ 50"))
                rows.append(Row("watching a run for a second, sent", received / 1000, "kB", goal="≤ 100"))
        finally:
            training.request_stop()
            deadline = time.monotonic() + 60
            while training.read_status().active and time.monotonic() < deadline:
                time.sleep(0.2)
    publish(f"Pages for {clients} visitors at once, while a run trains", rows, "Over websockets, as browsers do; all at the same moment.")


if __name__ == "__main__":
    main(sys.argv[1:])
