"""What a study found: tables as Markdown and CSV, heat maps, curves by length, and fronts of accuracy against cost."""
