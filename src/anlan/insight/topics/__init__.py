"""What the city talks about: messages that report the same issue, how loud each issue is, and what is rising."""
