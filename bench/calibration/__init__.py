"""Is a diagnosis of 0.9 right nine times in ten? `make calibrate` writes docs/calibration.md."""
