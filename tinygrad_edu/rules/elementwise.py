"""Elementwise functions: the table of derivatives of a calculus book.

Conventions at kinks and ties are PyTorch's (the subgradient of least norm): |x|, relu and sign have
slope 0 at 0, equal operands of maximum and minimum share the cotangent.
"""

from __future__ import annotations

import numpy as np

from tinygrad_edu.primitive import rule

# arithmetic
add = rule(np.add, lambda g: g, lambda g: g)
subtract = rule(np.subtract, lambda g: g, lambda g: -g)
multiply = rule(np.multiply, lambda g, b: g * b, lambda g, a: g * a)
divide = rule(np.divide, lambda g, b: g / b, lambda g, y, b: -g * y / b)
negative = rule(np.negative, lambda g: -g)
absolute = rule(np.absolute, lambda g, x: g * np.sign(x))
square = rule(np.square, lambda g, x: g * (2 * x))
sqrt = rule(np.sqrt, lambda g, y: g / (2 * y))

# exponentials and logarithms
exp = rule(np.exp, lambda g, y: g * y)
log = rule(np.log, lambda g, x: g / x)

# trigonometry
tanh = rule(np.tanh, lambda g, y: g * (1 - y * y))
