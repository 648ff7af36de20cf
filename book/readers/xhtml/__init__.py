"""EPUB and HTML to blocks."""
