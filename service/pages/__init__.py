"""The pages: bench, batch and review of books."""
