const MAX_LENGTH = 2_048;
const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };
const FIRST_UNPRIVILEGED_PORT = 1_024;
/** Ports of services that do not speak HTTP or that administer machines. Webhooks never reach them. */
const REFUSED_PORTS = new Set([
  1433, 1434, 1521, 2049, 2181, 2375, 2376, 2377, 2379, 2380, 3268, 3269, 3306, 3389, 4369, 4444, 5060, 5061, 5432,
  5433, 5672, 5900, 5984, 5985, 5986, 6000, 6379, 6380, 6432, 6443, 6665, 6666, 6667, 6668, 6669, 6697, 7000, 7001,
  8500, 9042, 9092, 9200, 9300, 10080, 10250, 11211, 25672, 26379, 27017, 27018, 27019, 50051,
]);

/**
 * Parses the URL of an endpoint as a browser does (WHATWG URL): `0x7f.1` is 127.0.0.1. Addresses are checked elsewhere.
 * @returns the URL, or the reason why it is not valid
 */
export function targetUrl(text: string): URL | string {
  if (text.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be a URL';
  }
  const usual = DEFAULT_PORTS[url.protocol];
  if (usual === undefined) return 'must be an https:// or http:// URL';
  if (url.username !== '' || url.password !== '')
    return 'must not contain a user name or password: requests are signed instead';
  const port = url.port === '' ? usual : Number(url.port);
  if ((port < FIRST_UNPRIVILEGED_PORT && port !== 80 && port !== 443) || REFUSED_PORTS.has(port))
    return `must not use port ${port}`;
  url.hash = '';
  return url;
}
