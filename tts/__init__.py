"""Text and voice to samples. Knows no book, no audio files, no Prefect."""
