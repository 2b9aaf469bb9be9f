/** Twenty a second read as a flow; each drawing of a long answer costs some milliseconds on a phone. */
const betweenMs = 50;
/** A page that is not seen has no frames. */
const unseenMs = 250;

/** Calls with the next frame that is due: the first at once, then with a pause that leaves the page time to answer. */
export function pacedFrames(): (act: () => void) => void {
  let lastAt = 0;
  return (act) => {
    const run = () => {
      lastAt = performance.now();
      act();
    };
    if (document.hidden) {
      setTimeout(run, unseenMs);
      return;
    }
    const waitMs = lastAt + betweenMs - performance.now();
    if (waitMs <= 0) requestAnimationFrame(run);
    else setTimeout(() => requestAnimationFrame(run), waitMs);
  };
}
