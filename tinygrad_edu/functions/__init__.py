"""What learners call: compositions of rules under PyTorch's names. The tensor's methods are these functions."""

from tinygrad_edu.docstrings import document as _document
from tinygrad_edu.functions.activations import *
from tinygrad_edu.functions.broadcasting import *
from tinygrad_edu.functions.buffers import *
from tinygrad_edu.functions.chains import *
from tinygrad_edu.functions.comparison import *
from tinygrad_edu.functions.complex_numbers import *
from tinygrad_edu.functions.conversion import *
from tinygrad_edu.functions.creation import *
from tinygrad_edu.functions.cumulative import *
from tinygrad_edu.functions.data import *
from tinygrad_edu.functions.differences import *
from tinygrad_edu.functions.einstein import *
from tinygrad_edu.functions.exponentials import *
from tinygrad_edu.functions.histograms import *
from tinygrad_edu.functions.indexing import *
from tinygrad_edu.functions.joining import *
from tinygrad_edu.functions.norms import *
from tinygrad_edu.functions.pointwise import *
from tinygrad_edu.functions.polynomials import *
from tinygrad_edu.functions.products import *
from tinygrad_edu.functions.random import *
from tinygrad_edu.functions.rearranging import *
from tinygrad_edu.functions.reductions import *
from tinygrad_edu.functions.rounding import *
from tinygrad_edu.functions.scattering import *
from tinygrad_edu.functions.shaping import *
from tinygrad_edu.functions.sorting import *
from tinygrad_edu.functions.statistics import *
from tinygrad_edu.functions.strides import *
from tinygrad_edu.functions.trigonometry import *
from tinygrad_edu.functions.windows import *

_document([f for f in list(globals().values()) if callable(f)])
