"""What the numbers of a log mean. numpy only; knows neither Keras nor TensorBoard."""
