"""The support desk: tickets, their life, their priority and who works on them."""
