"""Word documents to blocks."""
