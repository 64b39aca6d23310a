"""An ONNX file with its weights in eight bits, by ONNX Runtime's own tool; no framework takes part."""

from __future__ import annotations

from pathlib import Path


def keep_weights_in_int8(file: Path) -> None:
    """Rewrite ``file``: weights in eight bits, one scale for each output of a layer; what the layers take is rounded as it comes."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # here, for only this needs it

    whole = file.with_name(f"float32-{file.name}")
    file.replace(whole)
    try:
        quantize_dynamic(whole, file, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        whole.unlink()
