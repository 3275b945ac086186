"""Networks, losses and training loops: tensors in, tensors out. Nothing here knows what a car is."""
