"""BrainUAD: a benchmark of unsupervised anomaly detection in brain MRI."""
