"""Letters of offer and agreements: their texts, what is filled into them, and their documents."""
