"""Reports on awards: their schedule, writing and deciding them, and what follows from them."""
