/** Settings of the convolution, changed by hand. Their names must not be those of pooling's. */
export const CONVOLUTION_FIELDS = {} as const;
