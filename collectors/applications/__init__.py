"""Local applications, asked in their own words."""
