"""Microsoft's side: tokens from Entra and calls to Graph."""
