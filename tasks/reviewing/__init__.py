"""The review of a book: what a page shows of its lines, and what a listener does about them."""
