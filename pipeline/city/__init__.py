"""The embedded city: streets, traffic and a KITTI camera, made of numbers alone and the same for the same seed."""
