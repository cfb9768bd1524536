"""Stories that customers play: what they write, what they answer, and who of the shop they are."""
