"""Who may speak: agents by their credential, operators by session or token."""
