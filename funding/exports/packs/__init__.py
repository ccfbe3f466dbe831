"""The decision pack as a printed document, which carries its own content."""
