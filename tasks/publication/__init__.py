"""From masters to the finished book: where its files lie, what proves them, what room they need."""
