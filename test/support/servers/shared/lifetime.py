"""A server lives as long as the one who started it: until its stdin closes, or a SIGTERM."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable


def announce(**ports: int) -> None:
    """The one line on stdout that says the server accepts calls."""
    print("READY " + json.dumps(ports), flush=True)


def end_with_starter(stop: Callable[[], None]) -> None:
    """Calls `stop` and ends the process at once when the starter is gone or says so."""

    def end(*_: object) -> None:
        stop()
        os._exit(0)

    def watch() -> None:
        # Straight from the descriptor: a thread that sits in a buffered read holds that buffer's lock.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        end()

    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=watch, daemon=True).start()
