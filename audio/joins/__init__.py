"""Takes of one chapter, edited and joined sample by sample; the one gain of each voice."""
