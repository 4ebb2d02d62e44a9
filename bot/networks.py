"""Networks in CIDR notation, as the configuration names them."""

import ipaddress

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(value: str) -> tuple[Network, ...]:
    """The networks that the text names, with commas between them; raises `ValueError` that says which is none."""
    found = []
    for word in value.replace(",", " ").split():
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            raise ValueError(
                f"must be networks such as 10.1.0.0/16, with commas between them; {word} is none"
            ) from None
        if network.prefixlen == 0:
            raise ValueError(f"{word} is everybody, whose word would be taken; name the proxies' own networks")
        found.append(network)
    return tuple(found)
