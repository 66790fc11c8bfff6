"""Many runs on the engines of `mathbench.engine`: of any baselines, on any data, each in its own directory."""
