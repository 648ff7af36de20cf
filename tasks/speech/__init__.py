"""Single texts, spoken at once or as a job: the same pieces, keys and takes for all ways in."""
