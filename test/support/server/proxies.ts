import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { eventually } from "./daylongServer.ts";
import { steadyPort } from "./steadyPort.ts";

/** The name that clients ask for. */
export const proxyName = "day.test";

/** A proxy in front of a server, with a certificate for `proxyName`. */
export interface RunningProxy {
  port: number;
  stop(): Promise<void>;
}

export interface ProxyParts {
  /** A folder of its own. */
  dir: string;
  /** Of the server behind it. */
  serverPort: string;
  certPath: string;
  keyPath: string;
}

/** Makes a certificate for `proxyName` in a folder. */
export async function makeProxyCertificate(dir: string) {
  const { cert, private: key } = await generate([{ name: "commonName", value: proxyName }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: proxyName }] }],
  });
  const certPath = join(dir, "cert.pem");
  const keyPath = join(dir, "key.pem");
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key, { mode: 0o600 });
  return { cert, certPath, keyPath };
}

/** The fenced block of a language in docs/remote-access.md: what owners copy is what is tested. */
export function recipeOf(language: "nginx" | "caddy"): string {
  const text = readFileSync("docs/remote-access.md", "utf8");
  const block = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "m").exec(text)?.[1];
  if (block === undefined) throw new Error(`docs/remote-access.md has no block of ${language}.`);
  return block;
}

/** nginx with nothing set but what the WebSocket needs: its own limits of time. */
export const bareNginx = `
map $http_upgrade $daylong_connection { default upgrade; "" ""; }
server {
  listen 443 ssl;
  server_name day.example.org;
  ssl_certificate /etc/letsencrypt/live/day.example.org/fullchain.pem;
  ssl_certificate_key /etc/letsencrypt/live/day.example.org/privkey.pem;
  location / {
    proxy_pass http://127.0.0.1:3000;
    proxy_set_header Host $host;
  }
  location = /ws {
    proxy_pass http://127.0.0.1:3000;
    proxy_http_version 1.1;
    proxy_set_header Host $host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $daylong_connection;
  }
}
`;

/** Starts nginx with a server block, whose name, ports and certificate become the test's. */
export async function startNginx(
  block: string,
  { dir, serverPort, certPath, keyPath }: ProxyParts,
): Promise<RunningProxy> {
  mkdirSync(dir, { recursive: true });
  const port = await steadyPort();
  const own = block
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replaceAll("day.example.org;", `${proxyName};`)
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${certPath};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${keyPath};`)
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${serverPort}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(dir, name)};`,
  );
  const file = join(dir, "nginx.conf");
  writeFileSync(
    file,
    [
      "daemon off;",
      `pid ${join(dir, "nginx.pid")};`,
      // Its workers would give root's rights away, and with them the folder.
      ...(process.getuid?.() === 0 ? ["user root;"] : []),
      "worker_processes 1;",
      "events { worker_connections 256; }",
      `http { access_log off; ${temporary.join(" ")}`,
      own,
      "}",
    ].join("\n"),
  );
  const errors = ["-e", join(dir, "error.log")];
  return started("nginx", port, ["-c", file, "-p", dir, ...errors], { PATH: process.env.PATH ?? "" });
}

/** Starts Caddy with a site, whose name, ports and certificate become the test's. */
export async function startCaddy(
  site: string,
  { dir, serverPort, certPath, keyPath }: ProxyParts,
): Promise<RunningProxy> {
  mkdirSync(dir, { recursive: true });
  const port = await steadyPort();
  const own = site
    .replace(
      "day.example.org {",
      `https://${proxyName}:${port} {\n  bind 127.0.0.1\n  tls ${certPath} ${keyPath}`,
    )
    .replaceAll("127.0.0.1:3000", `127.0.0.1:${serverPort}`);
  const file = join(dir, "Caddyfile");
  writeFileSync(file, `{\n  admin off\n  auto_https disable_redirects\n}\n${own}`);
  return started("caddy", port, ["run", "--config", file, "--adapter", "caddyfile"], {
    PATH: process.env.PATH ?? "",
    HOME: dir,
    XDG_DATA_HOME: dir,
    XDG_CONFIG_HOME: dir,
  });
}

async function started(
  program: string,
  port: number,
  args: string[],
  env: Record<string, string>,
): Promise<RunningProxy> {
  // Debian puts nginx where only root's PATH leads.
  const path = `${env.PATH}:/usr/sbin:/usr/local/sbin`;
  const child = spawn(program, args, { env: { ...env, PATH: path }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000);
    });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new Error(
          `${program} cannot be started, and this test needs it: apt-get install ${program} (scripts/test does that as root).`,
          { cause },
        ),
      ),
    );
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
  });
  failed.catch(() => {});
  await Promise.race([eventually(`${program} listens`, () => isListening(port)), failed]);
  return { port, stop: () => stopped(child) };
}

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(port, "127.0.0.1");
    const end = (isOpen: boolean) => {
      probe.destroy();
      resolve(isOpen);
    };
    probe.once("connect", () => end(true));
    probe.once("error", () => end(false));
  });

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}
