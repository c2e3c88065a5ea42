"""The list of posts: ids with lazily loaded rows, painted as cards."""
