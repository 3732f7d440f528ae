"""What resolvers answer."""
