"""The daemon behind `feedpub run`: watches, builds, mails and serves one site."""
