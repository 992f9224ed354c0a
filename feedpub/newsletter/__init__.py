"""The newsletter: choosing posts, composing and planning digest issues, sign-ups and bounces."""
