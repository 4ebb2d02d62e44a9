"""Pending lists, read by the real client from the stand-in over sockets."""
