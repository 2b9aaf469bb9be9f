import { Marked, type Token } from "marked";
import { visible } from "../design/visibleText.ts";

const escapes: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (found) => escapes[found] ?? found);

/** Only these leave the page: no script, no data, no file. */
export const isSafeLink = (href: string): boolean => /^(https?:\/\/|mailto:)/i.test(href.trim());

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // Markup in an answer is something that Claude shows, never something for the browser.
    html: ({ text }) => escapeHtml(visible(text)),
    // A picture would be fetched from wherever the answer says; its address is given instead.
    image: ({ href, text }) =>
      isSafeLink(href)
        ? `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer">${escapeHtml(visible(text || href))}</a>`
        : escapeHtml(visible(text || href)),
    link({ href, tokens, title }) {
      const words = this.parser.parseInline(tokens);
      if (!isSafeLink(href)) return words;
      const hint = escapeHtml(visible(title ?? href));
      return `<a href="${escapeHtml(href)}" title="${hint}" target="_blank" rel="noopener noreferrer">${words}</a>`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
    table(token) {
      const cell = (tag: "th" | "td", one: (typeof token.header)[number]) =>
        `<${tag}${one.align ? ` class="${one.align}"` : ""}>${this.parser.parseInline(one.tokens)}</${tag}>`;
      const head = token.header.map((one) => cell("th", one)).join("");
      const rows = token.rows
        .slice(0, maxTableRows)
        .map((row) => `<tr>${row.map((one) => cell("td", one)).join("")}</tr>`);
      const rest = token.rows.length - maxTableRows;
      const note = rest > 0 ? `<p class="meta">${rest} more rows are not shown.</p>` : "";
      return `<div class="wide" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>${note}`;
    },
  },
});

/** A longer table is a file, not an answer. */
const maxTableRows = 500;

/** The block as HTML, which has to pass the sanitiser before it is shown. */
export const htmlOf = (token: Token): string => marked.parser([token]);
