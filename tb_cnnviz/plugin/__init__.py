"""TensorBoard's side: the plugin, its routes, and the page that it serves. Reads logs; needs no Keras."""
