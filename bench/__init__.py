"""Measurements that say whether the product is still fast; `make bench` runs them."""
