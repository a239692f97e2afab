"""Pictures of computation: graphs as data and their ways out, films of both passes, tables of models.

Pictures of training (`tinygrad_edu.viz.training`) are imported by themselves, since they need matplotlib.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu import viz
>>> w = tg.tensor(2.0, requires_grad=True)
>>> loss = (3 * w - 1) ** 2
>>> picture = viz.graph(loss)            # picture.render("graph.svg") draws it, picture.html("graph.html") is a page
"""

from tinygrad_edu.viz.film import Film, play, record
from tinygrad_edu.viz.graph import Cluster, Edge, Graph, Vertex
from tinygrad_edu.viz.layout import LayoutMissing
from tinygrad_edu.viz.reading import graph
from tinygrad_edu.viz.summary import Layer, Summary, summary

__all__ = [
    "Cluster",
    "Edge",
    "Film",
    "Graph",
    "Layer",
    "LayoutMissing",
    "Summary",
    "Vertex",
    "graph",
    "play",
    "record",
    "summary",
]
