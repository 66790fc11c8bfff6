"""Formats that put questions in words: prompts, multiple choice, solved examples and chats."""
