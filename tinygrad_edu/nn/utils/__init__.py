"""What is done with parameters between the backward pass and the step; `rnn` pads and packs batches of sequences."""

from tinygrad_edu.nn.utils import parametrizations, parametrize, rnn
from tinygrad_edu.nn.utils.clip_grad import *
from tinygrad_edu.nn.utils.convert_parameters import *
from tinygrad_edu.nn.utils.normalized_weights import *
