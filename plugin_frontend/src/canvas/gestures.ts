/** Wheel, drag and pinch on an element, as panning, zooming and clicks. */

export interface GestureTarget {
  /** Move the content by so many pixels. */
  pan(dx: number, dy: number): void;
  /** Zoom by a factor around a point of the element; false when there is nothing left to zoom. */
  zoom(factor: number, x: number, y: number): boolean;
  /** The pointer rests at a point, or left the element. */
  hover(point: { x: number; y: number } | null): void;
  click(x: number, y: number): void;
  /** Two taps or clicks in a row. */
  doubleClick?(x: number, y: number): void;
}

const DRAG_THRESHOLD = 4;
const PIXELS_A_LINE = 16;

interface Point {
  x: number;
  y: number;
}

/** Listens until the signal aborts. */
export function listenForGestures(element: HTMLElement, target: GestureTarget, signal: AbortSignal): void {
  const pointers = new Map<number, Point>();
  let start: Point | null = null;
  let dragged = false;

  const place = (event: PointerEvent | WheelEvent | MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const point = place(event);
    pointers.set(event.pointerId, point);
    element.setPointerCapture(event.pointerId);
    if (pointers.size === 1) {
      start = point;
      dragged = false;
    }
  };

  const move = (event: PointerEvent): void => {
    const point = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      target.hover(point);
      return;
    }
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)![1];
      const factor = distance(point, other) / Math.max(1, distance(before, other));
      target.zoom(factor, (point.x + other.x) / 2, (point.y + other.y) / 2);
      target.pan((point.x - before.x) / 2, (point.y - before.y) / 2);
      dragged = true;
    } else if (dragged || (start && distance(point, start) > DRAG_THRESHOLD)) {
      target.pan(point.x - before.x, point.y - before.y);
      dragged = true;
    } else {
      return;
    }
    pointers.set(event.pointerId, point);
  };

  const up = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (event.type === "pointerup" && !dragged && pointers.size === 0) {
      const { x, y } = place(event);
      target.click(x, y);
    }
  };

  const wheel = (event: WheelEvent): void => {
    const { x, y } = place(event);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PIXELS_A_LINE : 1);
    // A pinch on a touch pad arrives as a wheel with Ctrl held, in small steps.
    const factor = Math.exp(-Math.max(-200, Math.min(200, pixels)) * (event.ctrlKey ? 0.01 : 0.002));
    // What cannot zoom further lets the page scroll.
    if (target.zoom(factor, x, y) || event.ctrlKey) event.preventDefault();
  };

  element.addEventListener("pointerdown", down, { signal });
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", up, { signal });
  element.addEventListener("pointercancel", up, { signal });
  element.addEventListener("pointerleave", () => target.hover(null), { signal });
  element.addEventListener("wheel", wheel, { signal, passive: false });
  element.addEventListener(
    "dblclick",
    (event) => {
      const { x, y } = place(event);
      target.doubleClick?.(x, y);
    },
    { signal },
  );
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
