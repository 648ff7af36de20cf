"""A stitched chapter to its master: level, peaks, room tone."""
