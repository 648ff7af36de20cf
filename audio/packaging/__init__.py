"""Masters to the files that shops and players open: M4B, MP3, with their tags."""
