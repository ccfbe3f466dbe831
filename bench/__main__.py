"""`python -m bench`: every benchmark, at the sizes that take a few minutes."""

from __future__ import annotations

import sys

from bench import optimizer

if __name__ == "__main__":
    raise SystemExit(optimizer.main(sys.argv[1:]))
