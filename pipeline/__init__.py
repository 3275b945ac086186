"""What we know about driving data: sources, windows, strategies, tasks, scoring. No Prefect, no MLflow."""
