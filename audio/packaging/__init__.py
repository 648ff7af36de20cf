"""Masters to the files that shops and players open: M4B, MP3, Opus, FLAC, with their tags."""
