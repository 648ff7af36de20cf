"""PDF to blocks."""
