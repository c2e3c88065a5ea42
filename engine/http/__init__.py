"""The only door to the network. Names are imported from here; the HTTP library is loaded by the first request."""

from engine.http.client import Client, host_of
from engine.http.policy import ACCEPT_ENCODING, USER_AGENT, HttpRequest, HttpResponse, Policy, Recorder
from engine.http.redact import install_log_filter, redact

__all__ = [
    "ACCEPT_ENCODING",
    "USER_AGENT",
    "Client",
    "HttpRequest",
    "HttpResponse",
    "Policy",
    "Recorder",
    "host_of",
    "install_log_filter",
    "redact",
]

install_log_filter()
