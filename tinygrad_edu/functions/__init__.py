"""What learners call: compositions of rules under PyTorch's names. The tensor's methods are these functions."""

from tinygrad_edu.functions.activations import *
from tinygrad_edu.functions.comparison import *
from tinygrad_edu.functions.conversion import *
from tinygrad_edu.functions.creation import *
from tinygrad_edu.functions.indexing import *
from tinygrad_edu.functions.pointwise import *
from tinygrad_edu.functions.products import *
from tinygrad_edu.functions.random import *
from tinygrad_edu.functions.reductions import *
from tinygrad_edu.functions.shaping import *
from tinygrad_edu.functions.sorting import *
