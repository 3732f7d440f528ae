"""The stages on the way from a batch to a proven repair, one file each."""
