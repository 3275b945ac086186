"""The order of work (Prefect) and its record (MLflow), and the command line in front of both."""
