"""Tests of `bot.graph` over TLS sockets, against the stand-ins of Entra and Graph."""
