"""The structs of simdact.h, gates.h, softmax.h and softmax_axis.h; modules of other shapes have those of theirs."""
from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_double, c_int, c_size_t, c_void_p
from typing import Any

MAX_PARAMETERS = 4


class Parameters(Structure):
    _fields_ = [("value", c_double * MAX_PARAMETERS)]


def function(result: Any, pointers: int, *rest: Any) -> Any:
    """The type of a kernel: so many arrays, then the rest."""
    return CFUNCTYPE(result, *[c_void_p] * pointers, *rest)


class Kernel(Structure):
    _fields_ = [
        ("forward", function(None, 2, c_size_t, Parameters)),
        ("backward", function(None, 3, c_size_t, Parameters)),
        ("backward_from_output", function(None, 3, c_size_t, Parameters)),
    ]


class GateKernel(Structure):
    _fields_ = [
        ("forward", function(None, 3, c_size_t, Parameters)),
        ("backward", function(None, 5, c_size_t, Parameters)),
    ]


class Description(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("formula", c_char_p),
        ("derivative", c_char_p),
        ("derivative_from_output", c_char_p),
        ("note", c_char_p),
        ("parameters", c_int),
        ("parameter_names", c_char_p * MAX_PARAMETERS),
        ("defaults", Parameters),
    ]


class GateDescription(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("formula", c_char_p),
        ("gradients", c_char_p),
        ("note", c_char_p),
        ("parameters", c_int),
        ("parameter_names", c_char_p * MAX_PARAMETERS),
        ("defaults", Parameters),
    ]


class SoftmaxDescription(Structure):
    _fields_ = [(member, c_char_p) for member in ("name", "formula", "backward", "note")]


class SoftmaxOptions(Structure):
    _fields_ = [
        ("scale", c_double),
        ("softcap", c_double),
        ("tier", c_int),
        ("masked_row", c_int),
        ("infinite_score", c_int),
        ("mask_type", c_int),
        ("mask", c_void_p),
        ("mask_rows", c_size_t),
        ("mask_row_stride", c_size_t),
        ("mask_slope", c_double),
        ("alibi_slope", c_double),
        ("lengths", c_void_p),
        ("causal_rows", c_size_t),
        ("causal_past", c_size_t),
        ("sinks", c_void_p),
        ("rows_per_sink", c_size_t),
        ("x_row_stride", c_size_t),
        ("y_row_stride", c_size_t),
        ("dy_row_stride", c_size_t),
        ("dx_row_stride", c_size_t),
        ("log_sum_exp", c_void_p),
        ("reserved", ctypes.c_uint64 * 7),
        ("starts", c_void_p),
    ]


class SoftmaxAxisOptions(Structure):
    _fields_ = [
        ("scale", c_double),
        ("tier", c_int),
        ("masked_row", c_int),
        ("infinite_score", c_int),
        ("log_sum_exp", c_void_p),
        ("reserved", ctypes.c_uint64 * 8),
    ]


class SoftmaxKernel(Structure):
    _fields_ = [
        ("forward", function(c_int, 2, c_size_t, c_size_t, POINTER(SoftmaxOptions))),
        ("backward", function(c_int, 3, c_size_t, c_size_t, POINTER(SoftmaxOptions))),
        ("block", c_void_p),
        ("log_sum_exp", function(c_int, 2, c_size_t, c_size_t, POINTER(SoftmaxOptions))),
    ]


class SoftmaxAxisKernel(Structure):
    _fields_ = [
        ("forward", function(c_int, 2, c_size_t, c_size_t, c_size_t, POINTER(SoftmaxAxisOptions))),
        ("backward", function(c_int, 3, c_size_t, c_size_t, c_size_t, POINTER(SoftmaxAxisOptions))),
        ("log_sum_exp", function(c_int, 2, c_size_t, c_size_t, c_size_t, POINTER(SoftmaxAxisOptions))),
    ]
