"""What is held on a person, and how it goes: on request, or by a round's own term."""
