"""Who is on the link: ARP, neighbour discovery, DHCP."""
