"""The pages: plain, fast, rendered here, readable without JavaScript."""
