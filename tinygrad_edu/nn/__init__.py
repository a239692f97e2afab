"""Neural networks: modules with parameters; `functional` has layers and losses as functions, `init` fills parameters.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu import nn
>>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
>>> loss = nn.MSELoss()(model(tg.ones(5, 2)), tg.zeros(5, 1))
>>> loss.backward()
>>> model[0].weight.grad.shape
Size([8, 2])
"""

from tinygrad_edu.nn import functional, init, parameter, utils
from tinygrad_edu.nn.activations import *
from tinygrad_edu.nn.attention import *
from tinygrad_edu.nn.cells import *
from tinygrad_edu.nn.containers import *
from tinygrad_edu.nn.convolution import *
from tinygrad_edu.nn.convolution import Convolution as _ConvNd
from tinygrad_edu.nn.ctc import *
from tinygrad_edu.nn.distance import *
from tinygrad_edu.nn.dropout import *
from tinygrad_edu.nn.embedding import *
from tinygrad_edu.nn.inferring import *
from tinygrad_edu.nn.linear import Bilinear, Identity, LazyLinear, Linear
from tinygrad_edu.nn.losses import *
from tinygrad_edu.nn.losses import Loss as _Loss
from tinygrad_edu.nn.losses import WeightedLoss as _WeightedLoss
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.normalization import *
from tinygrad_edu.nn.normalization import BatchNorm as _BatchNorm
from tinygrad_edu.nn.normalization import ChannelNorm as _NormBase
from tinygrad_edu.nn.normalization import InstanceNorm as _InstanceNorm
from tinygrad_edu.nn.padding import *
from tinygrad_edu.nn.parallel import *
from tinygrad_edu.nn.parameter import Buffer, Parameter
from tinygrad_edu.nn.parameter_containers import *
from tinygrad_edu.nn.pooling import *
from tinygrad_edu.nn.recurrent import *
from tinygrad_edu.nn.resizing import *
from tinygrad_edu.nn.shaping import *
from tinygrad_edu.nn.transformer import *
