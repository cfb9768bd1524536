"""Our own tables: rows stay here, and what leaves is a frozen value."""
