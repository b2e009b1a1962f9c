"""The command `tb-cnnviz`. Needs no Keras."""
