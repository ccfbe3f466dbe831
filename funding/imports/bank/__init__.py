"""Bank statements as files: camt.053 and CSV, read into the same lines."""
