/** Stands in for the worker where there is none, so that its route always answers. */
self.close();
