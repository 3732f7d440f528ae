"""The lab, the injectors and the judge; they reach the product by its command line and HTTP only."""
