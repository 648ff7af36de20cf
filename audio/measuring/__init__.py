"""Any finished audio file in figures, and those figures against a profile."""
