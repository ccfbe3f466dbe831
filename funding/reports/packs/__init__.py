"""What a decision pack says: its figures, made of a stored run and its studies; and its pages."""
