"""Sound that is sent while it is still being made: rates, tempo, encoders."""
