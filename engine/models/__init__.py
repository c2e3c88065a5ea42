"""The models that Millpond can run: which there are, and how they come onto this machine."""
