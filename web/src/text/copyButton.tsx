import { useEffect, useState } from "preact/hooks";
import { Icon } from "../design/icons.tsx";

/** For how long a button says that it has copied. */
const saidMs = 2_000;

/** Puts the text on the clipboard, also where the page came over plain HTTP and has no clipboard API. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "heard-only";
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

export function CopyButton({ text, what }: { text: () => string; what: string }) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), saidMs);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await copyText(text())) ? "Copied" : "Not copied");
  return (
    <button type="button" class="copy" onClick={copy} aria-label={said === "" ? `Copy ${what}` : said}>
      {said === "" ? <Icon name="copy" size={16} /> : <span>{said}</span>}
    </button>
  );
}
