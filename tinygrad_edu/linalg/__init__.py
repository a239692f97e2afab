"""Linear algebra under the names of `torch.linalg`, for matrices and batches of them (…, m, n).

>>> import tinygrad_edu as tg
>>> tg.linalg.inv(tg.tensor([[2., 0.], [0., 4.]]))
tensor([[0.5000, 0.0000],
        [0.0000, 0.2500]])
"""

from tinygrad_edu.functions.products import matmul
from tinygrad_edu.linalg.attempts import *
from tinygrad_edu.linalg.decompositions import *
from tinygrad_edu.linalg.determinants import *
from tinygrad_edu.linalg.eigenvalues import *
from tinygrad_edu.linalg.elimination import *
from tinygrad_edu.linalg.exponentials import *
from tinygrad_edu.linalg.norms import *
from tinygrad_edu.linalg.solving import *
from tinygrad_edu.linalg.vectors import *
from tinygrad_edu.rules.decompositions import LinAlgError
