"""What is done with parameters between the backward pass and the step."""

from tinygrad_edu.nn.utils.clip_grad import *
from tinygrad_edu.nn.utils.convert_parameters import *
