import type { Permission } from "../../../client/src/index.ts";

/** A change of rules that the CLI proposes, as far as it is shown. */
interface Suggestion {
  type?: string;
  rules?: Array<{ toolName?: string; ruleContent?: string }>;
  behavior?: string;
  mode?: string;
  directories?: string[];
}

/** What “always” would allow from now on, in Claude's own notation; empty: the server does not say. */
export function rulesOf({ suggestions }: Pick<Permission, "suggestions">): string[] {
  return (suggestions as Suggestion[]).flatMap(({ type, rules = [], mode, directories = [] }) => {
    switch (type) {
      case "addRules":
      case "replaceRules":
        return rules.map(({ toolName = "", ruleContent }) =>
          ruleContent === undefined ? toolName : `${toolName}(${ruleContent})`,
        );
      case "setMode":
        return mode === undefined ? [] : [`mode ${mode}`];
      case "addDirectories":
        return directories.map((directory) => `access to ${directory}`);
      default:
        return [];
    }
  });
}
