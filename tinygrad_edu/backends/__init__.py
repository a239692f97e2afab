"""What programs ask or tell PyTorch's backends: here every answer is no, and every setting goes unheard.

>>> from tinygrad_edu import backends
>>> backends.mps.is_available()
False
>>> backends.cudnn.deterministic = True
"""

from tinygrad_edu.backends import cuda, cudnn, mkl, mkldnn, mps, openmp

__all__ = ["cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"]
