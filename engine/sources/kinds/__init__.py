"""One file for each kind of source. `engine.sources.registry` lists them."""
