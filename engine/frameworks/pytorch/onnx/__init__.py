"""An ONNX graph as a PyTorch model that can be trained on."""
