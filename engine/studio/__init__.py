"""Changes to the release before it is one: their files, every saved version of them, and who works on what."""
