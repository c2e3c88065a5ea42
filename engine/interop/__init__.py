"""What other readers left on the disk, one file for each reader, and the servers that a person may keep.

A reader's file is hostile: it is opened in the `parse` worker, read-only or as a copy, and its articles are made clean by the
same `assemble` as those of feeds.
"""
