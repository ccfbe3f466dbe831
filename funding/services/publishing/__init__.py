"""Making a closed round public, keeping back what is confidential, and hearing the public."""
