/** Names of built-in drivers: attributes that name them start no program. */
const builtInDrivers: Readonly<Record<string, ReadonlySet<string>>> = {
  filter: new Set(),
  merge: new Set(["text", "binary", "union"]),
  diff: new Set([
    ...[
      "ada",
      "bash",
      "bibtex",
      "cpp",
      "csharp",
      "css",
      "dts",
      "elixir",
      "fortran",
      "fountain",
      "golang",
      "html",
    ],
    ...[
      "ini",
      "java",
      "kotlin",
      "markdown",
      "matlab",
      "objc",
      "pascal",
      "perl",
      "php",
      "python",
      "r",
      "ruby",
    ],
    ...["rust", "scheme", "tex"],
  ]),
};

/** Keys that hold a program, whatever their value is. `*` stands for any part between section and name. */
const programKeys = [
  ...["filter.*.clean", "filter.*.smudge", "filter.*.process", "merge.*.driver"],
  ...["diff.external", "diff.*.command", "diff.*.textconv"],
  ...["difftool.*.cmd", "difftool.*.path", "mergetool.*.cmd", "mergetool.*.path", "interactive.difffilter"],
  ...["gpg.program", "gpg.*.program", "gpg.ssh.defaultkeycommand"],
  ...["core.sshcommand", "core.hookspath", "core.editor", "core.pager", "core.askpass", "core.gitproxy"],
  ...["core.alternaterefscommand", "sequence.editor", "credential.helper", "credential.*.helper"],
  ...["remote.*.vcs", "remote.*.uploadpack", "remote.*.receivepack", "uploadpack.packobjectshook"],
  ...["trailer.*.command", "trailer.*.cmd", "tar.*.command", "hook.*.command", "init.templatedir"],
  ...["browser.*.cmd", "browser.*.path", "man.*.cmd", "man.*.path", "guitool.*.cmd", "instaweb.httpd"],
  ...["sendemail.sendmailcmd", "sendemail.tocmd", "sendemail.cccmd", "sendemail.headercmd", "imap.tunnel"],
].map((key) => {
  const parts = key.split(".*.").map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${parts.join("\\..*\\.")}$`, "s");
});

/** Keys whose value may be a program or a plain yes and no. */
const switchKeys = /^(?:core\.fsmonitor|pager\..*)$/s;
const isSwitch = (value: string): boolean => /^(?:true|false|yes|no|on|off|\d+|)$/i.test(value);

/** Whether a value of a repository's configuration makes git run a program that the value names. */
export function namesProgram(key: string, value = "true"): boolean {
  if (programKeys.some((pattern) => pattern.test(key))) return true;
  if (switchKeys.test(key)) return !isSwitch(value);
  if (/^(?:alias\.|submodule\..*\.update$)/s.test(key)) return value.startsWith("!");
  // A transport of this name runs the command that follows it.
  if (/^(?:url|remote|submodule)\./.test(key)) return /(?:^|\.)ext::/.test(`${key.slice(4)}.${value}`);
  return /^protocol\.(?:ext\.)?allow$/.test(key) && !/^never$/i.test(value);
}

/** The drivers that an attributes file names and git does not bring itself, as `filter=NAME`. */
export function driversNamed(attributes: string): string[] {
  const found = new Set<string>();
  for (const line of attributes.split("\n")) {
    if (/^\s*#/.test(line)) continue;
    for (const word of line.trim().split(/\s+/).slice(1)) {
      const [, kind = "", name = ""] = word.match(/^(filter|diff|merge)=(.+)$/) ?? [];
      if (name !== "" && !builtInDrivers[kind]?.has(name)) found.add(`${kind}=${name}`);
    }
  }
  return [...found];
}

/** The files that a configuration includes, its conditions left aside: they may hold tomorrow. */
export const includesOf = (entries: readonly { key: string; value?: string }[]): string[] =>
  entries.flatMap(({ key, value }) =>
    value !== undefined && /^include(?:if\..*)?\.path$/s.test(key) ? [value] : [],
  );
