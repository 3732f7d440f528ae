"""How local applications are found and asked: short read-only conversations in their own protocols."""
