/** Vite gives a style sheet as text; it goes into a shadow root. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
