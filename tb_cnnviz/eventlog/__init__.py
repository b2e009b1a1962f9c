"""The files of a run: written while training, indexed and read back. Knows records; knows neither Keras nor the page."""
