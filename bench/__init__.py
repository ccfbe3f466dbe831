"""Measurements that say whether the product is still fast; `make bench` runs them.

`bench.optimizer` measures the optimizer against other ways to write the same model. Any other
module here with a `report()`, which gives its figures line by line, is a subject of its own.
"""
