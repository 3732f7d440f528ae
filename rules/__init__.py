"""Knowledge and reasoning: signatures, faults, inference, reports. Pure: no clock, network or database."""
