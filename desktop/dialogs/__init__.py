"""Questions put to the person. None blocks: each is opened over the window and tells what came of it."""
