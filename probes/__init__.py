"""Active questions to the network and to applications; one file per question."""
