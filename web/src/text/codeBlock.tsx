import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visible } from "../design/visibleText.ts";
import { CopyButton } from "./copyButton.tsx";
import { highlighted } from "./highlight.ts";
import { safeFragment } from "./sanitize.ts";

/** Code with its language, a copy button, and colours when it is finished. */
export function CodeBlock(props: { code: string; language: string; isFinished: boolean }) {
  const { code, isFinished } = props;
  const language = /^[\w+#-]*/.exec(props.language)?.[0] ?? "";
  const [html, setHtml] = useState<string>();
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    setHtml(undefined);
    if (!isFinished) return;
    let isWanted = true;
    highlighted(code, language.toLowerCase()).then(
      (found) => isWanted && setHtml(found),
      // Without the colours it is the same code.
      () => {},
    );
    return () => {
      isWanted = false;
    };
  }, [code, language, isFinished]);
  useLayoutEffect(() => {
    if (html === undefined) element.current?.replaceChildren(visible(code));
    else element.current?.replaceChildren(safeFragment(html));
  }, [html, code]);
  return (
    <figure class="code">
      <figcaption>
        <span>{language}</span>
        <CopyButton text={() => code} what="the code" />
      </figcaption>
      <pre tabIndex={0}>
        <code ref={element} />
      </pre>
    </figure>
  );
}
