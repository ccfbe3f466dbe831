"""`python -m bench.overlap`: how well and how fast works are compared, one figure a line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from bench.overlap.training import train


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.overlap", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["train"])
    options = parser.parse_args(arguments)
    if options.what == "train":
        for line in train():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
