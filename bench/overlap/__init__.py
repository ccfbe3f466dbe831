"""How well and how fast works are compared: `python -m bench.overlap`."""
