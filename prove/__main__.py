"""`python -m prove [SUBJECT...]`: every subject, or those named, one figure a line.

Exit status: 0 all hold; 1 one does not, and which; 2 there is no such subject.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Sequence

import prove


def subjects() -> list[str]:
    """The name of every module of this package but this one."""
    found = (module.name for module in pkgutil.iter_modules(prove.__path__))
    return sorted(name for name in found if not name.startswith("_"))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m prove", description=__doc__)
    parser.add_argument("subject", nargs="*", help=f"of {', '.join(subjects())}; all if none")
    wanted = parser.parse_args(arguments).subject or subjects()
    for name in set(wanted) - set(subjects()):
        parser.error(f"no subject {name}")
    failed = [name for name in wanted if not holds(name)]
    return 1 if failed else 0


def holds(name: str) -> bool:
    """Print a subject's figures as they come, then whether all of them hold."""
    started = time.monotonic()
    try:
        for figure in importlib.import_module(f"prove.{name}").prove():
            print(f"{name}: {figure}", flush=True)
    except AssertionError as error:
        print(f"{name}: DOES NOT HOLD: {error}", flush=True)
        return False
    print(f"{name}: holds, {time.monotonic() - started:.0f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
