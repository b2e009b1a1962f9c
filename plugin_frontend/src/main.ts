/** TensorBoard imports this module into its iframe and calls render. */
export function render(): void {
  document.body.textContent = "CNN";
}
