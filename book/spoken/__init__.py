"""Printed text to spoken text: the lexicon, the normaliser, the cleaning of silent marks."""
