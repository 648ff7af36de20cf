"""What the models take from a recording of someone: speech tokens, mel, speaker embedding."""
