"""Blocks of all formats to chapters and skips."""
