"""ONNX files: read without trust, brought into one form, quantized and run, without any framework."""
