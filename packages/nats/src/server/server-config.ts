/** The configuration of the servers that we start, as text for nats-server. Pure. */

export interface ServerPlan {
  readonly name: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly clusterPort: number;
  readonly storeDir: string;
}

export interface ClusterPlan {
  readonly cluster: string;
  /** One or three. */
  readonly servers: readonly ServerPlan[];
  readonly storage: ServerStorage;
}

export interface ServerStorage {
  /** When the server writes to the disk: before each acknowledgement, or every so often as `2m`. */
  readonly sync: string;
  readonly maxBytes?: number | undefined;
}

/** Ports: first all for clients, then for monitoring, then for routes. Names stay the same for the same cluster name. */
export function planCluster(
  cluster: string,
  ports: readonly number[],
  storeDirs: readonly string[],
  storage: ServerStorage,
) {
  const count = storeDirs.length;
  const port = (index: number) => ports[index] ?? 0;
  const servers = storeDirs.map((storeDir, index): ServerPlan => {
    const name = `${cluster}-${index + 1}`;
    const [monitorPort, clusterPort] = [port(count + index), port(2 * count + index)];
    return { name, port: port(index), monitorPort, clusterPort, storeDir };
  });
  return { cluster, servers, storage } satisfies ClusterPlan;
}

/** Strings of the configuration are those of JSON. */
const quoted = (text: string) => JSON.stringify(text);

export function serverConfig({ cluster, servers, storage }: ClusterPlan, server: ServerPlan): string {
  const routes = servers.map(({ clusterPort }) => quoted(`nats://127.0.0.1:${clusterPort}`)).join(', ');
  const { sync, maxBytes } = storage;
  const bound = maxBytes === undefined ? '' : `, max_file_store: ${maxBytes}`;
  const lines = [
    `server_name: ${quoted(server.name)}`,
    'host: "127.0.0.1"',
    `port: ${server.port}`,
    `http: "127.0.0.1:${server.monitorPort}"`,
    `jetstream: { store_dir: ${quoted(server.storeDir)}, sync_interval: ${quoted(sync)}${bound} }`,
  ];
  const route = `cluster: { name: ${quoted(cluster)}, host: "127.0.0.1", port: ${server.clusterPort}, routes: [${routes}] }`;
  return `${[...lines, ...(servers.length > 1 ? [route] : [])].join('\n')}\n`;
}
