"""The lessons' data sets, under torchvision's names and in its folders: MNIST and its likes, and random images."""

from tinygrad_edu.datasets.fake import FakeData
from tinygrad_edu.datasets.mnist import KMNIST, MNIST, FashionMNIST
from tinygrad_edu.datasets.vision import VisionDataset

__all__ = ["MNIST", "FakeData", "FashionMNIST", "KMNIST", "VisionDataset"]
