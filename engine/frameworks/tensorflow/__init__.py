"""The wing in TensorFlow and Keras; nothing else in the house imports it."""
