"""Text beside sound: captions and read-along books, all from the one timeline."""
