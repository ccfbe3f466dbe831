"""Names in past grants: which of them are one, found in the background and decided by people."""
