"""Who may ask for what, how often, how much, and from where."""
