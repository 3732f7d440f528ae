"""Which way packets take, and what comes back: routes, echoes, sizes, hops."""
