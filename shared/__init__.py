"""The language and the plumbing that every service uses; nothing here makes a business decision."""
