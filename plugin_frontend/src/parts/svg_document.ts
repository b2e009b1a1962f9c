/** Charts that are drawn as SVG on the page, as documents of their own. */

const INHERITED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-opacity",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "font-variant-numeric",
  "text-anchor",
  "dominant-baseline",
  "paint-order",
] as const;

/** An SVG of the page with its styles written into its elements, on the page's colour. Needs to be in the document. */
export function svgDocument(root: SVGSVGElement): string {
  const copy = root.cloneNode(true) as SVGSVGElement;
  const originals = [root, ...root.querySelectorAll<SVGElement>("*")];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    const target = copies[i] as SVGElement;
    for (const name of INHERITED) target.style.setProperty(name, style.getPropertyValue(name));
    target.removeAttribute("class");
  });
  bare(copy);
  const { width, height } = root.getBoundingClientRect();
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(root).getPropertyValue("--page").trim() || "#ffffff");
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

// oxlint-disable-next-line no-control-regex -- control characters are what has to go
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Only what is drawn, as XML can hold it: names from a log may be any text, and a document has no rows to point at. */
function bare(root: SVGSVGElement): void {
  for (const element of root.querySelectorAll("*")) {
    for (const name of element.getAttributeNames()) {
      if (/^(id|role|aria-.*)$/.test(name)) element.removeAttribute(name);
      else if (name.startsWith("data-"))
        element.setAttribute(name, (element.getAttribute(name) ?? "").replaceAll(NOT_XML, "\ufffd"));
    }
  }
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_TEXT);
  const comments: Node[] = [];
  while (nodes.nextNode()) {
    const node = nodes.currentNode;
    if (node.nodeType === Node.COMMENT_NODE) comments.push(node);
    else node.nodeValue = (node.nodeValue ?? "").replaceAll(NOT_XML, "\ufffd");
  }
  for (const comment of comments) comment.parentNode?.removeChild(comment);
}

/** An SVG document as a picture. `scale`: pixels of the picture a unit of the document. */
export async function pngOfSvg(text: string, scale = 2): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(Math.ceil(image.width * scale), Math.ceil(image.height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("the browser has no room for a picture of this size");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: "image/png" });
}
