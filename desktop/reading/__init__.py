"""The reading pane: one post, its summary with evidence, and why it is here."""
