"""Child processes that read untrusted bytes and run model code, and what speaks with them.

`clients` is what the engine calls; `supervisor` keeps one process of a role alive; `protocol` is what they say;
`serve`, `sandbox` and the roles `parse`, `embed` and `generate` run inside the child.
"""
