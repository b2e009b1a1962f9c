"""Numbers out of a Keras model, while it trains or at rest, as records. Knows Keras and records, and no file."""
