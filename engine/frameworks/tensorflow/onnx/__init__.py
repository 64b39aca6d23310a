"""An ONNX graph as a Keras model that can be trained on."""
