/** A computer that this page is paired with. The page's own data is keyed by it: further computers are further rows. */
export interface Host {
  /** This device's id on the server: unique to the pairing. */
  hostId: string;
  /** What the computer calls itself. */
  name: string;
  /** Of the server's log, as it was last seen. */
  epoch: string;
  /** Where the server was reached, the newest first. */
  addresses: string[];
  token: string;
  deviceName: string;
  pairedAt: number;
}

/** Values of one host. */
export interface HostValues {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Where the page keeps hosts, and values of each of them. */
export interface HostStore {
  /** How long kept things stay: `memory` is gone with the page. */
  readonly kind: "database" | "storage" | "memory";
  hosts(): Promise<Host[]>;
  saveHost(host: Host): Promise<void>;
  /** Forgets the host with everything that was kept of it. */
  removeHost(hostId: string): Promise<void>;
  get(hostId: string, key: string): Promise<string | undefined>;
  set(hostId: string, key: string, value: string): Promise<void>;
  remove(hostId: string, key: string): Promise<void>;
}
