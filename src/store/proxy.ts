/** `fetch` that goes through the proxy the environment (or npm's configuration in it) names. */

/** What a download uses of a Response: the global one and undici's own both have it. */
export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: (AsyncIterable<Uint8Array> & { cancel(): Promise<void> }) | null;
  readonly bodyUsed: boolean;
}

export type Fetch = (
  url: string,
  init: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<Answer>;

const cache = new Map<string, Promise<Fetch>>();

/** The proxies of an environment: HTTPS_PROXY, HTTP_PROXY, NO_PROXY in either case, or npm's own settings. */
export function proxySettings(environment: NodeJS.ProcessEnv = process.env) {
  const of = (...names: string[]): string | undefined =>
    names
      .flatMap((name) => [environment[name.toLowerCase()], environment[name.toUpperCase()]])
      .find((value) => value !== undefined && value !== '' && value !== 'null');
  return {
    httpsProxy: of('https_proxy', 'npm_config_https_proxy', 'npm_config_proxy'),
    httpProxy: of('http_proxy', 'npm_config_http_proxy', 'npm_config_proxy'),
    noProxy: of('no_proxy', 'npm_config_noproxy'),
  };
}

/** The global fetch, or where a proxy is set one that uses it. */
export function proxiedFetch(environment: NodeJS.ProcessEnv = process.env): Promise<Fetch> {
  const settings = proxySettings(environment);
  if (settings.httpsProxy === undefined && settings.httpProxy === undefined)
    return Promise.resolve(globalThis.fetch);
  const key = JSON.stringify(settings);
  const known = cache.get(key) ?? makeProxied(settings);
  cache.set(key, known);
  return known;
}

async function makeProxied(settings: ReturnType<typeof proxySettings>): Promise<Fetch> {
  // Loaded only here: most people have no proxy, and Node 20's own fetch can't use one.
  const undici = await import('undici');
  const { httpProxy, httpsProxy, noProxy } = settings;
  const dispatcher = new undici.EnvHttpProxyAgent({
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
  });
  return (url, init) => undici.fetch(url, { ...init, dispatcher });
}
