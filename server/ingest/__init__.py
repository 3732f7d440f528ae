"""From the bytes of a batch to its acknowledgement: authenticate, validate, dedupe, commit, apply."""
