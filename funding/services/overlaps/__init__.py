"""Overlaps: found, judged, shown to whom they concern, and what follows from them."""
