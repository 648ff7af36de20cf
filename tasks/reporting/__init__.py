"""The report of a book: measured values, players, plots; one page and the same as JSON."""
