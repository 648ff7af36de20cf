"""The official checkpoint folder: where its files are, what they must be, and loading them."""
