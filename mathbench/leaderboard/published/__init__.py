"""Results of a board as documents of other projects: Every Eval Ever, and `.eval_results` of the Hugging Face Hub."""
