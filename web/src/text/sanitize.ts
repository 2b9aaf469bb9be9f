import DOMPurify from "dompurify";
import { hasHidden, visible } from "../design/visibleText.ts";
import { isSafeLink } from "./markdownHtml.ts";

const allowed = {
  ALLOWED_TAGS: [
    ...[
      "a",
      "blockquote",
      "br",
      "code",
      "del",
      "div",
      "em",
      "h1",
      "h2",
      "h3",
      "h4",
      "h5",
      "h6",
      "hr",
      "li",
      "ol",
    ],
    ...["p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"],
  ],
  ALLOWED_ATTR: ["href", "title", "target", "rel", "class", "start", "tabindex"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** A sanitiser of our own, so that its hooks are nobody else's. */
const purify = DOMPurify(window);
purify.addHook("afterSanitizeAttributes", (element) => {
  if (element.tagName !== "A") return;
  const href = element.getAttribute("href") ?? "";
  if (!isSafeLink(href)) element.removeAttribute("href");
  element.setAttribute("target", "_blank");
  element.setAttribute("rel", "noopener noreferrer");
});

/** What may be shown of the HTML: no script, no style, nothing that is fetched, and hidden characters as escapes. */
export function safeFragment(html: string): DocumentFragment {
  const fragment = purify.sanitize(html, { ...allowed, RETURN_DOM_FRAGMENT: true });
  if (hasHidden(fragment.textContent ?? "")) {
    const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      node.nodeValue = visible(node.nodeValue ?? "");
  }
  return fragment;
}
