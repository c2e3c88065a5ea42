"""How good Millpond's answers are, measured on labelled data through the engine's public names alone."""
