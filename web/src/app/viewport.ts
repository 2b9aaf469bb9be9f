/**
 * Keeps the page above a phone's keyboard. Safari lays the keyboard over the page and scrolls the whole of it; while a field
 * has the focus, the page is as high as what is left to be seen.
 */
export function keepAboveKeyboard(page: HTMLElement): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const isTyping = () => {
    const element = document.activeElement;
    return element instanceof HTMLElement && element.matches("input, textarea, select");
  };
  const fit = () => {
    if (isTyping() && viewport.height < innerHeight - 1) {
      page.style.height = `${viewport.height}px`;
      scrollTo(0, 0);
    } else page.style.height = "";
  };
  viewport.addEventListener("resize", fit);
  document.addEventListener("focusin", fit);
  document.addEventListener("focusout", fit);
}
