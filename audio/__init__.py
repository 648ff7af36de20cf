"""Takes to chapter to files. Knows no engine, no manuscript, no Prefect."""
