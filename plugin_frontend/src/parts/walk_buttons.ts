const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * Arrow keys move the focus among the buttons of a group, which so needs one stop of the Tab key: `@keydown` of the
 * group, whose buttons have the tabindex of `tabStop`.
 */
export function walkButtons(event: KeyboardEvent): void {
  const by = STEPS[event.key];
  if (by === undefined || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const at = buttons.indexOf(event.target as HTMLElement);
  if (at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  buttons[at + by]?.focus();
}

/** The chosen one of a group, or the first where none of them is. */
export function tabStop(index: number, chosen: number): 0 | -1 {
  return index === Math.max(0, chosen) ? 0 : -1;
}
