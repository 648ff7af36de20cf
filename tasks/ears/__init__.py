"""The speech recogniser in its own process: the model, the child, and the parent's end."""
