"""The command line, a thin face over the rooms: ``python -m engine check``, ``train``, ``audit``, ``benchmark`` and more."""

from __future__ import annotations

import os
import sys

from engine.commands import checking, models, runs, studies
from engine.commands.parser import make_parser
from engine.errors import ParityError, UnsureError

COMMANDS = {
    "check": checking.check,
    "train": runs.train,
    "audit": studies.audit,
    "ablate": studies.ablate,
    "museum": studies.museum,
    "benchmark": studies.benchmark,
    "migrate": models.migrate,
    "export": models.export,
    "predict": runs.predict,
    "runs": runs.show_runs,
    "report": runs.write_report,
    "env": runs.show_environment,
}
"""Each takes the options and answers with the exit status."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when it could not, 2 when it has to ask (the reason is on standard error)."""
    options = make_parser().parse_args(arguments)
    if getattr(options, "runs_dir", None):
        os.environ["PARITY_RUNS"] = str(options.runs_dir.absolute())
    try:
        status = COMMANDS[options.command](options)
        sys.stdout.flush()  # here, where a reader that has left is no error, and not when Python ends
        return status
    except ParityError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, UnsureError) else 1
    except KeyboardInterrupt:
        return 130  # as a shell says it
    except BrokenPipeError:  # whoever read the output, for example ``head``, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains once more when it ends
        return 0


if __name__ == "__main__":
    sys.exit(main())
