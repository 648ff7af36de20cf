"""What a speech recogniser heard, against what was to be said. Pure; no model is called here."""
