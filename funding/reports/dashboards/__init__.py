"""The dashboards of a round: each answers one question, with figures and the way to their rows."""
