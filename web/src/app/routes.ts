/** A screen of the page, by its address (docs/api.md, The page). */
export type Route =
  | { screen: "home" }
  | { screen: "chat"; sessionId: string }
  | { screen: "pair"; code: string }
  | { screen: "monitor" | "settings" | "help" }
  | { screen: "nowhere"; path: string };

export function routeOf(path: string, hash: string): Route {
  const [, first = "", second = "", third] = path.replace(/\/$/, "").split("/");
  if (third !== undefined) return { screen: "nowhere", path };
  if (first === "s" && second !== "") return { screen: "chat", sessionId: second.toLowerCase() };
  if (second !== "") return { screen: "nowhere", path };
  switch (first) {
    case "":
      return { screen: "home" };
    case "pair":
      return { screen: "pair", code: new URLSearchParams(hash.replace(/^#/, "")).get("code") ?? "" };
    case "monitor":
    case "settings":
    case "help":
      return { screen: first };
    default:
      return { screen: "nowhere", path };
  }
}
