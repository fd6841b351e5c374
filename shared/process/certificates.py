"""The certificates of the authorities that connections of ours trust."""

import functools
import ssl

import httpx


@functools.cache
def certificates(*, trust_env: bool = False) -> ssl.SSLContext:
    """Return them, read once: that takes 20 ms each time, and every client would.

    `trust_env` lets the environment name others, by `SSL_CERT_FILE` or `SSL_CERT_DIR`.
    """
    return httpx.create_ssl_context(trust_env=trust_env)
