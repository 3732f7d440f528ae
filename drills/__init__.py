"""Real faults injected on purpose into a lab of namespaces, with the diagnosis each must lead to."""
