"""Links, neighbours, routes and sockets, as the kernel and its tools tell of them."""
