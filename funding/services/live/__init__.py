"""Live sessions: a committee tries changes on a solved run, and everybody sees the same step."""
