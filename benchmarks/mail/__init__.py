"""How fast feedpub mails, beside Postfix's smtp-source; and how it copes with a long list."""
