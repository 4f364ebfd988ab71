"""MAIL: the network of Niu et al. (2020), in numpy."""
