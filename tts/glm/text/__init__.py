"""Text to token ids: the front end of GLM-TTS, light enough for planning (no torch)."""
